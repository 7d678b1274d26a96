import { UserError } from "../errors.ts";
import { audienceOf, type Binding, type SecretFileKind } from "../secrets/binding.ts";
import { type FileKeys, TagMismatch } from "../secrets/cipher.ts";
import {
  type EncryptionBlock,
  MalformedBlock,
  parseEncryptionBlock,
} from "../secrets/encryption_block.ts";
import { isToken, MalformedToken } from "../secrets/token.ts";
import type { Files } from "../runtime/files.ts";
import { ioError } from "./file_store.ts";
import { formatPointer, scalarsOf, type Value, valueAt } from "./pointer.ts";
import { type FieldPath, secretFieldAt } from "./secret_kinds.ts";
import { readYaml } from "./yaml_reader.ts";

/**
 * - `token`: encrypted by us;
 * - `plaintext`: typed by a user, encrypted at the next write;
 * - `foreign`: encrypted by the original CLI, which nobody else can read;
 * - `misplaced`: a token where no secret belongs.
 */
export type SecretState = "token" | "plaintext" | "foreign" | "misplaced";

/** A secret that stands in a file. */
export interface StoredSecret {
  path: string[];
  pointer: string;
  state: SecretState;
  /** As it stands in the file. */
  text: string;
}

export const BLOCK_KEY = "encryption";

/** A parsed file that may hold secrets. */
export class SecretFile {
  private constructor(
    /** As the user named it; for messages. */
    readonly path: string,
    readonly text: string,
    /** Null when its place does not tell what kind of file it is. */
    readonly kind: SecretFileKind | null,
    readonly root: Value,
  ) {}

  /**
   * Reads the text of a file; an absent one is empty.
   * @throws {UserError} `validation`, with line and column.
   */
  static async parse(
    path: string,
    text: string | null,
    kind: SecretFileKind | null,
  ): Promise<SecretFile> {
    const content = text ?? "";
    return new SecretFile(path, content, kind, await readYaml(content, path));
  }

  /** The scalar at a path; empty when there is none. */
  textAt(path: FieldPath): string {
    const value = valueAt(this.root, path);
    return typeof value === "string" ? value : "";
  }

  /**
   * The encryption block; null when there is none.
   * @throws {UserError} `integrity`
   */
  block(): EncryptionBlock | null {
    const value = valueAt(this.root, [BLOCK_KEY]);
    if (value === undefined) return null;
    try {
      return parseEncryptionBlock(value);
    } catch (error) {
      if (!(error instanceof MalformedBlock)) throw error;
      throw new UserError(
        "integrity",
        `Cannot use the encryption block of "${this.path}": ${error.message}`,
        { hint: LOST_HINT, cause: error },
      );
    }
  }

  /** Every secret that is not empty, in the order of the file. */
  secrets(): StoredSecret[] {
    const found: StoredSecret[] = [];
    for (const { path, text } of scalarsOf(this.root)) {
      if (text === "" || path[0] === BLOCK_KEY) continue;
      const isKnown = secretFieldAt(this.kind, path) !== undefined;
      if (!isKnown && !isToken(text)) continue;
      const state = isKnown ? this.#stateOf(text) : "misplaced";
      found.push({ path, pointer: formatPointer(path), state, text });
    }
    return found;
  }

  /** The secret at a path; null when it is empty or absent. */
  secretAt(path: FieldPath): StoredSecret | null {
    const text = this.textAt(path);
    if (text === "") return null;
    return { path: [...path], pointer: formatPointer(path), state: this.#stateOf(text), text };
  }

  /** Where the file notes that a token was bound to; for the wording of errors only. */
  notedAddress(pointer: string): string | null {
    const noted = valueAt(this.root, [BLOCK_KEY, "addresses", pointer]);
    return typeof noted === "string" && noted !== "" ? noted : null;
  }

  /** `key in "file"`, for messages. */
  placeOf(pointer: string): string {
    return `${pointer} in "${this.path}"`;
  }

  #stateOf(text: string): SecretState {
    if (isToken(text)) return "token";
    return this.#isOfOriginal() && looksEncrypted(text) ? "foreign" : "plaintext";
  }

  /** The original writes both locations; people who write the file by hand leave them out. */
  #isOfOriginal(): boolean {
    return valueAt(this.root, [BLOCK_KEY]) === undefined && this.textAt(["runLoc"]) !== "" &&
      this.textAt(["workspaceLoc"]) !== "";
  }
}

/** Base64 of a whole number of bytes, at least a cipher block long. */
function looksEncrypted(text: string): boolean {
  return text.length >= 24 && text.length % 4 === 0 &&
    /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
}

/**
 * The place a secret is bound to.
 * @throws {UserError} `endpoint-changed` when its address is none; `io` when the CA file cannot be
 *   read.
 */
export async function bindingOf(
  file: SecretFile,
  path: FieldPath,
  files: Files,
): Promise<Binding> {
  const field = secretFieldAt(file.kind, path);
  const pointer = formatPointer(path);
  if (field === undefined || file.kind === null) {
    throw new UserError("integrity", `No secret belongs at ${file.placeOf(pointer)}`);
  }
  if (field.address === null) return { kind: file.kind, pointer, audience: "" };
  const fields = field.address;
  const url = fields === "host" ? path.at(-2) ?? "" : file.textAt(fields.url);
  const caFile = fields === "host" || !fields.caFile ? "" : file.textAt(fields.caFile);
  const insecure = fields !== "host" && fields.insecure !== undefined &&
    file.textAt(fields.insecure).toLowerCase() === "true";
  const audience = url === "" ? null : await audienceOf({
    url,
    insecure,
    ...(caFile === "" ? {} : { caFile: await readCa(caFile, files) }),
  });
  if (audience !== null) return { kind: file.kind, pointer, audience };
  const name = fields === "host" ? pointer : formatPointer(fields.url);
  throw new UserError(
    "endpoint-changed",
    `Cannot use ${file.placeOf(pointer)}: the address at ${name} is ${
      url === "" ? "empty" : `"${url}"`
    }`,
    { hint: "Set the address as it was, or run palette login" },
  );
}

async function readCa(path: string, files: Files): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await files.readBytes(path);
  } catch (error) {
    throw ioError("read", path, error);
  }
}

/**
 * Decrypts a token at its place.
 * @throws {UserError} `integrity` for an altered value, `endpoint-changed` for a moved address.
 */
export async function decryptStored(
  file: SecretFile,
  secret: StoredSecret,
  keys: FileKeys,
  files: Files,
): Promise<string> {
  const binding = await bindingOf(file, secret.path, files);
  const place = file.placeOf(secret.pointer);
  try {
    return await keys.decrypt(binding, secret.text);
  } catch (error) {
    if (error instanceof MalformedToken) {
      throw new UserError("integrity", `Cannot decrypt ${place}: ${error.message}`, {
        hint: LOST_HINT,
        cause: error,
      });
    }
    if (!(error instanceof TagMismatch) && !(error instanceof TypeError)) throw error;
    const noted = file.notedAddress(secret.pointer);
    if (noted !== null && noted !== binding.audience) {
      throw new UserError(
        "endpoint-changed",
        `Cannot use ${place}: it was encrypted for ${noted}, the file now says ${binding.audience}`,
        { hint: "Run palette login to give the credential for the new address", cause: error },
      );
    }
    throw new UserError("integrity", `Cannot decrypt ${place}: the value was altered`, {
      hint: LOST_HINT,
      cause: error,
    });
  }
}

/** @throws {UserError} `integrity` when a file has tokens and no block. */
export function requireBlock(file: SecretFile, pointer: string): EncryptionBlock {
  const block = file.block();
  if (block !== null) return block;
  throw new UserError(
    "integrity",
    `Cannot decrypt ${file.placeOf(pointer)}: the file has no encryption block`,
    { hint: LOST_HINT },
  );
}

/** The original's ciphertext, which cannot be read by anybody else. */
export function foreignCiphertext(file: SecretFile, pointer: string): UserError {
  return new UserError(
    "foreign-ciphertext",
    `Cannot decrypt ${file.placeOf(pointer)}: it was encrypted by the original palette CLI`,
    { hint: "Run palette login to enter the credentials again" },
  );
}

const LOST_HINT = "Restore the file from a backup, or run palette login to enter the secrets again";
