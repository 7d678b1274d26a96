import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { isIndexType } from "../../oci/media_types.ts";

/** Variants that every machine of an architecture runs (OCI image spec, image-index.md). */
const BASELINES: Record<string, string> = { amd64: "v1", arm64: "v8" };

/**
 * The one manifest of an index for a Linux machine; null when there is none. One that needs a newer
 * processor is taken only when there is no other.
 */
export function pickPlatform(index: Manifest, architecture: string): Descriptor | null {
  const fitting = index.manifests.filter(({ platform }) =>
    platform?.os === "linux" && platform.architecture === architecture
  );
  const plain = fitting.find(({ platform }) =>
    platform?.variant === undefined || platform.variant === BASELINES[architecture]
  );
  return plain ?? fitting[0] ?? null;
}

export function isIndex({ descriptor }: Manifest): boolean {
  return isIndexType(descriptor.mediaType);
}
