import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { isIndexType } from "../../oci/media_types.ts";

/** The one manifest of an index for a Linux machine; null when there is none. */
export function pickPlatform(index: Manifest, architecture: string): Descriptor | null {
  return index.manifests.find(({ platform }) =>
    platform?.os === "linux" && platform.architecture === architecture
  ) ?? null;
}

export function isIndex({ descriptor }: Manifest): boolean {
  return isIndexType(descriptor.mediaType);
}
