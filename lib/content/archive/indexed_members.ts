import type { FileReader } from "../../runtime/files.ts";
import { concatBytes } from "../../runtime/streams.ts";
import { type DecompressFrame, openZstd } from "../../runtime/zstd.ts";
import type { ArchiveMembers } from "./members.ts";
import { isSafeName } from "./members.ts";
import { FRAME_CONTENT, type TableEntry } from "./member_table.ts";
import { formatTarHeader, TAR_BLOCK } from "./tar_header.ts";
import { parseTarHeader } from "./tar_scan.ts";
import {
  BLOCK_HEADER,
  parseFrameHeader,
  putRawBlockHeader,
  RAW_BLOCK,
  RAW_HEADER,
  rawFrameSize,
} from "./zstd_frame.ts";

/** A frame that does not compress grows by less. */
const MAX_FRAME_BYTES = FRAME_CONTENT + FRAME_CONTENT / 64;
const RAW_RUN = 8;

/** The members of an archive with our table: only the frames of what is asked for are read. */
export class IndexedMembers implements ArchiveMembers {
  readonly #entries: Map<string, TableEntry>;
  readonly #reader: FileReader;
  /** Loaded for the first frame that needs it: what an archive begins with is not compressed. */
  #decompress: DecompressFrame | null = null;
  /** The frame read last: neighbours share one. */
  #last: { offset: number; content: Uint8Array } | null = null;

  /** @throws {RangeError} When the table names files elsewhere. */
  constructor(entries: readonly TableEntry[], reader: FileReader) {
    const odd = entries.find(({ name }) => !isSafeName(name));
    if (odd !== undefined) throw new RangeError(`it has a member named "${odd.name}"`);
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    this.#reader = reader;
  }

  names(): Iterable<string> {
    return this.#entries.keys();
  }

  sizeOf(name: string): number | null {
    return this.#entries.get(name)?.size ?? null;
  }

  sha256Of(name: string): string | null {
    return this.#entries.get(name)?.sha256 ?? null;
  }

  async prepare(name: string): Promise<void> {
    if (this.#entries.get(name)?.raw === true) return;
    this.#decompress ??= (await openZstd()).decompressFrame;
  }

  *read(name: string, offset: number): Generator<Uint8Array> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new RangeError("there is no such member");
    if (offset === 0) this.#checkHeader(entry);
    yield* this.#content(entry, entry.at + offset, entry.at + entry.size);
  }

  close(): void {
    this.#reader.close();
  }

  /** Other programs see the tar, not the table: both must tell of the same member. */
  #checkHeader(entry: TableEntry): void {
    const { name, size, at } = entry;
    const { length } = formatTarHeader({ name, size, mtimeSeconds: 0 });
    const header = concatBytes([...this.#content(entry, at - length, at)]);
    const mtimeSeconds = parseTarHeader(header.subarray(-TAR_BLOCK))?.mtimeSeconds ?? 0;
    const expected = formatTarHeader({ name, size, mtimeSeconds });
    if (expected.some((byte, index) => header[index] !== byte)) {
      throw new RangeError("its table and its tar differ");
    }
  }

  #content(entry: TableEntry, from: number, to: number): Iterable<Uint8Array> {
    if (from < 0) throw new RangeError("its table of members is damaged");
    return entry.raw === true ? this.#rawContent(entry, from, to) : this.#frames(entry, from, to);
  }

  *#frames(entry: TableEntry, from: number, to: number): Generator<Uint8Array> {
    const sizes = entry.frames ?? [entry.csize];
    let place = entry.offset;
    let start = 0;
    for (const [at, size] of sizes.entries()) {
      const isWanted = start < to && (at === sizes.length - 1 || start + FRAME_CONTENT > from);
      if (isWanted) {
        const content = this.#frame(place, size);
        if (at < sizes.length - 1 && content.length !== FRAME_CONTENT) {
          throw new RangeError("a frame has another size than it should");
        }
        const end = Math.min(to - start, content.length);
        if (end > Math.max(0, from - start)) {
          yield content.subarray(Math.max(0, from - start), end);
        }
        start += content.length;
      } else {
        start += FRAME_CONTENT;
      }
      place += size;
      if (start >= to) return;
    }
    throw new RangeError("a frame has another size than it should");
  }

  #frame(offset: number, size: number): Uint8Array {
    if (this.#last?.offset === offset) return this.#last.content;
    if (size > MAX_FRAME_BYTES) throw new RangeError("its table of members is damaged");
    const frame = this.#readExactly(offset, size);
    const { contentSize } = parseFrameHeader(frame);
    if (contentSize === null || contentSize > FRAME_CONTENT) {
      throw new RangeError("a frame has another size than it should");
    }
    if (this.#decompress === null) throw new TypeError("prepare() was not called");
    const content = this.#decompress(frame, contentSize);
    this.#last = { offset, content };
    return content;
  }

  *#rawContent(entry: TableEntry, from: number, to: number): Generator<Uint8Array> {
    const { contentSize } = parseFrameHeader(this.#readExactly(entry.offset, RAW_HEADER));
    if (contentSize === null || rawFrameSize(contentSize) !== entry.csize || to > contentSize) {
      throw new RangeError("a frame has another size than it should");
    }
    for (let block = Math.floor(from / RAW_BLOCK); block * RAW_BLOCK < to; block += RAW_RUN) {
      const start = block * RAW_BLOCK;
      const end = Math.min(contentSize, start + RAW_RUN * RAW_BLOCK);
      const count = Math.ceil((end - start) / RAW_BLOCK);
      const run = this.#readExactly(
        entry.offset + RAW_HEADER + block * (RAW_BLOCK + BLOCK_HEADER),
        end - start + count * BLOCK_HEADER,
      );
      const content = unwrap(run, end - start, end === contentSize);
      yield content.subarray(Math.max(0, from - start), Math.min(to, end) - start);
    }
  }

  #readExactly(offset: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    if (this.#reader.readAt(bytes, offset) !== count) {
      throw new RangeError("it is cut short");
    }
    return bytes;
  }
}

/** The content of raw blocks, moved together in place. */
function unwrap(run: Uint8Array, size: number, isEnd: boolean): Uint8Array {
  const expected = new Uint8Array(BLOCK_HEADER);
  let at = 0;
  for (let done = 0; done < size;) {
    const length = Math.min(RAW_BLOCK, size - done);
    putRawBlockHeader(expected, 0, { size: length, isLast: isEnd && done + length === size });
    if (expected.some((byte, index) => run[at + index] !== byte)) {
      throw new RangeError("a frame is damaged");
    }
    run.copyWithin(done, at + BLOCK_HEADER, at + BLOCK_HEADER + length);
    done += length;
    at += BLOCK_HEADER + length;
  }
  return run.subarray(0, size);
}
