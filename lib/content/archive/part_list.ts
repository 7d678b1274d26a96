/** An archive in parts: `x.tar.zst.001`, `.002` and so on, and `x.tar.zst.parts.json`. */

/** One part. */
export interface PartEntry {
  /** In the folder of the list. */
  name: string;
  size: number;
  /** 64 hexadecimal digits. */
  sha256: string;
}

/** One that is being written. */
export interface PartRecord extends PartEntry {
  path: string;
}

/** All parts, and what they are joined. */
export interface PartList {
  name: string;
  size: number;
  sha256: string;
  parts: PartEntry[];
}

const VERSION = 1;

/** Where the list of an archive's parts stands. */
export function partListOf(path: string): string {
  return `${path}.parts.json`;
}

/** `.001` for the first. */
export function partSuffix(at: number): string {
  return `.${String(at + 1).padStart(3, "0")}`;
}

/** `_part00` for the first, as builds of CanvOS name what they split. */
export function canvOsSuffix(at: number): string {
  return `_part${String(at).padStart(2, "0")}`;
}

/** The archive that a path is a later part of, as its name tells; null for any other name. */
export function wholeOfLaterPart(path: string): string | null {
  const [, whole = null, number = ""] = /^(.+)(?:\.(\d{3})|_part\d+)$/.exec(path) ?? [];
  return whole === null || number === "001" || /_part0+$/.test(path) ? null : whole;
}

export function formatPartList({ name, size, sha256, parts }: PartList): string {
  return `${JSON.stringify({ version: VERSION, name, size, sha256, parts }, null, 2)}\n`;
}

/** @throws {RangeError} When it is no list of parts, or one that names files elsewhere. */
export function parsePartList(text: string): PartList {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new RangeError("it is no JSON");
  }
  const { version, name, size, sha256, parts } = (list ?? {}) as Record<string, unknown>;
  if (typeof version === "number" && version > VERSION) {
    throw new RangeError("a newer version of palette wrote it");
  }
  if (
    version !== VERSION || typeof name !== "string" || !isCount(size) || !isSha256(sha256) ||
    !Array.isArray(parts) || !parts.every(isPart)
  ) throw new RangeError("it is no list of parts");
  if (parts.reduce((sum, part) => sum + part.size, 0) !== size) {
    throw new RangeError("its parts do not add up to its size");
  }
  return { name, size, sha256, parts };
}

function isPart(value: unknown): value is PartEntry {
  const { name, size, sha256 } = (value ?? {}) as Record<string, unknown>;
  // A list comes from elsewhere: it names files beside itself only.
  return typeof name === "string" && /^[^/\\\0]+$/.test(name) && name !== "." && name !== ".." &&
    isCount(size) && isSha256(sha256);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isSha256(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
