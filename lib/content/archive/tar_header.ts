/**
 * Headers of tar members (POSIX.1-1988 ustar; POSIX.1-2001 pax where a name or size does not fit).
 * Ours, because archives are read and written at offsets, which no library does.
 */

import { concatBytes } from "../../runtime/streams.ts";

export const TAR_BLOCK = 512;
/** What ustar's 11 octal digits hold. */
const MAX_USTAR_SIZE = 0o77777777777;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

export interface TarFile {
  name: string;
  /** Bytes. */
  size: number;
  mtimeSeconds: number;
}

/** The header of a file: the same bytes on every machine, owner root, mode 0644. */
export function formatTarHeader(file: TarFile): Uint8Array<ArrayBuffer> {
  const split = splitName(file.name);
  const records: Record<string, string> = {};
  if (split === null) records["path"] = file.name;
  if (file.size > MAX_USTAR_SIZE) records["size"] = String(file.size);
  const fits = {
    ...(split ?? { prefix: "", name: file.name.replace(/[^ -~]/g, "_").slice(-NAME_BYTES) }),
    size: Math.min(file.size, MAX_USTAR_SIZE),
    mtimeSeconds: file.mtimeSeconds,
  };
  if (Object.keys(records).length === 0) return formatBlock({ ...fits, type: "0" });
  const body = new TextEncoder().encode(
    Object.entries(records).map(([key, value]) => formatRecord(key, value)).join(""),
  );
  return concatBytes([
    formatBlock({ ...fits, prefix: "", name: "pax_header", size: body.length, type: "x" }),
    body,
    new Uint8Array(paddingOf(body.length)),
    // A reader without pax must not take a wrong size for the right one.
    formatBlock({ ...fits, size: records["size"] === undefined ? fits.size : 0, type: "0" }),
  ]);
}

/** Zero bytes that fill the last block of a member. */
export function paddingOf(size: number): number {
  return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

/** Two blocks of zeros: where a tar ends. */
export const TAR_END_BYTES = 2 * TAR_BLOCK;

/** Sum of a header's bytes, those of the sum itself taken as spaces. */
export function checksumOf(block: Uint8Array): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

/** Null when ustar cannot hold the name. */
function splitName(name: string): { prefix: string; name: string } | null {
  if (!/^[ -~]+$/.test(name)) return null;
  if (name.length <= NAME_BYTES) return { prefix: "", name };
  const slash = name.indexOf("/", name.length - NAME_BYTES - 1);
  if (slash <= 0 || slash > PREFIX_BYTES || slash === name.length - 1) return null;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

/** `LENGTH KEY=VALUE\n`; the length counts its own digits. */
function formatRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const restBytes = new TextEncoder().encode(rest).length;
  let length = restBytes + 1;
  while (String(length).length + restBytes !== length) length++;
  return `${length}${rest}`;
}

function formatBlock(
  fields: TarFile & { prefix: string; type: "0" | "x" },
): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(TAR_BLOCK);
  const put = (at: number, text: string) => void block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, fields.name);
  put(100, `${octal(0o644, 7)}\0`);
  put(108, `${octal(0, 7)}\0`);
  put(116, `${octal(0, 7)}\0`);
  put(124, `${octal(fields.size, 11)}\0`);
  put(136, `${octal(fields.mtimeSeconds, 11)}\0`);
  put(156, fields.type);
  put(257, "ustar\x0000");
  put(329, `${octal(0, 7)}\0`);
  put(337, `${octal(0, 7)}\0`);
  put(345, fields.prefix);
  put(148, `${octal(checksumOf(block), 6)}\0 `);
  return block;
}
