/**
 * Zip files (PKWARE's APPNOTE 6.3), as far as Windows needs them. Our own, because the library for
 * it (fflate) writes local time, which differs from machine to machine, and compresses 90 MB in
 * JavaScript.
 */

import { promisify } from "node:util";
import { crc32, deflateRaw } from "node:zlib";
import type { ArchiveEntry } from "./archive_entry.ts";

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_CENTRAL = 0x06054b50;
/** 2.0: deflate and folders. */
const VERSION = 20;
/** Made on a system with Unix modes. */
const UNIX = 3 << 8;
const UTF8_NAMES = 1 << 11;
const DEFLATE = 8;
const REGULAR_FILE = 0o100000;

/**
 * A zip file whose bytes follow from its entries.
 * @param time Of all entries, in seconds since 1970; zip files know none before 1980.
 */
export async function zip(
  entries: readonly ArchiveEntry[],
  time: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const entry of [...entries].sort((a, b) => a.path < b.path ? -1 : 1)) {
    const name = new TextEncoder().encode(entry.path);
    const packed = new Uint8Array(await promisify(deflateRaw)(entry.content, { level: 9 }));
    const common = [
      ...u16(VERSION),
      ...u16(UTF8_NAMES),
      ...u16(DEFLATE),
      ...dosTime(time),
      ...u32(crc32(entry.content)),
      ...u32(packed.length),
      ...u32(entry.content.length),
      ...u16(name.length),
      ...u16(0),
    ];
    const local = Uint8Array.from([...u32(LOCAL_HEADER), ...common]);
    const mode = REGULAR_FILE | (entry.isExecutable ? 0o755 : 0o644);
    central.push(
      Uint8Array.from([
        ...u32(CENTRAL_HEADER),
        ...u16(UNIX | VERSION),
        ...common,
        // No comment, first disk, binary.
        ...u16(0),
        ...u16(0),
        ...u16(0),
        ...u32((mode << 16) >>> 0),
        ...u32(offset),
      ]),
      name,
    );
    parts.push(local, name, packed);
    offset += local.length + name.length + packed.length;
  }
  const centralSize = central.reduce((sum, { length }) => sum + length, 0);
  const end = Uint8Array.from([
    ...u32(END_OF_CENTRAL),
    ...u16(0),
    ...u16(0),
    ...u16(entries.length),
    ...u16(entries.length),
    ...u32(centralSize),
    ...u32(offset),
    ...u16(0),
  ]);
  return joined([...parts, ...central, end]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Time and date of MS-DOS, in UTC, with steps of two seconds. */
function dosTime(seconds: number): number[] {
  const date = new Date(Math.max(seconds * 1000, Date.UTC(1980)));
  return [
    ...u16(date.getUTCHours() << 11 | date.getUTCMinutes() << 5 | date.getUTCSeconds() >> 1),
    ...u16(
      (date.getUTCFullYear() - 1980) << 9 | (date.getUTCMonth() + 1) << 5 | date.getUTCDate(),
    ),
  ];
}

function u16(value: number): number[] {
  return [value & 0xff, value >>> 8 & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)];
}
