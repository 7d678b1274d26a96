/**
 * The table at the end of an archive that we wrote: where each member stands, so that one is read
 * without its neighbours. It is the content of a skippable frame, so other programs pass it over:
 *
 *     JSON | length of the JSON, 4 bytes little-endian | "PLTB"
 */

import type { FileReader } from "../../runtime/files.ts";
import { formatSkippable } from "./zstd_frame.ts";

/** A member, and where it stands. */
export interface TableEntry {
  name: string;
  /** Where its first frame begins in the file. */
  offset: number;
  /** Bytes of its frame, or of all its frames. */
  csize: number;
  /** Bytes of the member. */
  size: number;
  /** Where its bytes begin in what the frames hold: behind its header, or behind its neighbours. */
  at: number;
  /** Bytes of each frame, when there are several; all but the last hold `FRAME_CONTENT` bytes. */
  frames?: number[];
  /** One frame of raw blocks of `RAW_BLOCK` bytes. */
  raw?: true;
  /** SHA-256 in hexadecimal digits, of one in raw blocks that has no digest for a name. */
  sha256?: string;
}

/** A large member that is compressed gets a frame for so much of it. */
export const FRAME_CONTENT = 4 * 1024 * 1024;

const MARK = "PLTB";
const FOOTER = 8;
const VERSION = 1;
/** Of 100 000 members and more. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024;

/** The frame to end an archive with. */
export function formatTable(members: readonly TableEntry[]): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ version: VERSION, members }));
  const content = new Uint8Array(json.length + FOOTER);
  content.set(json);
  new DataView(content.buffer).setUint32(json.length, json.length, true);
  content.set(new TextEncoder().encode(MARK), json.length + 4);
  return formatSkippable(content);
}

/**
 * The table of a file; null when it has none.
 * @throws {RangeError} When it has one that cannot be right.
 */
export function readTable(reader: FileReader): TableEntry[] | null {
  const footer = readExactly(reader, reader.size - FOOTER, FOOTER);
  if (footer === null || new TextDecoder("latin1").decode(footer.subarray(4)) !== MARK) return null;
  const length = new DataView(footer.buffer).getUint32(0, true);
  const start = reader.size - FOOTER - length;
  const head = readExactly(reader, start - 8, 8);
  const view = head === null ? null : new DataView(head.buffer);
  if (
    length > MAX_TABLE_BYTES || view?.getUint32(0, true) !== 0x184d2a50 ||
    view.getUint32(4, true) !== length + FOOTER
  ) throw new RangeError("its table of members is damaged");
  const bytes = readExactly(reader, start, length) ?? new Uint8Array();
  let table: unknown;
  try {
    table = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new RangeError("its table of members is damaged");
  }
  const { version, members } = (table ?? {}) as { version?: unknown; members?: unknown };
  if (typeof version === "number" && version > VERSION) {
    throw new RangeError("a newer version of palette wrote it");
  }
  if (version !== VERSION || !Array.isArray(members)) {
    throw new RangeError("its table of members is damaged");
  }
  return members.map((member) => checked(member, start - 8));
}

/** @param limit Where the table begins. */
function checked(value: unknown, limit: number): TableEntry {
  const { name, offset, csize, size, at, frames, raw, sha256 } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (
    typeof name !== "string" || !isCount(offset) || !isCount(csize) || !isCount(size) ||
    !isCount(at) || offset + csize > limit ||
    (raw !== undefined && raw !== true) ||
    (sha256 !== undefined && typeof sha256 !== "string") ||
    (frames !== undefined && !(Array.isArray(frames) && frames.every(isCount)))
  ) throw new RangeError("its table of members is damaged");
  return {
    name,
    offset,
    csize,
    size,
    at,
    ...(frames === undefined ? {} : { frames: frames as number[] }),
    ...(raw === undefined ? {} : { raw }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function readExactly(
  reader: FileReader,
  offset: number,
  count: number,
): Uint8Array<ArrayBuffer> | null {
  if (offset < 0) return null;
  const bytes = new Uint8Array(count);
  return reader.readAt(bytes, offset) === count ? bytes : null;
}
