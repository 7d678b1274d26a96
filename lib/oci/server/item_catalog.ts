import { reasonOf, UserError } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { ContentSource } from "../content_source.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, isDigest } from "../digest.ts";
import { type Manifest, parseManifest } from "../manifest.ts";
import { isManifestType } from "../media_types.ts";
import { readVerified } from "../verified.ts";
import type { ServedContent, ServedItem } from "./served_content.ts";

export interface ItemCatalogParts {
  source: ContentSource;
  crypto: Crypto;
  /** Told about manifests that cannot be read; what hangs on them is not there. */
  warn: (text: string) => void;
}

/** What a repository holds, once all of its manifests were read. */
interface Holding {
  tags: Map<string, Descriptor>;
  manifests: Map<Digest, Descriptor>;
  blobs: Map<Digest, Descriptor>;
  referrers: Map<Digest, Descriptor[]>;
}

/** An item without a repository, and the manifest that it belongs to. */
interface Loose {
  item: ServedItem;
  owner: Digest;
}

/** Indexes nested deeper are not followed. */
const MAX_DEPTH = 4;

/**
 * Serves a list of items. Nothing is read before it is asked for, and then no more than the
 * manifests of one repository: a server over an archive of any size answers at once.
 */
export class ItemCatalog implements ServedContent {
  readonly source: ContentSource;
  readonly #parts: ItemCatalogParts;
  readonly #items = new Map<string, ServedItem[]>();
  readonly #loose: ServedItem[] = [];
  readonly #holdings = new Map<string, Promise<Holding>>();
  #owned: Promise<Loose[]> | null = null;

  /** @param items Of two with the same name the last counts. */
  constructor(items: Iterable<ServedItem>, parts: ItemCatalogParts) {
    this.source = parts.source;
    this.#parts = parts;
    for (const item of items) this.add(item);
  }

  /** Adds an item; it takes the place of one with the same name. */
  add(item: ServedItem): void {
    const { repository, tag, descriptor } = item;
    if (repository === null) {
      this.#loose.push(item);
      this.#owned = null;
      this.#holdings.clear();
      return;
    }
    const others = (this.#items.get(repository) ?? [])
      .filter((other) =>
        other.tag !== tag || (tag === null && other.descriptor.digest !== descriptor.digest)
      );
    this.#items.set(repository, [...others, item]);
    this.#holdings.delete(repository);
  }

  repositories(): Promise<string[]> {
    return Promise.resolve([...this.#items.keys()].sort());
  }

  has(repository: string): Promise<boolean> {
    return Promise.resolve(this.#items.has(repository));
  }

  async tags(repository: string): Promise<string[]> {
    return [...(await this.#holding(repository)).tags.keys()].sort();
  }

  async manifest(repository: string, selector: string): Promise<Descriptor | null> {
    const named = this.#items.get(repository)?.find(({ tag, descriptor }) =>
      (tag === selector || descriptor.digest === selector) && isManifestType(descriptor.mediaType)
    );
    if (named !== undefined) return named.descriptor;
    const { manifests, tags } = await this.#holding(repository);
    return (isDigest(selector) ? manifests.get(selector) : tags.get(selector)) ?? null;
  }

  async blob(repository: string, digest: Digest): Promise<Descriptor | null> {
    return (await this.#holding(repository)).blobs.get(digest) ?? null;
  }

  async referrers(repository: string, subject: Digest): Promise<Descriptor[]> {
    return (await this.#holding(repository)).referrers.get(subject) ?? [];
  }

  #holding(repository: string): Promise<Holding> {
    const known = this.#holdings.get(repository);
    if (known !== undefined) return known;
    const loading = this.#load(repository);
    this.#holdings.set(repository, loading);
    // The next request tries again.
    loading.catch(() => this.#holdings.delete(repository));
    return loading;
  }

  async #load(repository: string): Promise<Holding> {
    const holding: Holding = {
      tags: new Map(),
      manifests: new Map(),
      blobs: new Map(),
      referrers: new Map(),
    };
    const take = async ({ tag, descriptor }: ServedItem) => {
      if (tag !== null) holding.tags.set(tag, descriptor);
      await this.#walk(descriptor, holding, 1);
    };
    const items = this.#items.get(repository);
    if (items === undefined) return holding;
    for (const item of items) await take(item);
    // A signature may be signed itself: go on until nothing more belongs here.
    let waiting = await this.#ownedItems();
    for (;;) {
      const belongs = waiting.filter(({ owner }) => holding.manifests.has(owner));
      if (belongs.length === 0) return holding;
      for (const { item } of belongs) await take(item);
      waiting = waiting.filter((loose) => !belongs.includes(loose));
    }
  }

  async #walk(descriptor: Descriptor, holding: Holding, depth: number): Promise<void> {
    const { digest, mediaType } = descriptor;
    if (!isManifestType(mediaType)) {
      holding.blobs.set(digest, descriptor);
      return;
    }
    if (holding.manifests.has(digest)) return;
    holding.manifests.set(digest, descriptor);
    const manifest = await this.#read(descriptor);
    if (manifest === null) return;
    for (const blob of manifest.blobs) holding.blobs.set(blob.digest, blob);
    noteReferrer(manifest, holding);
    if (depth === MAX_DEPTH) return;
    for (const child of manifest.manifests) {
      // An index may list platforms that were left out.
      if (await this.source.has(child)) await this.#walk(child, holding, depth + 1);
    }
  }

  #ownedItems(): Promise<Loose[]> {
    return this.#owned ??= (async () => {
      const owned: Loose[] = [];
      for (const item of this.#loose) {
        const owner = ownerOf(item.tag) ??
          (await this.#read(item.descriptor))?.subject?.digest ?? null;
        if (owner !== null) owned.push({ item, owner });
      }
      return owned;
    })();
  }

  async #read(descriptor: Descriptor): Promise<Manifest | null> {
    const what = `manifest ${descriptor.digest}`;
    const { crypto, warn } = this.#parts;
    try {
      const bytes = await readVerified(this.source, descriptor, what, { crypto });
      return await parseManifest(bytes, descriptor.mediaType, descriptor.digest, crypto);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warn(reasonOf(error));
      return null;
    }
  }
}

/** Tags like `sha256-<hex>` and `sha256-<hex>.sig` name what they belong to. */
function ownerOf(tag: string | null): Digest | null {
  const hex = /^sha256-([0-9a-f]{64})(\.|$)/.exec(tag ?? "")?.[1];
  return hex === undefined ? null : `sha256:${hex}`;
}

function noteReferrer(manifest: Manifest, { referrers }: Holding): void {
  const { subject, descriptor, annotations, artifactType } = manifest;
  if (subject === null) return;
  const others = referrers.get(subject.digest) ?? [];
  referrers.set(subject.digest, [...others, {
    ...descriptor,
    ...(artifactType === "" ? {} : { artifactType }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  }]);
}
