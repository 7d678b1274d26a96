/** Images that a test puts into a registry, as any client would. */

import type { Descriptor } from "../../lib/oci/descriptor.ts";
import { OCI_MANIFEST } from "../../lib/oci/media_types.ts";
import { parseManifest } from "../../lib/oci/manifest.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { blobOf, opening, testRegistry } from "./registry_client.ts";

const LAYER = "application/vnd.oci.image.layer.v1.tar";
const CONFIG = "application/vnd.oci.image.config.v1+json";

/** Pushes an image for amd64 whose layers are these bytes; gives its manifest. */
export async function pushImage(
  host: string,
  repository: string,
  tag: string,
  layers: Uint8Array<ArrayBuffer>[],
): Promise<Descriptor> {
  using test = testRegistry(host);
  const put = async (bytes: Uint8Array<ArrayBuffer>, mediaType: string) => {
    const descriptor = await blobOf(bytes, mediaType);
    await test.client.putBlob(repository, descriptor, opening(bytes));
    return descriptor;
  };
  const pushed: Descriptor[] = [];
  for (const layer of layers) pushed.push(await put(layer, LAYER));
  const config = await put(
    encode({
      os: "linux",
      architecture: "amd64",
      config: {},
      rootfs: { type: "layers", diff_ids: pushed.map(({ digest }) => digest) },
    }),
    CONFIG,
  );
  const bytes = encode({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: pushed });
  const manifest = await parseManifest(bytes, OCI_MANIFEST, tag, systemCrypto());
  await test.client.putManifest(repository, tag, manifest);
  return manifest.descriptor;
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
