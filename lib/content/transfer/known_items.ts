import { UserError } from "../../errors.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Manifest, parseManifest } from "../../oci/manifest.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import { readVerified } from "../../oci/verified.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { VerificationKey } from "../signing/verification_key.ts";
import type { Bundle, BundleItem } from "../bundle.ts";
import type { ImageEntry } from "../definition/bundle_definition.ts";
import { fitsArchitecture } from "./fits_architecture.ts";
import { joinContent } from "./joined_content.ts";
import { isIndex, pickPlatform } from "./pick_platform.ts";
import { imageItem, requireSignature, type ResolvedImage } from "./resolve_image.ts";
import { isAttached, isAttachedTo } from "./select_items.ts";

/** Items of bundles on this machine, in place of registries: what they have is taken as it is. */
export class KnownItems {
  readonly source: ContentSource;
  readonly #bundles: readonly Bundle[];
  readonly #crypto: Crypto;

  constructor(bundles: readonly Bundle[], crypto: Crypto) {
    this.#bundles = bundles;
    this.#crypto = crypto;
    this.source = joinContent(bundles.map(({ source }) => source));
  }

  /**
   * An image with what is attached to it.
   * @returns Null when there is nothing for the architecture.
   * @throws {UserError} `not-found`, `integrity`
   */
  async findImage(
    entry: ImageEntry,
    { architecture, keys }: { architecture: string | null; keys: readonly VerificationKey[] },
  ): Promise<ResolvedImage | null> {
    const wanted = parseReference(entry.image);
    const { descriptor } = this.findItem(
      formatReference(wanted),
      entry.digest ?? wanted.digest ?? null,
    );
    const top = await this.#readManifest(descriptor, entry.image);
    const chosen = architecture !== null && isIndex(top)
      ? pickPlatform(top, architecture)
      : top.descriptor;
    if (chosen === null) return null;
    const kept = await this.#readManifest(chosen, entry.image);
    const item = imageItem(entry, kept.descriptor);
    const { source } = this;
    if (
      architecture !== null && !isIndex(top) &&
      !await fitsArchitecture(item, architecture, source, this.#crypto)
    ) {
      return null;
    }
    const manifests = [kept];
    for (const child of isIndex(kept) ? kept.manifests : []) {
      manifests.push(await this.#readManifest(child, entry.image));
    }
    const attached = await this.#attachedTo(manifests);
    const isWhole = kept.descriptor.digest === top.descriptor.digest;
    const ofIndex = isWhole ? [] : await this.#attachedTo([top]);
    if (keys.length > 0) {
      const digests = [...new Set([top.descriptor.digest, kept.descriptor.digest])];
      const parts = { source, crypto: this.#crypto };
      await requireSignature(digests, [...ofIndex, ...attached], keys, parts);
    }
    return { item, attached, lostSignatures: ofIndex.length > 0 };
  }

  /**
   * Any item by its name.
   * @param digest The one that it has to have; null for any.
   * @throws {UserError} `not-found`
   */
  findItem(ref: string, digest: Digest | null): BundleItem {
    const named = this.#bundles.flatMap(({ items }) => items).filter((item) => item.ref === ref);
    const found = named.find(({ descriptor }) => digest === null || descriptor.digest === digest);
    if (found !== undefined) return found;
    const [other] = named;
    throw new UserError(
      "not-found",
      other === undefined
        ? "it is in none of the existing bundles"
        : `it is ${other.descriptor.digest} in the existing bundles, not ${digest}`,
      { hint: "Name a bundle that has it with --existing-bundles, or leave --offline out" },
    );
  }

  async #attachedTo(manifests: readonly Manifest[]): Promise<BundleItem[]> {
    const digests = new Map(manifests.map(({ descriptor }) => [descriptor.digest, null]));
    const found = new Map<string, BundleItem>();
    for (const { items, source } of this.#bundles) {
      for (const item of items.filter(isAttached)) {
        const key = `${item.ref} ${item.descriptor.digest}`;
        if (found.has(key) || !await isAttachedTo(digests, item, source, this.#crypto)) continue;
        found.set(key, item);
      }
    }
    return [...found.values()];
  }

  async #readManifest(descriptor: Descriptor, name: string): Promise<Manifest> {
    const { digest, mediaType } = descriptor;
    if (!await this.source.has(descriptor)) {
      throw new UserError("not-found", `its manifest ${digest} is in none of the existing bundles`);
    }
    const parts = { crypto: this.#crypto };
    const bytes = await readVerified(this.source, descriptor, name, parts);
    return await parseManifest(bytes, mediaType, name, this.#crypto);
  }
}
