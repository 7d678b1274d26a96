import { reasonOf, UserError } from "../../errors.ts";
import { type Digest, digestFrom, hexOf } from "../../oci/digest.ts";
import type { Crypto, Hash } from "../../runtime/crypto.ts";
import { baseName, FileError, type Files, type FileWriter, folderOf } from "../../runtime/files.ts";
import { formatPartList, partListOf, type PartRecord, partSuffix } from "./part_list.ts";
import { removeStale } from "./remove_stale.ts";

/** What was written. */
export interface WrittenArchive {
  /** Bytes; of all parts together. */
  size: number;
  /** Of the file, or of the parts joined; null when nobody wanted it. */
  digest: Digest | null;
  /** Every file that was written. */
  paths: string[];
}

export interface SinkParts {
  files: Files;
  crypto: Crypto;
  /** Undefined writes one file. */
  splitBytes?: number | undefined;
  /** Spares a pass over all bytes; a list of parts has the digest all the same. */
  skipsDigest?: boolean | undefined;
}

interface Part {
  /** Where it goes in the end. */
  path: string;
  writer: FileWriter;
  hash: Hash | null;
}

const FILE_MODE = 0o644;

/**
 * The files of an archive while they are written: beside their place, and moved there only when all
 * of them are whole and on the disk.
 */
export class ArchiveSink {
  readonly #path: string;
  readonly #parts: SinkParts;
  readonly #hash: Hash | null;
  readonly #done: PartRecord[] = [];
  readonly #partials: string[] = [];
  #part: Part | null = null;
  #size = 0;
  /** The write that goes on while the next bytes are made. */
  #pending: Promise<void> = Promise.resolve();

  private constructor(path: string, parts: SinkParts, hash: Hash | null) {
    this.#path = path;
    this.#parts = parts;
    this.#hash = hash;
  }

  /** @throws {UserError} `io` */
  static async open(path: string, parts: SinkParts): Promise<ArchiveSink> {
    const isHashed = parts.skipsDigest !== true || parts.splitBytes !== undefined;
    const sink = new ArchiveSink(path, parts, isHashed ? await parts.crypto.sha256() : null);
    await sink.#translated(() => sink.#nextPart());
    return sink;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends bytes, which must stay as they are until the next call.
   * @throws {UserError} `io`
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#hash?.update(bytes);
    this.#size += bytes.length;
    await this.#translated(() => this.#pending);
    this.#pending = this.#append(bytes);
    // It is thrown by the next call.
    this.#pending.catch(() => {});
  }

  /**
   * Flushes everything, moves it to its place and removes what it takes the place of.
   * @throws {UserError} `io`
   */
  async finish(): Promise<WrittenArchive> {
    const { files, splitBytes } = this.#parts;
    const digest = this.#hash === null ? null : digestFrom(this.#hash.digest());
    await this.#translated(async () => {
      await this.#pending;
      await this.#closePart();
      const list = partListOf(this.#path);
      if (splitBytes !== undefined) await files.remove(list);
      for (const { path } of this.#done) await files.rename(partialOf(path), path);
      this.#partials.length = 0;
      if (splitBytes !== undefined && digest !== null) await this.#writeList(list, digest);
      const partCount = splitBytes === undefined ? undefined : this.#done.length;
      await removeStale(this.#path, partCount, files);
      await files.flushFolder(folderOf(this.#path));
    });
    const paths = this.#done.map(({ path }) => path);
    return {
      size: this.#size,
      digest,
      paths: splitBytes === undefined ? paths : [...paths, partListOf(this.#path)],
    };
  }

  /** Leaves nothing behind but what was there before. */
  async abandon(): Promise<void> {
    await this.#pending.catch(() => {});
    this.#part?.writer.close();
    this.#part = null;
    for (const path of this.#partials) await this.#parts.files.remove(path).catch(() => {});
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const limit = this.#parts.splitBytes ?? Infinity;
    for (let rest = bytes; rest.length > 0;) {
      let part = this.#part;
      if (part === null || part.writer.size >= limit) part = await this.#nextPart();
      const piece = rest.subarray(0, Math.min(rest.length, limit - part.writer.size));
      part.hash?.update(piece);
      await part.writer.write(piece);
      rest = rest.subarray(piece.length);
    }
  }

  async #nextPart(): Promise<Part> {
    await this.#closePart();
    const { files, crypto, splitBytes } = this.#parts;
    const isSplit = splitBytes !== undefined;
    const path = isSplit ? `${this.#path}${partSuffix(this.#done.length)}` : this.#path;
    for (const place of [this.#path, path]) {
      if ((await files.info(place))?.isFolder) throw new FileError("not-a-file", "it is a folder");
    }
    await this.#sweep(partialOf(path));
    const writer = await files.openWriter(partialOf(path), "new", FILE_MODE);
    this.#partials.push(partialOf(path));
    return this.#part = { path, writer, hash: isSplit ? await crypto.sha256() : null };
  }

  /** A run that was killed may have left one; that of a run that goes on is not ours to take. */
  async #sweep(partial: string): Promise<void> {
    const { files } = this.#parts;
    if (await files.linkInfo(partial) === null) return;
    const lock = await files.tryLock(partial);
    if (lock === null) {
      throw new UserError("busy", `Cannot write "${this.#path}": another run is writing it`, {
        hint: "Wait for it, or write to another file",
      });
    }
    await files.remove(partial);
    lock.release();
  }

  async #closePart(): Promise<void> {
    const part = this.#part;
    if (part === null) return;
    await part.writer.flush();
    const { size } = part.writer;
    part.writer.close();
    this.#part = null;
    const sha256 = part.hash === null ? "" : hexOf(digestFrom(part.hash.digest()));
    this.#done.push({ path: part.path, name: baseName(part.path), size, sha256 });
  }

  /** The list comes last: where it is, every part is. */
  async #writeList(list: string, digest: Digest): Promise<void> {
    const { files } = this.#parts;
    const text = formatPartList({
      name: baseName(this.#path),
      size: this.#size,
      sha256: hexOf(digest),
      parts: this.#done.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
    });
    await files.remove(partialOf(list));
    await files.createFlushed(partialOf(list), new TextEncoder().encode(text), FILE_MODE);
    await files.rename(partialOf(list), list);
  }

  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new UserError("io", `Cannot write "${this.#path}": ${reasonOf(error)}`, {
        ...(error.kind === "no-space" ? { hint: "Free some space, or write it elsewhere" } : {}),
        cause: error,
      });
    }
  }
}

function partialOf(path: string): string {
  return `${path}.partial`;
}
