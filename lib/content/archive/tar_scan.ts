/**
 * Finds the members of a tar that someone else wrote: ustar, pax, and the long names and large sizes
 * of GNU tar. What could reach outside a folder or be no plain content is refused, not skipped.
 */

import { RefusedMember } from "./foreign_archive.ts";
import { cleanName, isSafeName } from "./members.ts";
import { checksumOf, paddingOf, TAR_BLOCK } from "./tar_header.ts";

/** Where a member's bytes stand in the tar. */
export interface TarPlace {
  offset: number;
  size: number;
}

/** A part of the tar that has to be looked at. */
export interface Wanted {
  offset: number;
  length: number;
}

/** Names and sizes in extended headers are short. */
const MAX_EXTENDED_BYTES = 1024 * 1024;

/**
 * Goes over a tar from header to header. Yields the parts it has to see, in their order, and wants
 * their bytes back: fewer when the tar ends there. So one scan serves files and streams.
 * @throws {RangeError} When it is no tar, is cut short or holds what it must not.
 */
export function* scanTar(
  limitOf: (name: string) => number,
): Generator<Wanted, Map<string, TarPlace>, Uint8Array> {
  const places = new Map<string, TarPlace>();
  let extended: Record<string, string> = {};
  for (let offset = 0;;) {
    const block = yield { offset, length: TAR_BLOCK };
    if (block.length < TAR_BLOCK) throw new RangeError("it is cut short");
    if (block.every((byte) => byte === 0)) return places;
    const header = parseTarHeader(block);
    if (header === null) throw new RangeError(offset === 0 ? "it is no tar" : "it is damaged");
    const body = offset + TAR_BLOCK;
    if (/[xgLK]/.test(header.type)) {
      if (header.size > MAX_EXTENDED_BYTES) throw new RangeError("an extended header is too large");
      const bytes = header.size === 0 ? new Uint8Array() : yield {
        offset: body,
        length: header.size,
      };
      if (bytes.length < header.size) throw new RangeError("it is cut short");
      // Names and sizes for all members at once make no sense.
      if (header.type !== "g") extended = { ...extended, ...extensionOf(header.type, bytes) };
      offset = body + header.size + paddingOf(header.size);
      continue;
    }
    const name = cleanName(extended["path"] ?? header.name);
    const size = extended["size"] === undefined ? header.size : Number(extended["size"]);
    const odd = Object.keys(extended).find((key) => key.startsWith("GNU.sparse"));
    extended = {};
    const isFolder = header.type === "5";
    // The folder itself, as `tar c .` writes it.
    if (!(isFolder && /^\.?\/?$/.test(name)) && !isSafeName(name)) {
      throw new RangeError(`it has a member named "${name}", outside its folder`);
    }
    if (!isFolder) {
      if (!/[07]/.test(header.type) || odd !== undefined) {
        throw new RefusedMember(name, kindOf(header.type));
      }
      if (!Number.isSafeInteger(size) || size < 0) throw new RangeError("it is damaged");
      if (size > limitOf(name)) {
        throw new RangeError(`its ${name} has ${size} bytes, more than ${limitOf(name)}`);
      }
      places.set(name, { offset: body, size });
    }
    offset = isFolder ? body : body + size + paddingOf(size);
  }
}

function kindOf(type: string): string {
  if (type === "1" || type === "2") return "a link";
  if (type === "S" || /[07]/.test(type)) return "a sparse file";
  return /[346]/.test(type) ? "a device" : "of an unknown kind";
}

export interface TarHeader {
  name: string;
  size: number;
  mtimeSeconds: number;
  /** `0` is a file. */
  type: string;
}

/** Null when a block is no header. */
export function parseTarHeader(block: Uint8Array): TarHeader | null {
  const text = (at: number, length: number) => {
    const field = block.subarray(at, at + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end));
  };
  const sum = Number.parseInt(text(148, 8).trim(), 8);
  if (block.length !== TAR_BLOCK || sum !== checksumOf(block)) return null;
  const size = sizeOf(block.subarray(124, 136), text(124, 12));
  if (size === null) return null;
  const prefix = text(257, 6) === "ustar" ? text(345, 155) : "";
  const type = String.fromCharCode(block[156] ?? 0);
  const name = prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  // Before POSIX a file had no type, and a folder a slash.
  const plain = type === "\0" ? "0" : type;
  const mtimeSeconds = Number.parseInt(text(136, 12).trim(), 8) || 0;
  return { name, size, mtimeSeconds, type: plain === "0" && name.endsWith("/") ? "5" : plain };
}

/** Octal digits, or GNU's number in base 256. */
function sizeOf(field: Uint8Array, text: string): number | null {
  const first = field[0] ?? 0;
  if (first === 0x80) {
    const size = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(size) ? size : null;
  }
  const digits = text.trim();
  return digits === "" ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

function extensionOf(type: string, bytes: Uint8Array): Record<string, string> {
  if (type === "K") return {};
  if (type === "L") return { path: new TextDecoder().decode(bytes).replace(/\0.*$/s, "") };
  const records: Record<string, string> = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(new TextDecoder().decode(bytes.subarray(at, Math.max(at, space))));
    if (!Number.isSafeInteger(length) || length < 5 || at + length > bytes.length) {
      throw new RangeError("an extended header is damaged");
    }
    const record = new TextDecoder().decode(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}
