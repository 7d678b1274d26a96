import { UserError } from "../../errors.ts";
import type { Bundle } from "../../content/bundle.ts";
import type { Inventory, NeededBlob } from "../../content/transfer/inventory.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CommandContext } from "../context.ts";
import { localPathOf, openLocalBundle } from "./open_local_bundle.ts";

/** Bundles on this machine, closed together. */
export class KnownBundles implements AsyncDisposable {
  readonly bundles: readonly Bundle[];

  private constructor(bundles: readonly Bundle[]) {
    this.bundles = bundles;
  }

  static async open(paths: readonly string[], context: CommandContext): Promise<KnownBundles> {
    const bundles: Bundle[] = [];
    try {
      for (const path of paths) {
        bundles.push(await openLocalBundle(localPathOf(path, context.runtime), context));
      }
      return new KnownBundles(bundles);
    } catch (error) {
      for (const bundle of bundles) bundle.close();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const bundle of this.bundles) bundle.close();
    return Promise.resolve();
  }
}

/** What of a bundle need not be fetched, since others have it. */
export interface Reused {
  digests: Set<Digest>;
  /** Items all of whose blobs are there. */
  items: number;
  bytes: number;
}

/** Looks what of the blobs that registries have is in other bundles, too. */
export async function findReused(
  { byItem }: Inventory,
  remote: readonly NeededBlob[],
  sources: readonly ContentSource[],
): Promise<Reused> {
  const reused: Reused = { digests: new Set(), items: 0, bytes: 0 };
  for (const { descriptor } of remote) {
    for (const source of sources) {
      if (reused.digests.has(descriptor.digest) || !await source.has(descriptor)) continue;
      reused.digests.add(descriptor.digest);
      reused.bytes += descriptor.size;
    }
  }
  const fetched = new Set(
    remote.map(({ descriptor: { digest } }) => digest).filter((each) => !reused.digests.has(each)),
  );
  reused.items = byItem.filter(({ manifests }) => {
    const digests = manifests.flatMap(({ blobs }) => blobs.map(({ digest }) => digest));
    return digests.some((each) => reused.digests.has(each)) &&
      !digests.some((each) => fetched.has(each));
  }).length;
  return reused;
}

/**
 * Takes out of an inventory what an older bundle has.
 * @returns Digest of that bundle's definition, which the thin one needs.
 * @throws {UserError} `validation` for one that has no definition to be named by.
 */
export async function makeThin(inventory: Inventory, older: Bundle): Promise<Digest> {
  const definition = older.items.find(({ type }) => type === "bundle");
  if (definition === undefined) {
    throw new UserError("validation", `"${older.place}" of --thin-against has no definition`, {
      hint: "Name a bundle that palette content build made",
    });
  }
  // What describes the bundle stays: it is read before anything is put together.
  const kept = new Set(
    inventory.byItem.filter(({ item: { type } }) => type === "bundle" || type === "spc")
      .flatMap(({ manifests }) =>
        manifests.flatMap(({ blobs }) => blobs.map((blob) => blob.digest))
      ),
  );
  for (const [digest, { descriptor }] of inventory.blobs) {
    if (!kept.has(digest) && await older.source.has(descriptor)) inventory.blobs.delete(digest);
  }
  return definition.descriptor.digest;
}
