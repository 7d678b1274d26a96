import type { PaletteClient } from "./client.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The archive that an Edge host makes a cluster of. Palette takes a name for it that nobody sees.
 * @param uids Of the profiles that the cluster has.
 * @throws {ApiError}
 */
export async function downloadClusterDefinition(
  client: PaletteClient,
  uids: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const request = {
    method: "POST",
    path: "/v1/spectroclusters/spc/download",
    accept: "application/octet-stream",
    body: {
      metadata: { name: "cluster-profiles" },
      spec: { cloudType: "edge-native", profiles: uids.map((uid) => ({ uid })) },
    },
  };
  return await client.bytes(request, MAX_BYTES);
}
