import { UserError } from "../errors.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { isIndexType, OCI_INDEX } from "./media_types.ts";

/** The version of image layouts that there is (OCI image spec, image-layout.md). */
export const LAYOUT_VERSION = "1.0.0";

/**
 * Reads the `index.json` of a layout.
 * @throws {UserError} `integrity`
 */
export async function parseLayoutIndex(
  bytes: Uint8Array<ArrayBuffer>,
  place: string,
  crypto: Crypto,
): Promise<Manifest> {
  const index = await parseManifest(bytes, OCI_INDEX, `"${place}"`, crypto);
  const fields = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  if (!isIndexType(index.descriptor.mediaType) || !("manifests" in fields)) {
    throw new UserError("integrity", `Cannot open "${place}": its index.json is no index`);
  }
  return index;
}

/**
 * Looks at the content of `oci-layout`.
 * @throws {UserError} `integrity` when it is of another major version, or no such file.
 */
export function refuseNewerLayout(bytes: Uint8Array, place: string): void {
  let version: unknown;
  try {
    version = (JSON.parse(new TextDecoder().decode(bytes)) as { imageLayoutVersion?: unknown })
      ?.imageLayoutVersion;
  } catch {
    version = undefined;
  }
  if (typeof version === "string" && /^1\./.test(version)) return;
  throw new UserError(
    "integrity",
    `Cannot open "${place}": its oci-layout ${
      typeof version === "string" ? `is of version ${version}` : "has no version"
    }, not ${LAYOUT_VERSION}`,
  );
}
