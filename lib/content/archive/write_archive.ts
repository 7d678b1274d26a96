import { UserError } from "../../errors.ts";
import { digestOf, hexOf } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { Files } from "../../runtime/files.ts";
import { type CompressFrame, openZstd } from "../../runtime/zstd.ts";
import { ArchiveSink, type WrittenArchive } from "./archive_sink.ts";
import { formatTable, FRAME_CONTENT, type TableEntry } from "./member_table.ts";
import { formatTarHeader, paddingOf, TAR_END_BYTES } from "./tar_header.ts";
import {
  BLOCK_HEADER,
  formatRawFrame,
  formatRawHeader,
  putRawBlockHeader,
  RAW_BLOCK,
  rawFrameSize,
} from "./zstd_frame.ts";

/** A file of an archive. */
export interface ArchiveMember {
  name: string;
  /** Bytes. */
  size: number;
  /** Whether compressing it again would gain nothing: it is stored as it is. */
  isCompressed: boolean;
  /** Small, and to be read without a decompressor, which takes time to load. */
  isHead?: boolean;
  /** Its bytes; whoever gives them has checked them, here only their number is. */
  open(): AsyncIterable<Uint8Array>;
}

export interface WriteArchiveOptions {
  /** Of Zstandard, 1 to 19; 0 writes a plain tar. */
  level: number;
  mtimeSeconds: number;
  files: Files;
  crypto: Crypto;
  /** Writes parts of so many bytes. */
  splitBytes?: number;
  /** Nobody wants the digest of the whole, which costs a pass over it. */
  skipsDigest?: boolean;
  /** Told the size of each piece of a member. */
  onBytes?: (count: number) => void;
  signal?: AbortSignal;
}

/** Small members share a frame of so much content. */
const GROUP_CONTENT = 1024 * 1024;
/** Compressed or not, below this a frame of its own is not worth it. */
const SMALL = 4 * 1024;
/** Raw blocks are written in such runs. */
const RAW_RUN = 8;

/**
 * Writes members into an archive, in their order. The same members give the same bytes anywhere. It
 * appears at its path when it is whole; until then, and after any failure, what was there stays.
 * @throws {UserError} `io`; `integrity` when a member has another size than it said.
 */
export async function writeArchive(
  path: string,
  members: AsyncIterable<ArchiveMember>,
  options: WriteArchiveOptions,
): Promise<WrittenArchive> {
  const sink = await ArchiveSink.open(path, options);
  try {
    const writer = options.level === 0
      ? new TarWriter(sink)
      : new FrameWriter(sink, (await openZstd()).compressFrame, options);
    const names = new Set<string>();
    for await (const member of members) {
      if (names.has(member.name)) throw new TypeError(`two members are named ${member.name}`);
      names.add(member.name);
      await writer.add(
        member,
        formatTarHeader({ ...member, ...options }),
        bytesOf(member, options),
      );
    }
    await writer.end();
    return await sink.finish();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

/** The bytes of a member, as many as it said, then zeros up to a whole block. */
async function* bytesOf(
  { name, size, open }: ArchiveMember,
  { onBytes, signal }: WriteArchiveOptions,
): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const piece of open()) {
    signal?.throwIfAborted();
    count += piece.length;
    if (count > size) break;
    onBytes?.(piece.length);
    yield piece;
  }
  if (count !== size) {
    throw new UserError(
      "integrity",
      `Cannot write ${name}: it has not the ${size} bytes it should`,
    );
  }
  if (paddingOf(size) > 0) yield new Uint8Array(paddingOf(size));
}

interface MemberWriter {
  add(member: ArchiveMember, header: Uint8Array, body: AsyncIterable<Uint8Array>): Promise<void>;
  end(): Promise<void>;
}

class TarWriter implements MemberWriter {
  readonly #sink: ArchiveSink;

  constructor(sink: ArchiveSink) {
    this.#sink = sink;
  }

  async add(_member: ArchiveMember, header: Uint8Array, body: AsyncIterable<Uint8Array>) {
    await this.#sink.write(header);
    // Who gives the piece may use its buffer again while it is being written.
    for await (const piece of body) await this.#sink.write(piece.slice());
  }

  async end() {
    await this.#sink.write(new Uint8Array(TAR_END_BYTES));
  }
}

/** One frame or more a member, small members together, the table at the end. */
class FrameWriter implements MemberWriter {
  readonly #sink: ArchiveSink;
  readonly #compress: CompressFrame;
  readonly #level: number;
  readonly #crypto: Crypto;
  readonly #table: TableEntry[] = [];
  readonly #group = new Uint8Array(GROUP_CONTENT);
  #grouped: { name: string; size: number; at: number }[] = [];
  #groupSize = 0;
  #isHeadGroup = false;

  constructor(
    sink: ArchiveSink,
    compress: CompressFrame,
    { level, crypto }: { level: number; crypto: Crypto },
  ) {
    this.#sink = sink;
    this.#compress = compress;
    this.#level = level;
    this.#crypto = crypto;
  }

  async add(member: ArchiveMember, header: Uint8Array, body: AsyncIterable<Uint8Array>) {
    const { name, size, isCompressed } = member;
    const total = header.length + size + paddingOf(size);
    const isHead = member.isHead === true && total <= GROUP_CONTENT;
    if (isHead !== this.#isHeadGroup) await this.#endGroup();
    this.#isHeadGroup = isHead;
    if (isCompressed && !isHead ? size < SMALL : total <= GROUP_CONTENT) {
      if (this.#groupSize + total > GROUP_CONTENT) await this.#endGroup();
      this.#grouped.push({ name, size, at: this.#groupSize + header.length });
      this.#put(header);
      for await (const piece of body) this.#put(piece);
      return;
    }
    await this.#endGroup();
    const offset = this.#sink.size;
    const content = joined(header, body);
    const frames = isCompressed ? [] : await this.#addFrames(total, content);
    if (isCompressed) {
      await this.#sink.write(formatRawHeader(total));
      for await (const run of rawRuns(content, total)) await this.#sink.write(run);
    }
    this.#table.push({
      name,
      offset,
      csize: this.#sink.size - offset,
      size,
      at: header.length,
      ...(frames.length > 1 ? { frames } : {}),
      ...(isCompressed ? { raw: true } : {}),
    });
  }

  async end() {
    if (this.#groupSize + TAR_END_BYTES > GROUP_CONTENT) await this.#endGroup();
    this.#put(new Uint8Array(TAR_END_BYTES));
    await this.#endGroup();
    await this.#sink.write(formatTable(this.#table));
  }

  #put(bytes: Uint8Array): void {
    this.#group.set(bytes, this.#groupSize);
    this.#groupSize += bytes.length;
  }

  async #endGroup(): Promise<void> {
    if (this.#groupSize === 0) return;
    const offset = this.#sink.size;
    const content = this.#group.subarray(0, this.#groupSize);
    const frame = this.#isHeadGroup
      ? formatRawFrame(content)
      : this.#compress(content, this.#level);
    for (const { name, size, at } of this.#grouped) {
      const entry = { name, offset, csize: frame.length, size, at };
      this.#table.push(this.#isHeadGroup ? { ...entry, ...await this.#asHead(entry) } : entry);
    }
    this.#grouped = [];
    this.#groupSize = 0;
    await this.#sink.write(frame);
  }

  /** A frame of raw blocks has no checksum; blobs have their digests for names. */
  async #asHead({ name, size, at }: TableEntry): Promise<Partial<TableEntry>> {
    if (name.startsWith("blobs/")) return { raw: true };
    const bytes = this.#group.subarray(at, at + size);
    return { raw: true, sha256: hexOf(await digestOf(bytes, this.#crypto)) };
  }

  /** A frame for every `FRAME_CONTENT` bytes, so that a read may begin in the middle. */
  async #addFrames(total: number, content: AsyncIterable<Uint8Array>): Promise<number[]> {
    const sizes: number[] = [];
    for await (const chunk of chunksOf(content, Math.min(total, FRAME_CONTENT))) {
      const frame = this.#compress(chunk, this.#level);
      sizes.push(frame.length);
      await this.#sink.write(frame);
    }
    return sizes;
  }
}

/**
 * Blocks that hold their content as it is (RFC 8878 3.1.1.2.2), some together. They are made in two
 * buffers in turn: one may be on its way to the disk while the other is filled.
 */
async function* rawRuns(
  pieces: AsyncIterable<Uint8Array>,
  total: number,
): AsyncGenerator<Uint8Array> {
  const length = Math.min(RAW_RUN * (BLOCK_HEADER + RAW_BLOCK), rawFrameSize(total));
  let [run, other] = [new Uint8Array(length), new Uint8Array(length)];
  /** How much of the run is filled, how much its block still takes, how much comes after that. */
  let [filled, room, left] = [0, 0, total];
  for await (const piece of pieces) {
    for (let rest = piece; rest.length > 0;) {
      if (room === 0) {
        room = Math.min(RAW_BLOCK, left);
        left -= room;
        if (filled + BLOCK_HEADER + room > length) {
          yield run.subarray(0, filled);
          [run, other, filled] = [other, run, 0];
        }
        putRawBlockHeader(run, filled, { size: room, isLast: left === 0 });
        filled += BLOCK_HEADER;
      }
      const part = rest.subarray(0, room);
      run.set(part, filled);
      filled += part.length;
      room -= part.length;
      rest = rest.subarray(part.length);
    }
  }
  yield run.subarray(0, filled);
}

async function* joined(
  head: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield head;
  yield* rest;
}

/** Pieces of one length, the last one shorter; each is only good until the next is asked for. */
async function* chunksOf(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(length);
  let filled = 0;
  for await (const piece of pieces) {
    for (let rest = piece; rest.length > 0;) {
      const part = rest.subarray(0, length - filled);
      chunk.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (filled < length) continue;
      yield chunk;
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
