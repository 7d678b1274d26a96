import { reasonOf, UserError } from "../errors.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { FileError, type Files, joinPath } from "../runtime/files.ts";
import { encodeHex } from "./hex.ts";
import type { ContentSource } from "./content_source.ts";
import type { Descriptor } from "./descriptor.ts";
import { hexOf } from "./digest.ts";
import { LAYOUT_VERSION, parseLayoutIndex, refuseNewerLayout } from "./layout_index.ts";
import type { Manifest } from "./manifest.ts";
import { OCI_INDEX } from "./media_types.ts";
import { MAX_MANIFEST_BYTES, verified } from "./verified.ts";

export interface LayoutParts {
  files: Files;
  crypto: Crypto;
}

const REF_NAME = "org.opencontainers.image.ref.name";
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
const PIECE = 1024 * 1024;

/** An OCI image layout in a folder (OCI image spec, image-layout.md): read, filled and merged into. */
export class Layout implements ContentSource {
  readonly folder: string;
  readonly #parts: LayoutParts;
  #index: Manifest;
  /** Changes of the index, one after another. */
  #changing: Promise<void> = Promise.resolve();

  private constructor(folder: string, index: Manifest, parts: LayoutParts) {
    this.folder = folder;
    this.#index = index;
    this.#parts = parts;
  }

  /** @throws {UserError} `not-found` when it is no layout; `io`, `integrity` */
  static async open(folder: string, parts: LayoutParts): Promise<Layout> {
    const index = await readSmall(folder, "index.json", parts.files);
    if (index === null) {
      throw new UserError("not-found", `Cannot open "${folder}": there is no OCI layout in it`, {
        hint: "A layout has index.json and blobs in it",
      });
    }
    // One program leaves the file out; what it says is checked where it is there.
    const version = await readSmall(folder, "oci-layout", parts.files);
    if (version !== null) refuseNewerLayout(version, folder);
    return new Layout(folder, await parseLayoutIndex(index, folder, parts.crypto), parts);
  }

  /**
   * Opens a layout to be filled; an empty one is made where there is none.
   * @throws {UserError} `io`, `integrity`; `conflict` when other things lie there.
   */
  static async make(folder: string, parts: LayoutParts): Promise<Layout> {
    const { files } = parts;
    const there = await Layout.openIfThere(folder, parts);
    if (there !== null) return there;
    return await translated("write", folder, async () => {
      await files.makeFolder(joinPath(folder, "blobs", "sha256"), FOLDER_MODE);
      const layout = new Layout(folder, await emptyIndex(folder, parts.crypto), parts);
      await layout.#replace("oci-layout", JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }));
      await layout.#replace("index.json", new TextDecoder().decode(layout.#index.bytes));
      return layout;
    });
  }

  /**
   * The layout of a folder that is to be filled; null when one can be made there. Nothing is written.
   * @throws {UserError} `io`, `integrity`; `conflict` when other things lie there.
   */
  static async openIfThere(folder: string, parts: LayoutParts): Promise<Layout | null> {
    const { files } = parts;
    if (await translated("write", folder, () => files.info(joinPath(folder, "index.json")))) {
      return await Layout.open(folder, parts);
    }
    return await translated("write", folder, async () => {
      const info = await files.info(folder);
      // What an interrupted run left is not in the way.
      const others = info === null
        ? []
        : (await files.list(folder)).filter((name) => name !== "blobs" && name !== "oci-layout");
      if (others.length === 0) return null;
      throw new UserError(
        "conflict",
        `Cannot write a bundle into "${folder}": other files are in it`,
        {
          hint: "Name an empty folder, or one that holds a bundle already",
        },
      );
    });
  }

  /** Its index as it is now. */
  get index(): Manifest {
    return this.#index;
  }

  async has(descriptor: Descriptor): Promise<boolean> {
    const info = await this.#parts.files.info(this.#blobPath(descriptor));
    return info?.isFile === true && info.size === descriptor.size;
  }

  localPlaceOf(): Promise<string> {
    return Promise.resolve(this.folder);
  }

  async open(descriptor: Descriptor, offset = 0): Promise<ReadableStream<Uint8Array>> {
    const { files } = this.#parts;
    try {
      const reader = await files.openReader(this.#blobPath(descriptor));
      let at = offset;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = new Uint8Array(Math.max(0, Math.min(PIECE, reader.size - at)));
          const count = reader.readAt(piece, at);
          at += count;
          if (count > 0) return controller.enqueue(piece.subarray(0, count));
          reader.close();
          controller.close();
        },
        cancel: () => reader.close(),
      }, { highWaterMark: 0 });
    } catch (error) {
      if (!(error instanceof FileError) || error.kind !== "not-found") {
        throw ioError("read", this.folder, error);
      }
      throw new UserError(
        "not-found",
        `Cannot read ${descriptor.digest}: it is not in "${this.folder}"`,
      );
    }
  }

  /**
   * Takes a blob in, unless it is there.
   * @param open Gives its bytes, which are checked.
   * @param what Names it in errors.
   * @param place The file or folder on this machine that it comes from; null elsewhere.
   * @throws {UserError} `integrity`, `io`
   */
  async putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
    what: string,
    place: string | null = null,
  ): Promise<"there" | "written"> {
    const { files, crypto } = this.#parts;
    if (await this.has(descriptor)) return "there";
    const path = this.#blobPath(descriptor);
    const stream = await open();
    const partial = `${path}.${encodeHex(crypto.randomBytes(4))}.partial`;
    await translated("write", this.folder, async () => {
      const writer = await files.openWriter(partial, "new", FILE_MODE);
      try {
        for await (const piece of verified(stream, descriptor, what, crypto, place)) {
          await writer.write(piece);
        }
        await writer.flush();
      } catch (error) {
        writer.close();
        await files.remove(partial);
        throw error;
      }
      writer.close();
      await files.rename(partial, path);
    });
    return "written";
  }

  /**
   * Lists descriptors in the index, beside what it lists: one with a reference takes the place of
   * the one that had it, one without is listed once.
   * @throws {UserError} `io`
   */
  async list(
    descriptors: readonly Descriptor[],
    annotations: Record<string, string> = {},
  ): Promise<void> {
    const change = this.#changing.then(async () => {
      await this.#writeIndex(...this.#with(descriptors, annotations));
    });
    this.#changing = change.catch(() => {});
    await change;
  }

  /**
   * Looks whether `list` would take descriptors, before their blobs are brought.
   * @throws {UserError} `validation`
   */
  requireRoomFor(
    descriptors: readonly Descriptor[],
    annotations: Record<string, string> = {},
  ): void {
    requireIndexFits(...this.#with(descriptors, annotations));
  }

  /**
   * Takes entries out of the index; their blobs stay.
   * @throws {UserError} `io`
   */
  async unlist(isGone: (entry: Descriptor) => boolean): Promise<void> {
    const change = this.#changing.then(async () => {
      const kept = this.#index.manifests.filter((entry) => !isGone(entry));
      await this.#writeIndex(kept, this.#index.annotations);
    });
    this.#changing = change.catch(() => {});
    await change;
  }

  #with(
    descriptors: readonly Descriptor[],
    annotations: Record<string, string>,
  ): [Descriptor[], Record<string, string>] {
    const refs = new Set(descriptors.map(refOf).filter((ref) => ref !== ""));
    const digests = new Set(
      descriptors.filter((entry) => refOf(entry) === "").map(({ digest }) => digest),
    );
    const kept = this.#index.manifests.filter((entry) =>
      refOf(entry) === "" ? !digests.has(entry.digest) : !refs.has(refOf(entry))
    );
    return [[...kept, ...descriptors], { ...this.#index.annotations, ...annotations }];
  }

  async #writeIndex(
    manifests: readonly Descriptor[],
    annotations: Record<string, string>,
  ): Promise<void> {
    const text = formatIndex(manifests, annotations);
    const bytes = new TextEncoder().encode(text);
    const index = await parseLayoutIndex(bytes, this.folder, this.#parts.crypto);
    await translated("write", this.folder, () => this.#replace("index.json", text));
    this.#index = index;
  }

  async #replace(name: string, text: string): Promise<void> {
    const { files, crypto } = this.#parts;
    const path = joinPath(this.folder, name);
    const partial = `${path}.${encodeHex(crypto.randomBytes(4))}.partial`;
    await files.createFlushed(partial, new TextEncoder().encode(text), FILE_MODE);
    try {
      await files.rename(partial, path);
    } catch (error) {
      await files.remove(partial);
      throw error;
    }
    await files.flushFolder(this.folder);
  }

  #blobPath({ digest }: Descriptor): string {
    return joinPath(this.folder, "blobs", "sha256", hexOf(digest));
  }
}

/**
 * The text of an index; its fields in one order, so that the same entries give the same bytes.
 * @throws {UserError} `validation` when it is larger than what readers take.
 */
export function formatIndex(
  manifests: readonly Descriptor[],
  annotations: Record<string, string>,
): string {
  const entries = manifests.map((entry) => ({
    mediaType: entry.mediaType,
    digest: entry.digest,
    size: entry.size,
    ...(entry.urls === undefined ? {} : { urls: entry.urls }),
    ...(entry.annotations === undefined ? {} : { annotations: sorted(entry.annotations) }),
    ...(entry.platform === undefined ? {} : { platform: entry.platform }),
    ...(entry.artifactType === undefined ? {} : { artifactType: entry.artifactType }),
  }));
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: entries,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: sorted(annotations) }),
  });
  const { length } = new TextEncoder().encode(text);
  if (length <= MAX_MANIFEST_BYTES) return text;
  throw new UserError(
    "validation",
    `Cannot write a bundle of ${manifests.length} items: ` +
      `its index.json has ${length} bytes, more than ${MAX_MANIFEST_BYTES}`,
    { hint: "Make several bundles of it" },
  );
}

/**
 * Looks whether readers would take an index, before anything of it is made.
 * @throws {UserError} `validation`
 */
export function requireIndexFits(
  manifests: readonly Descriptor[],
  annotations: Record<string, string>,
): void {
  formatIndex(manifests, annotations);
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}

function refOf({ annotations = {} }: Descriptor): string {
  return annotations[REF_NAME] ?? "";
}

function emptyIndex(place: string, crypto: Crypto): Promise<Manifest> {
  return parseLayoutIndex(new TextEncoder().encode(formatIndex([], {})), place, crypto);
}

/** Null when it is not there. */
async function readSmall(
  folder: string,
  name: string,
  files: Files,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const path = joinPath(folder, name);
  return await translated("read", folder, async () => {
    const info = await files.info(path);
    if (info === null) return null;
    if (info.size > MAX_MANIFEST_BYTES) {
      throw new UserError(
        "integrity",
        `Cannot open "${folder}": its ${name} has ${info.size} bytes, more than ${MAX_MANIFEST_BYTES}`,
      );
    }
    return await files.readBytes(path);
  });
}

async function translated<T>(
  verb: "read" | "write",
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ioError(verb, folder, error);
  }
}

function ioError(verb: "read" | "write", folder: string, error: unknown): unknown {
  if (!(error instanceof FileError)) return error;
  return new UserError("io", `Cannot ${verb} "${folder}": ${reasonOf(error)}`, {
    ...(error.kind === "no-space" ? { hint: "Free some space, or write it elsewhere" } : {}),
    cause: error,
  });
}
