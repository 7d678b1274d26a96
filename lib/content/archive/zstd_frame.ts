/**
 * Zstandard frames as far as an archive needs them (RFC 8878 3.1): raw blocks for what is compressed
 * already, headers to find where a frame ends without trusting a decompressor, skippable frames.
 */

import type { FileReader } from "../../runtime/files.ts";

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Content of a raw block: the most that a block may hold. */
export const RAW_BLOCK = 128 * 1024;
/** Bytes of a block header. */
export const BLOCK_HEADER = 3;
/** Bytes of the header that `formatRawHeader` writes. */
export const RAW_HEADER = 14;
/** A larger window would need as much memory; `zstd` refuses it without a flag, too. */
const MAX_WINDOW = 128 * 1024 * 1024;

/** Header of a frame of raw blocks: a window of one block, the content size, no checksum. */
export function formatRawHeader(size: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(RAW_HEADER);
  const view = new DataView(header.buffer);
  view.setUint32(0, FRAME_MAGIC, true);
  header[4] = 0b1100_0000;
  header[5] = 7 << 3;
  view.setBigUint64(6, BigInt(size), true);
  return header;
}

/** Writes the header of a raw block (RFC 8878 3.1.1.2). */
export function putRawBlockHeader(
  into: Uint8Array,
  at: number,
  { size, isLast }: { size: number; isLast: boolean },
): void {
  const header = (size << 3) | (isLast ? 1 : 0);
  into[at] = header & 0xff;
  into[at + 1] = (header >> 8) & 0xff;
  into[at + 2] = (header >> 16) & 0xff;
}

/** Bytes of a frame of raw blocks with so much content. */
export function rawFrameSize(size: number): number {
  return RAW_HEADER + size + Math.max(1, Math.ceil(size / RAW_BLOCK)) * BLOCK_HEADER;
}

/** A frame of raw blocks around content that stands in memory. */
export function formatRawFrame(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(rawFrameSize(content.length));
  frame.set(formatRawHeader(content.length));
  let at = RAW_HEADER;
  for (let start = 0; start === 0 || start < content.length; start += RAW_BLOCK) {
    const block = content.subarray(start, start + RAW_BLOCK);
    const isLast = start + RAW_BLOCK >= content.length;
    putRawBlockHeader(frame, at, { size: block.length, isLast });
    frame.set(block, at + BLOCK_HEADER);
    at += BLOCK_HEADER + block.length;
  }
  return frame;
}

/** A skippable frame: readers of Zstandard pass it over (RFC 8878 3.1.2). */
export function formatSkippable(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(8 + content.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, SKIPPABLE_MAGIC, true);
  view.setUint32(4, content.length, true);
  frame.set(content, 8);
  return frame;
}

/** Whether bytes begin with a frame. */
export function isZstd(head: Uint8Array): boolean {
  const magic = magicOf(head);
  return magic === FRAME_MAGIC || isSkippable(magic);
}

function magicOf(head: Uint8Array): number {
  return head.length < 4 ? 0 : view(head).getUint32(0, true);
}

/** All sixteen magic numbers of skippable frames. */
function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC;
}

export interface FrameHeader {
  /** Bytes of the header itself. */
  headerSize: number;
  /** Bytes of content, when the frame says so. */
  contentSize: number | null;
  windowSize: number;
  hasChecksum: boolean;
}

/**
 * Reads the header of a frame (RFC 8878 3.1.1.1).
 * @param head 18 bytes hold every header.
 * @throws {RangeError} When it is none.
 */
export function parseFrameHeader(head: Uint8Array): FrameHeader {
  if (magicOf(head) !== FRAME_MAGIC) throw new RangeError("there is no Zstandard frame");
  const descriptor = byteAt(head, 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw new RangeError("a frame of a newer Zstandard");
  if ((descriptor & 0x03) !== 0) throw new RangeError("a frame that needs a dictionary");
  let at = 5;
  let windowSize = 0;
  if (!isSingleSegment) {
    const window = byteAt(head, at++);
    const base = 2 ** (10 + (window >> 3));
    windowSize = base + (base / 8) * (window & 7);
  }
  const flag = descriptor >> 6;
  const sizeBytes = flag === 0 ? (isSingleSegment ? 1 : 0) : 2 ** flag;
  byteAt(head, at + sizeBytes - 1);
  const fields = view(head);
  const contentSize = sizeBytes === 0
    ? null
    : sizeBytes === 1
    ? fields.getUint8(at)
    : sizeBytes === 2
    ? fields.getUint16(at, true) + 256
    : sizeBytes === 4
    ? fields.getUint32(at, true)
    : Number(fields.getBigUint64(at, true));
  if (contentSize !== null && !Number.isSafeInteger(contentSize)) {
    throw new RangeError("a frame of more than 8 PiB");
  }
  return {
    headerSize: at + sizeBytes,
    contentSize,
    windowSize: isSingleSegment ? contentSize ?? 0 : windowSize,
    hasChecksum: (descriptor & 0x04) !== 0,
  };
}

/** A frame with content, and where it stands in a file. */
export interface FrameExtent {
  offset: number;
  size: number;
  contentSize: number | null;
}

/**
 * Finds the frames of a file by their headers and those of their blocks; skippable ones are passed
 * over. Nothing is decompressed, and a file that is cut short cannot hide it.
 * @throws {RangeError} When the file is cut short or no Zstandard.
 */
export function* walkFrames(reader: FileReader): Generator<FrameExtent> {
  const head = new Uint8Array(18);
  for (let offset = 0; offset < reader.size;) {
    const filled = head.subarray(0, reader.readAt(head, offset));
    if (filled.length < 4) throw cutShort();
    if (isSkippable(magicOf(filled))) {
      if (filled.length < 8) throw cutShort();
      offset += 8 + view(filled).getUint32(4, true);
      if (offset > reader.size) throw cutShort();
      continue;
    }
    const header = parseFrameHeader(filled);
    if (header.windowSize > MAX_WINDOW) {
      throw new RangeError("it needs a window of more than 128 MiB: compress it without --long");
    }
    const size = frameEnd(reader, offset + header.headerSize, header.hasChecksum) - offset;
    yield { offset, size, contentSize: header.contentSize };
    offset += size;
  }
}

function frameEnd(reader: FileReader, start: number, hasChecksum: boolean): number {
  const head = new Uint8Array(BLOCK_HEADER);
  let at = start;
  for (;;) {
    if (reader.readAt(head, at) < BLOCK_HEADER) throw cutShort();
    const header = byteAt(head, 0) | (byteAt(head, 1) << 8) | (byteAt(head, 2) << 16);
    const type = (header >> 1) & 3;
    if (type === 3) throw new RangeError("a block of an unknown kind");
    // A block of one repeated byte stores that byte.
    at += BLOCK_HEADER + (type === 1 ? 1 : header >> 3);
    if ((header & 1) === 1) break;
  }
  const end = at + (hasChecksum ? 4 : 0);
  if (end > reader.size) throw cutShort();
  return end;
}

function cutShort(): RangeError {
  return new RangeError("it is cut short");
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw cutShort();
  return byte;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
