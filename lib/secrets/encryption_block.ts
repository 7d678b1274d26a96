import { decodeBase64url, encodeBase64url } from "./base64url.ts";

/** The `encryption` block of a file: how its passphrase becomes its key. Not itself secret. */
export interface EncryptionBlock {
  iterations: number;
  salt: Uint8Array<ArrayBuffer>;
  /** As it stands in the file: the text is what values are bound to. */
  fileId: string;
  verifier: Uint8Array<ArrayBuffer>;
}

/** The block's keys and values as they are written. */
export type EncryptionBlockFields = Record<
  "version" | "kdf" | "iterations" | "salt" | "fileId" | "verifier",
  string
>;

export const VERSION = "1";
export const KDF = "PBKDF2-HMAC-SHA-256";
/** Written by default; a block below it is raised at the next write. */
export const DEFAULT_ITERATIONS = 1_000_000;
/** The least that is ever written. */
export const MIN_WRITTEN_ITERATIONS = 600_000;
/** What is read: below is too weak to mean anything, above would hang the reader. */
export const MIN_ITERATIONS = 100_000;
export const MAX_ITERATIONS = 10_000_000;
export const SALT_BYTES = 16;
export const FILE_ID_BYTES = 16;
export const VERIFIER_BYTES = 16;
const MIN_SALT_BYTES = 16;
const MAX_SALT_BYTES = 64;

/** Why a block cannot be used; a reason in words. */
export class MalformedBlock extends Error {
  override readonly name = "MalformedBlock";
}

/**
 * Reads a block from the values of a file, every scalar a string.
 * @throws {MalformedBlock}
 */
export function parseEncryptionBlock(value: unknown): EncryptionBlock {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedBlock("it is not a mapping");
  }
  const fields = value as Record<string, unknown>;
  const text = (name: keyof EncryptionBlockFields): string => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof field === "string") return field;
    throw new MalformedBlock(`"${name}" is missing`);
  };
  if (text("version") !== VERSION) throw new MalformedBlock("written by a newer palette");
  if (text("kdf") !== KDF) throw new MalformedBlock("written by a newer palette");
  return {
    iterations: parseIterations(text("iterations")),
    salt: parseBytes("salt", text("salt"), MIN_SALT_BYTES, MAX_SALT_BYTES),
    fileId: (parseBytes("fileId", text("fileId"), FILE_ID_BYTES, FILE_ID_BYTES), text("fileId")),
    verifier: parseBytes("verifier", text("verifier"), VERIFIER_BYTES, VERIFIER_BYTES),
  };
}

/** The block as text fields, in the order they are written. */
export function formatEncryptionBlock(block: EncryptionBlock): EncryptionBlockFields {
  return {
    version: VERSION,
    kdf: KDF,
    iterations: String(block.iterations),
    salt: encodeBase64url(block.salt),
    fileId: block.fileId,
    verifier: encodeBase64url(block.verifier),
  };
}

function parseIterations(text: string): number {
  const count = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : NaN;
  if (!(count >= MIN_ITERATIONS && count <= MAX_ITERATIONS)) {
    throw new MalformedBlock(
      `"iterations" is not a number from ${MIN_ITERATIONS} to ${MAX_ITERATIONS}`,
    );
  }
  return count;
}

function parseBytes(name: string, text: string, min: number, max: number): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64url(text);
  if (bytes === null || bytes.length < min || bytes.length > max) {
    const size = min === max ? `${min}` : `${min} to ${max}`;
    throw new MalformedBlock(`"${name}" is not canonical base64url of ${size} bytes`);
  }
  return bytes;
}
