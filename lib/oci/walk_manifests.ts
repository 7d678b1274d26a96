import { UserError } from "../errors.ts";
import type { Crypto } from "../runtime/crypto.ts";
import type { ContentSource } from "./content_source.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { isIndexType, isManifestType } from "./media_types.ts";
import { readVerified } from "./verified.ts";

/** An index in an index in an index: more is nobody's image. */
export const MAX_NESTING = 4;

/**
 * The manifests below a descriptor, each once and checked: the manifest itself, and for an index
 * all that it lists, those below first. What is listed and no manifest is passed over, and so are
 * manifests that the source does not have.
 * @param what Names it in errors.
 * @throws {UserError} `integrity`; also for more than `MAX_NESTING` levels.
 */
export async function* walkManifests(
  source: ContentSource,
  root: Descriptor,
  what: string,
  { crypto, seen = new Set() }: { crypto: Crypto; seen?: Set<Digest> },
  depth = 1,
): AsyncGenerator<Manifest> {
  if (!isManifestType(root.mediaType) || seen.has(root.digest)) return;
  if (depth > MAX_NESTING) {
    throw new UserError(
      "integrity",
      `Cannot use ${what}: its indexes are nested more than ${MAX_NESTING} deep`,
    );
  }
  seen.add(root.digest);
  if (!await source.has(root)) return;
  const name = depth === 1 ? what : `${root.digest} of ${what}`;
  const bytes = await readVerified(source, root, name, { crypto });
  const manifest = await parseManifest(bytes, root.mediaType, name, crypto);
  if (isIndexType(manifest.descriptor.mediaType)) {
    for (const child of manifest.manifests) {
      yield* walkManifests(source, child, what, { crypto, seen }, depth + 1);
    }
  }
  yield manifest;
}
