/**
 * Re-encrypts the tokens of a file under another passphrase. Every byte but tokens and the block
 * stays, and the new text is proven by decrypting it before anybody writes it.
 */

import { UserError } from "../errors.ts";
import type { Files } from "../runtime/files.ts";
import type { FileKeys } from "../secrets/cipher.ts";
import { formatEncryptionBlock } from "../secrets/encryption_block.ts";
import type { Keyring, SaltChoice } from "../secrets/keyring.ts";
import { bindingOf, decryptStored } from "./secret_access.ts";
import { BLOCK_KEY, requireBlock, SecretFile, type StoredSecret } from "./secret_file.ts";
import { Quoted, YamlEditor } from "../yaml/yaml_document.ts";

export interface RekeyParts {
  /** The passphrase the files have. */
  old: Keyring;
  /** The one they get. */
  next: Keyring;
  /** New salt and cost, shared by the files of a run. */
  choice: SaltChoice;
  files: Files;
}

/** What a file holds, before anything is asked or derived. */
export interface RekeyPlan {
  file: SecretFile;
  tokens: StoredSecret[];
  /** Pointers of secrets that are not encrypted; they stay so. */
  plaintext: string[];
}

/**
 * Looks at a file.
 * @throws {UserError} `integrity` when it has tokens that this version cannot place, or no block.
 */
export function planRekey(file: SecretFile): RekeyPlan {
  const secrets = file.secrets();
  const [misplaced] = secrets.filter(({ state }) => state === "misplaced");
  if (misplaced !== undefined) {
    throw new UserError(
      "integrity",
      `Cannot rekey ${
        file.placeOf(misplaced.pointer)
      }: no secret that this version knows belongs there`,
      { hint: "Use the palette that wrote the file, or leave it out with --config-file" },
    );
  }
  const tokens = secrets.filter(({ state }) => state === "token");
  if (tokens[0] !== undefined) requireBlock(file, tokens[0].pointer);
  const plaintext = secrets.filter(({ state }) => state !== "token");
  return { file, tokens, plaintext: plaintext.map(({ pointer }) => pointer) };
}

/**
 * The new text of a file, with a block, a fileId and nonces of its own.
 * @throws {UserError} `decrypt-failed`, `integrity`, `endpoint-changed`
 */
export async function rekeyText({ file, tokens }: RekeyPlan, parts: RekeyParts): Promise<string> {
  const [first] = tokens;
  if (first === undefined) return file.text;
  const old = await parts.old.unlock(requireBlock(file, first.pointer), `"${file.path}"`);
  const passphrase = await parts.next.source.forEncryption();
  const { block, keys } = await parts.next.create(passphrase, parts.choice);
  const editor = new YamlEditor(file.text, file.path);
  const values = new Map<string, string>();
  for (const token of tokens) {
    const value = await decryptStored(file, token, old, parts.files);
    values.set(token.pointer, value);
    const binding = await bindingOf(file, token.path, parts.files);
    editor.set(token.path, new Quoted(await keys.encrypt(binding, value)));
  }
  const { iterations, salt, fileId, verifier } = formatEncryptionBlock(block);
  editor.set([BLOCK_KEY, "iterations"], Number(iterations));
  for (const [name, text] of Object.entries({ salt, fileId, verifier })) {
    editor.set([BLOCK_KEY, name], new Quoted(text));
  }
  const text = editor.toString();
  await prove(await SecretFile.parse(file.path, text, file.kind), values, keys, parts.files);
  return text;
}

/** Reads the new text as the next run would. */
async function prove(
  after: SecretFile,
  values: Map<string, string>,
  keys: FileKeys,
  files: Files,
): Promise<void> {
  const tokens = after.secrets().filter(({ state }) => state === "token");
  const decrypted = await Promise.all(
    tokens.map((token) => decryptStored(after, token, keys, files)),
  );
  const isSame = tokens.length === values.size &&
    tokens.every(({ pointer }, at) => values.get(pointer) === decrypted[at]);
  if (!isSame || after.block() === null) {
    throw new Error(`the new text of "${after.path}" does not hold the same secrets`);
  }
}
