import type { Digest } from "../oci/digest.ts";
import type { Crypto } from "../runtime/crypto.ts";
import type { Bundle, BundleItem, ItemType } from "./bundle.ts";
import { sumOfBlobs, takeInventory } from "./transfer/inventory.ts";

export interface ItemChange {
  /** Reference; the digest of what has none. */
  item: string;
  type: ItemType;
  change: "added" | "removed" | "changed";
  /** Null for what is added. */
  from: Digest | null;
  /** Null for what is removed. */
  to: Digest | null;
}

/** How one bundle differs from an older one. */
export interface BundleDiff {
  /** By item. */
  changes: ItemChange[];
  unchanged: number;
  /** Blobs that the older one does not have: what a thin bundle carries. */
  newBlobs: { count: number; bytes: number };
}

/**
 * Compares what two bundles list, and the blobs below; nothing but manifests is read.
 * @throws {UserError} `integrity`, `not-found`
 */
export async function diffBundles(
  older: Bundle,
  newer: Bundle,
  crypto: Crypto,
): Promise<BundleDiff> {
  const [before, after] = [byKey(older.items), byKey(newer.items)];
  const changes: ItemChange[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key), after.get(key)];
    const from = was?.descriptor.digest ?? null;
    const to = is?.descriptor.digest ?? null;
    if (from === to) continue;
    const { ref, type } = (is ?? was) as BundleItem;
    const change = from === null ? "added" : to === null ? "removed" : "changed";
    changes.push({ item: ref || key, type, change, from, to });
  }
  changes.sort((a, b) => a.item < b.item ? -1 : a.item > b.item ? 1 : 0);
  const had = await takeInventory(older.items, older.source, crypto);
  const has = await takeInventory(newer.items, newer.source, crypto);
  const added = [...has.blobs].filter(([digest]) => !had.blobs.has(digest)).map(([, blob]) => blob);
  return {
    changes,
    unchanged: after.size - changes.filter(({ change }) => change !== "removed").length,
    newBlobs: { count: added.length, bytes: sumOfBlobs(added) },
  };
}

/** Names of bundles differ as bundles do; what has no name is what it is. */
function byKey(items: readonly BundleItem[]): Map<string, BundleItem> {
  return new Map(
    items.map((item) => {
      const { ref, type, descriptor } = item;
      return [type === "bundle" ? "bundle-definition" : ref || descriptor.digest, item];
    }),
  );
}
