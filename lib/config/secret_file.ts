import { UserError } from "../errors.ts";
import type { SecretFileKind } from "../secrets/binding.ts";
import {
  type EncryptionBlock,
  MalformedBlock,
  parseEncryptionBlock,
} from "../secrets/encryption_block.ts";
import { isToken } from "../secrets/token.ts";
import { formatPointer, scalarsOf, type Value, valueAt } from "../yaml/pointer.ts";
import { type FieldPath, loginCommandOf, secretFieldAt } from "./secret_kinds.ts";
import { readYaml } from "../yaml/yaml_reader.ts";

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
        { hint: lostHint(this.kind), cause: error },
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

/** @throws {UserError} `integrity` when a file has tokens and no block. */
export function requireBlock(file: SecretFile, pointer: string): EncryptionBlock {
  const block = file.block();
  if (block !== null) return block;
  throw new UserError(
    "integrity",
    `Cannot decrypt ${file.placeOf(pointer)}: the file has no encryption block`,
    { hint: lostHint(file.kind) },
  );
}

/** The original's ciphertext, which cannot be read by anybody else. */
export function foreignCiphertext(file: SecretFile, pointer: string): UserError {
  return new UserError(
    "foreign-ciphertext",
    `Cannot decrypt ${file.placeOf(pointer)}: it was encrypted by the original palette CLI`,
    { hint: `Run ${loginCommandOf(file.kind)} to enter the credentials again` },
  );
}

/** What helps when a secret cannot be had any more. */
export function lostHint(kind: SecretFileKind | null): string {
  return `Restore the file from a backup, or run ${
    loginCommandOf(kind)
  } to enter the secrets again`;
}
