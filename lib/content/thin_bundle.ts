import type { ContentSource } from "../oci/content_source.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { type Bundle, BUNDLE_REQUIRES } from "./bundle.ts";
import { takeInventory } from "./transfer/inventory.ts";

/** What a bundle leaves to another one. */
export interface LeftOut {
  /** Digest of the definition of the bundle that has it. */
  requires: string;
  blobs: Descriptor[];
}

/**
 * What of a thin bundle is nowhere at hand; null for a bundle that is not thin, and where nothing is
 * missing.
 * @param others Where its blobs may be besides.
 */
export async function findLeftOut(
  { annotations, items, source }: Pick<Bundle, "annotations" | "items" | "source">,
  crypto: Crypto,
  others: readonly Pick<ContentSource, "has">[] = [],
): Promise<LeftOut | null> {
  const requires = annotations[BUNDLE_REQUIRES];
  if (requires === undefined) return null;
  const blobs: Descriptor[] = [];
  const { blobs: needed } = await takeInventory(items, source, crypto);
  for (const { descriptor } of needed.values()) {
    let isThere = (descriptor.urls ?? []).length > 0;
    for (const each of [source, ...others]) isThere ||= await each.has(descriptor);
    if (!isThere) blobs.push(descriptor);
  }
  return blobs.length === 0 ? null : { requires, blobs };
}

/** How messages tell of it. */
export function describeLeftOut(place: string, { requires, blobs }: LeftOut): string {
  const count = blobs.length === 1 ? "1 blob is" : `${blobs.length} blobs are`;
  return `"${place}" is a thin bundle: ${count} only in the bundle with the definition ${requires}`;
}
