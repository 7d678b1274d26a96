import type { Crypto } from "../../runtime/crypto.ts";
import { type Files, joinPath } from "../../runtime/files.ts";
import type { ContentSource } from "../content_source.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, hexOf } from "../digest.ts";
import type { Layout } from "../layout.ts";
import type { Manifest } from "../manifest.ts";
import { ItemCatalog } from "./item_catalog.ts";
import type { PushTarget } from "./push_target.ts";
import type { ServedContent, ServedItem } from "./served_content.ts";
import { UploadSessions } from "./upload_sessions.ts";

export interface LayoutRegistryParts {
  files: Files;
  crypto: Crypto;
  warn: (text: string) => void;
  /** The name under which an entry of the layout's index is given out; null: under none. */
  nameItem: (entry: Descriptor) => Promise<ServedItem | null>;
}

const REF_NAME = "org.opencontainers.image.ref.name";

/** A registry that keeps everything in the folder of an OCI layout. */
export class LayoutRegistry implements ServedContent, PushTarget {
  readonly uploads: UploadSessions;
  readonly #layout: Layout;
  readonly #catalog: ItemCatalog;
  readonly #parts: LayoutRegistryParts;

  private constructor(layout: Layout, catalog: ItemCatalog, parts: LayoutRegistryParts) {
    this.#layout = layout;
    this.#catalog = catalog;
    this.#parts = parts;
    this.uploads = new UploadSessions(joinPath(layout.folder, "uploads"), parts);
  }

  static async open(layout: Layout, parts: LayoutRegistryParts): Promise<LayoutRegistry> {
    const items: ServedItem[] = [];
    for (const entry of layout.index.manifests) {
      const item = await parts.nameItem(entry);
      if (item !== null) items.push(item);
    }
    const catalog = new ItemCatalog(items, { ...parts, source: layout });
    const registry = new LayoutRegistry(layout, catalog, parts);
    await registry.uploads.clear();
    return registry;
  }

  get source(): ContentSource {
    return this.#layout;
  }

  repositories(): Promise<string[]> {
    return this.#catalog.repositories();
  }

  has(repository: string): Promise<boolean> {
    return this.#catalog.has(repository);
  }

  tags(repository: string): Promise<string[]> {
    return this.#catalog.tags(repository);
  }

  manifest(repository: string, selector: string): Promise<Descriptor | null> {
    return this.#catalog.manifest(repository, selector);
  }

  async blob(repository: string, digest: Digest): Promise<Descriptor | null> {
    return await this.#catalog.blob(repository, digest) ?? await this.findBlob(digest);
  }

  referrers(repository: string, subject: Digest): Promise<Descriptor[]> {
    return this.#catalog.referrers(repository, subject);
  }

  /**
   * Any blob that lies in the layout: a client has to find what it pushed before a manifest
   * mentions it, in this run and in the next one.
   */
  async findBlob(digest: Digest): Promise<Descriptor | null> {
    const info = await this.#parts.files.info(this.#blobPath(digest));
    if (info?.isFile !== true) return null;
    return { mediaType: "application/octet-stream", digest, size: info.size };
  }

  async hasManifest(repository: string, digest: Digest): Promise<boolean> {
    return await this.#catalog.manifest(repository, digest) !== null ||
      await this.findBlob(digest) !== null;
  }

  /** Makes a blob of a finished upload. */
  async keepBlob(path: string, digest: Digest): Promise<void> {
    await this.#parts.files.rename(path, this.#blobPath(digest));
  }

  async putManifest(repository: string, tag: string | null, manifest: Manifest): Promise<void> {
    const { descriptor, bytes, manifests, subject } = manifest;
    await this.#layout.putBlob(
      descriptor,
      () => ReadableStream.from([bytes]),
      `manifest ${descriptor.digest}`,
    );
    if (tag !== null || subject === null) {
      const name = tag === null ? `${repository}@${descriptor.digest}` : `${repository}:${tag}`;
      await this.#layout.list([{ ...descriptor, annotations: { [REF_NAME]: name } }]);
    } else {
      // In a bundle what is attached to something has no name: its subject says where it belongs.
      await this.#layout.list([descriptor]);
    }
    // The platforms of an index come before it, by digest; now it is the index that lists them.
    const children = new Set(manifests.map(({ digest }) => `${repository}@${digest}`));
    if (children.size > 0) {
      await this.#layout.unlist(({ annotations = {} }) =>
        children.has(annotations[REF_NAME] ?? "")
      );
    }
    this.#catalog.add({ repository, tag, descriptor });
  }

  #blobPath(digest: Digest): string {
    return joinPath(this.#layout.folder, "blobs", "sha256", hexOf(digest));
  }
}
