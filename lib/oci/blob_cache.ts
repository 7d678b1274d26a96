import { UserError } from "../errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { FileError, type FileLock, type Files, joinPath } from "../runtime/files.ts";
import { ownPieces } from "../runtime/streams.ts";
import type { ContentSource } from "./content_source.ts";
import type { Descriptor } from "./descriptor.ts";
import { digestFrom, hexOf } from "./digest.ts";

export interface BlobCacheParts {
  files: Files;
  crypto: Crypto;
  clock: Clock;
  /** Ends waiting for another process when the run is stopped. */
  signal: AbortSignal;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const PIECE_BYTES = 1024 * 1024;
const LOCK_POLL_MS = 200;

/**
 * Blobs on this machine's disk, by digest: `sha256/<hex>`. What is still coming in is
 * `<hex>.partial`, with `<hex>.json` beside it, and goes on in the next run where it stopped.
 *
 * Several runs may share a cache. It has no index: a file that is there is whole, and is compared
 * with its digest whenever it is read.
 */
export class BlobCache implements ContentSource {
  readonly #folder: string;
  readonly #parts: BlobCacheParts;
  /** Blobs that are on their way: who asks again waits for the same. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(folder: string, parts: BlobCacheParts) {
    this.#folder = joinPath(folder, "sha256");
    this.#parts = parts;
  }

  async has({ digest, size }: Descriptor): Promise<boolean> {
    const info = await this.#try("read", this.#pathOf(digest), (path) => this.#files.info(path));
    return info?.isFile === true && info.size === size;
  }

  /**
   * The bytes of a blob; from its beginning they are checked as by `openChecked`.
   * @throws {UserError} `not-found`; `integrity` for a damaged one, which is removed.
   */
  async open(descriptor: Descriptor, offset = 0): Promise<ReadableStream<Uint8Array>> {
    await this.#requireBlob(descriptor);
    return ReadableStream.from(ownPieces(this.#read(descriptor, offset)));
  }

  /** @throws {UserError} `not-found`; `integrity` for a damaged one, which is removed. */
  async openChecked(descriptor: Descriptor): Promise<AsyncIterable<Uint8Array>> {
    await this.#requireBlob(descriptor);
    return this.#read(descriptor, 0);
  }

  async #requireBlob(descriptor: Descriptor): Promise<void> {
    if (await this.has(descriptor)) return;
    throw new UserError("not-found", `The blob cache does not have ${descriptor.digest}`);
  }

  /** The pieces of a blob, one after another in the same buffer; from its beginning checked. */
  async *#read(descriptor: Descriptor, offset: number): AsyncGenerator<Uint8Array> {
    const { digest, size } = descriptor;
    const hash = offset === 0 ? await this.#parts.crypto.sha256() : null;
    const path = this.#pathOf(digest);
    const reader = await this.#try("read", path, (path) => this.#files.openReader(path));
    try {
      const buffer = new Uint8Array(Math.max(0, Math.min(PIECE_BYTES, size - offset)));
      let at = offset;
      do {
        const wanted = buffer.subarray(0, size - at);
        const count = await this.#try("read", path, () => reader.readAt(wanted, at));
        const piece = wanted.subarray(0, count);
        at += count;
        hash?.update(piece);
        const isAltered = at >= size && hash !== null && digestFrom(hash.digest()) !== digest;
        if (count < wanted.length || isAltered) throw await this.#damaged(descriptor);
        if (count > 0) yield piece;
      } while (at < size);
    } finally {
      reader.close();
    }
  }

  async #damaged(descriptor: Descriptor): Promise<UserError> {
    await this.remove(descriptor);
    const { digest } = descriptor;
    return new UserError("integrity", `The blob cache has a damaged copy of ${digest}`, {
      hint: "It is removed; run the command again to fetch it afresh",
    });
  }

  /** Forgets a blob. */
  async remove({ digest }: Descriptor): Promise<void> {
    await this.#try("remove", this.#pathOf(digest), (path) => this.#files.remove(path));
  }

  /**
   * Fetches a blob unless it is there. One that was begun in an earlier run goes on where it
   * stopped; one that is asked for twice at once is fetched once.
   * @param what Names it in errors.
   * @throws {UserError} `integrity` when the source gives something else; `io`
   */
  ensure(descriptor: Descriptor, from: ContentSource, what: string): Promise<void> {
    const running = this.#running.get(descriptor.digest);
    if (running !== undefined) return running;
    const fetching = this.#ensure(descriptor, from, what)
      .finally(() => this.#running.delete(descriptor.digest));
    this.#running.set(descriptor.digest, fetching);
    return fetching;
  }

  async #ensure(descriptor: Descriptor, from: ContentSource, what: string): Promise<void> {
    if (await this.has(descriptor)) return;
    await this.#try("write", this.#folder, (path) => this.#files.makeFolder(path, FOLDER_MODE));
    const lockPath = `${this.#pathOf(descriptor.digest)}.lock`;
    const lock = await this.#lock(lockPath);
    try {
      // Another process may have fetched it while this one waited.
      if (!await this.has(descriptor)) await this.#bring(descriptor, from, what);
      // Only now: as long as the blob is not there, all have to wait for the same file.
      await this.#files.remove(lockPath).catch(() => {});
    } finally {
      lock.release();
    }
  }

  async #bring(descriptor: Descriptor, from: ContentSource, what: string): Promise<void> {
    const isResumed = await this.#prepare(descriptor);
    if (await this.#fill(descriptor, from, what)) return;
    // What an earlier run left was not a part of it: once more from the beginning.
    if (isResumed && await this.#fill(descriptor, from, what)) return;
    throw new UserError(
      "integrity",
      `Cannot use ${what}: its bytes do not have the digest ${descriptor.digest}`,
      { hint: "Run the command again; if it stays, the other side has a damaged copy" },
    );
  }

  /** Whether there is a part of the blob to go on with; what is none is removed. */
  async #prepare({ digest, size }: Descriptor): Promise<boolean> {
    const [partial, note] = this.#partialOf(digest);
    const info = await this.#try("read", partial, (path) => this.#files.info(path));
    if (info !== null && info.size <= size && await this.#sizeIn(note) === size) {
      return info.size > 0;
    }
    await this.#try("remove", partial, (path) => this.#files.remove(path));
    await this.#try("remove", note, (path) => this.#files.remove(path));
    const bytes = new TextEncoder().encode(`${JSON.stringify({ size })}\n`);
    await this.#try("write", note, (path) => this.#files.createFlushed(path, bytes, FILE_MODE));
    return false;
  }

  async #sizeIn(note: string): Promise<number | null> {
    try {
      const { size } = JSON.parse(new TextDecoder().decode(await this.#files.readBytes(note))) as {
        size?: unknown;
      };
      return typeof size === "number" ? size : null;
    } catch {
      return null;
    }
  }

  /**
   * Writes the rest of a blob and puts it in place.
   * @returns False when the whole does not have its digest; it is removed then.
   * @throws What the source throws; what has come in stays.
   */
  async #fill(descriptor: Descriptor, from: ContentSource, what: string): Promise<boolean> {
    const { digest, size } = descriptor;
    const [partial, note] = this.#partialOf(digest);
    const hash = await this.#parts.crypto.sha256();
    const writer = await this.#try(
      "write",
      partial,
      (path) => this.#files.openWriter(path, "end", FILE_MODE),
    );
    let isTooLong = false;
    try {
      await this.#hashFile(partial, writer.size, (piece) => hash.update(piece));
      if (writer.size < size) {
        const stream = await from.open(descriptor, writer.size);
        for await (const piece of stream) {
          isTooLong = writer.size + piece.length > size;
          if (isTooLong) break;
          await this.#try("write", partial, () => writer.write(piece));
          hash.update(piece);
        }
        if (!isTooLong && writer.size < size) {
          throw new UserError(
            "network",
            `Cannot use ${what}: it ended after ${writer.size} of ${size} bytes`,
            { hint: "Run the command again; what has arrived is kept" },
          );
        }
      }
    } finally {
      writer.close();
    }
    const path = this.#pathOf(digest);
    if (isTooLong || digestFrom(hash.digest()) !== digest) {
      await this.#try("remove", partial, (path) => this.#files.remove(path));
      return false;
    }
    await this.#try("write", path, () => this.#files.rename(partial, path));
    await this.#try("remove", note, (path) => this.#files.remove(path));
    return true;
  }

  async #hashFile(path: string, size: number, take: (piece: Uint8Array) => void): Promise<void> {
    if (size === 0) return;
    const reader = await this.#try("read", path, (path) => this.#files.openReader(path));
    try {
      const buffer = new Uint8Array(Math.min(PIECE_BYTES, size));
      for (let at = 0; at < size;) {
        const count = await this.#try("read", path, () => reader.readAt(buffer, at));
        if (count === 0) break;
        take(buffer.subarray(0, count));
        at += count;
      }
    } finally {
      reader.close();
    }
  }

  /** Only one process at a time fetches a blob; the others wait for it. */
  async #lock(path: string): Promise<FileLock> {
    const { clock, signal } = this.#parts;
    for (;;) {
      const lock = await this.#try("write", path, (path) => this.#files.tryLock(path));
      if (lock !== null) return lock;
      await clock.sleep(LOCK_POLL_MS, signal);
    }
  }

  get #files(): Files {
    return this.#parts.files;
  }

  #pathOf(digest: Descriptor["digest"]): string {
    return joinPath(this.#folder, hexOf(digest));
  }

  #partialOf(digest: Descriptor["digest"]): [partial: string, note: string] {
    const path = this.#pathOf(digest);
    return [`${path}.partial`, `${path}.json`];
  }

  async #try<T>(verb: string, path: string, work: (path: string) => T | Promise<T>): Promise<T> {
    try {
      return await work(path);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new UserError("io", `Cannot ${verb} "${path}" of the blob cache: ${error.message}`, {
        hint: error.kind === "no-space"
          ? "Free some space, or choose another disk with --cache-dir; what has arrived is kept"
          : "Check the folder, or choose another with --cache-dir",
        cause: error,
      });
    }
  }
}
