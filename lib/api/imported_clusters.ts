import type { PaletteClient } from "./client.ts";
import { downloadText } from "./kubeconfigs.ts";
import { clusterPath, messageOf, statusOf } from "./virtual_clusters.ts";

/** The state of a cluster that Palette did not make. */
export interface ImportedClusterState {
  /** `Pending`, `Importing`, `Running`, `Failed`; unknown ones as Palette writes them. */
  status: string;
  /** Why it is in that state, as far as Palette says. */
  message: string;
  /** Whether the manifest that installs the agent is ready. */
  hasManifest: boolean;
}

/**
 * Registers a cluster of any kind, in full permission mode.
 * @returns Uid of the new cluster.
 */
export async function createImportedCluster(
  client: PaletteClient,
  { name }: { name: string },
): Promise<string> {
  const answer = await client.call({
    method: "POST",
    path: "/v1/spectroclusters/generic/import",
    // Without importMode: an empty one fails its enumeration.
    body: { metadata: { name }, spec: { clusterConfig: {} } },
  });
  return answer.at("uid").text();
}

/** @throws {ApiError} `not-found` */
export async function getImportedCluster(
  client: PaletteClient,
  uid: string,
): Promise<ImportedClusterState> {
  const answer = await client.call({ method: "GET", path: clusterPath(uid) });
  const status = answer.at("status");
  return {
    status: statusOf(status),
    message: messageOf(status),
    // The link is a whole command for a shell; that it is there says enough.
    hasManifest: status.at("clusterImport", "importLink").textOrEmpty() !== "",
  };
}

/** The manifest that installs Palette's agent; null while there is none. */
export async function getImportManifest(
  client: PaletteClient,
  uid: string,
): Promise<string | null> {
  const text = await downloadText(client, `${clusterPath(uid)}/import/manifest`);
  return text === null || text.trim() === "" ? null : text;
}
