import type { ContentSource } from "../../oci/content_source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { walkManifests } from "../../oci/walk_manifests.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { BundleItem } from "../bundle.ts";

/** A blob, and who needs it. */
export interface NeededBlob {
  descriptor: Descriptor;
  /** The first item that names it, for messages. */
  item: BundleItem;
}

/** Everything that the items of a bundle are made of, each once. */
export interface Inventory {
  /** Children before those who list them. */
  manifests: Map<Digest, Manifest>;
  /** Configs and layers. */
  blobs: Map<Digest, NeededBlob>;
  /** Manifests of each item, children first. */
  byItem: { item: BundleItem; manifests: Manifest[] }[];
}

/**
 * Reads all manifests of the items, a few at a time.
 * @throws {UserError} `integrity`, `not-found`
 */
export async function takeInventory(
  items: readonly BundleItem[],
  source: ContentSource,
  crypto: Crypto,
): Promise<Inventory> {
  const inventory: Inventory = { manifests: new Map(), blobs: new Map(), byItem: [] };
  for (const item of items) {
    const manifests: Manifest[] = [];
    const name = item.ref || item.descriptor.digest;
    for await (const manifest of walkManifests(source, item.descriptor, name, { crypto })) {
      manifests.push(manifest);
      inventory.manifests.set(manifest.descriptor.digest, manifest);
      for (const descriptor of manifest.blobs) {
        if (!inventory.blobs.has(descriptor.digest)) {
          inventory.blobs.set(descriptor.digest, { descriptor, item });
        }
      }
    }
    inventory.byItem.push({ item, manifests });
  }
  return inventory;
}

/** Bytes of blobs together. */
export function sumOfBlobs(blobs: Iterable<NeededBlob>): number {
  let total = 0;
  for (const { descriptor } of blobs) total += descriptor.size;
  return total;
}
