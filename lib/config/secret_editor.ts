import { UserError } from "../errors.ts";
import type { BytesReader } from "../runtime/read_once.ts";
import type { FileKeys } from "../secrets/cipher.ts";
import {
  DEFAULT_ITERATIONS,
  type EncryptionBlock,
  formatEncryptionBlock,
} from "../secrets/encryption_block.ts";
import type { Keyring, SaltChoice } from "../secrets/keyring.ts";
import type { Secret } from "../secrets/secret.ts";
import { formatPointer } from "../yaml/pointer.ts";
import { bindingOf, decryptStored } from "./secret_access.ts";
import {
  BLOCK_KEY,
  foreignCiphertext,
  requireBlock,
  SecretFile,
  type StoredSecret,
} from "./secret_file.ts";
import { type FieldPath, loginCommandOf, secretFieldAt } from "./secret_kinds.ts";
import { type Entry, Quoted, type Writable, YamlEditor } from "../yaml/yaml_document.ts";

/** What a write changes; everything else in the file stays. */
export interface SecretFileChange {
  values?: { path: FieldPath; value: Writable }[];
  /** `""` blanks a secret. */
  secrets?: { path: FieldPath; value: Secret | "" }[];
}

export interface SecretEditorParts {
  keyring: Keyring;
  /** For the CA files that values are bound to. */
  files: BytesReader;
  /**
   * What happens to secrets that stay and cannot be carried over (another passphrase, altered,
   * another address): the write is refused, or they are blanked and listed.
   */
  unreadable: "refuse" | "drop";
  /** Salt of a file that is encrypted for the first time; random by default. */
  fresh?: SaltChoice;
}

export interface EditedFile {
  text: string;
  /** Pointers of secrets that had to be blanked. */
  dropped: string[];
  /** Pointers of secrets that stood in the file as plain text and are encrypted now. */
  encrypted: string[];
  /** Pointers of secrets that stay plain text, since there is no address to bind them to. */
  unbound: string[];
}

/**
 * Makes the new text of a file with secrets. Nothing is derived when no secret is encrypted.
 *
 * Tokens that stay keep their bytes; all are encrypted afresh when the block cannot be kept (another
 * passphrase) or is below today's cost.
 */
export async function editSecretFile(
  before: SecretFile,
  change: SecretFileChange,
  parts: SecretEditorParts,
): Promise<EditedFile> {
  const editor = new YamlEditor(before.text, before.path);
  for (const { path, value } of change.values ?? []) editor.set([...path], value);
  const after = await SecretFile.parse(before.path, editor.toString(), before.kind);
  const plan = await planSecrets(before, after, change, parts);
  const target = plan.some((secret) => secret.action === "encrypt")
    ? await chooseKeys(before, plan, parts)
    : null;

  const outcome: EditedFile = { text: "", dropped: [], encrypted: [], unbound: [] };
  const addresses: Record<string, string> = {};
  let hasTokens = false;
  for (const secret of plan) {
    if (secret.action === "leave") {
      outcome.unbound.push(secret.pointer);
      continue;
    }
    const token = await tokenOf(secret, { before, after, target }, parts);
    if (token !== before.textAt(secret.path)) editor.set([...secret.path], new Quoted(token));
    if (token === "") {
      if (secret.action !== "blank" || secret.isLost) outcome.dropped.push(secret.pointer);
      continue;
    }
    hasTokens = true;
    if (secret.action === "encrypt" && secret.wasPlain) outcome.encrypted.push(secret.pointer);
    if (secretFieldAt(before.kind, secret.path)?.address) {
      // A token that stays belongs where it was encrypted for, wherever the file points by now.
      const address = token === before.textAt(secret.path)
        ? before.notedAddress(secret.pointer)
        : (await bindingOf(after, secret.path, parts.files)).audience;
      if (address !== null) addresses[secret.pointer] = address;
    }
  }
  if (target !== null) editor.set([BLOCK_KEY], blockEntry(target.block, addresses));
  else if (!hasTokens) editor.remove([BLOCK_KEY]);
  return { ...outcome, text: editor.toString() };
}

/** What becomes of one secret. */
type PlannedSecret =
  & { path: FieldPath; pointer: string }
  & (
    | { action: "encrypt"; value: string; wasPlain: boolean }
    | { action: "keep"; stored: StoredSecret }
    | { action: "leave" }
    | { action: "blank"; isLost: boolean }
  );

async function planSecrets(
  before: SecretFile,
  after: SecretFile,
  change: SecretFileChange,
  parts: SecretEditorParts,
): Promise<PlannedSecret[]> {
  const plan = new Map<string, PlannedSecret>();
  for (const stored of before.secrets()) {
    const { path, pointer } = stored;
    plan.set(pointer, { path, pointer, ...{ action: "keep", stored } });
  }
  for (const { path, value } of change.secrets ?? []) {
    const place = { path, pointer: formatPointer(path) };
    plan.set(
      place.pointer,
      value === "" || value.reveal() === ""
        ? { ...place, action: "blank", isLost: false }
        : { ...place, action: "encrypt", value: value.reveal(), wasPlain: false },
    );
  }
  return await Promise.all(
    [...plan.values()].map((secret) =>
      secret.action === "keep" ? planKept(before, after, secret.stored, parts) : secret
    ),
  );
}

async function planKept(
  before: SecretFile,
  after: SecretFile,
  stored: StoredSecret,
  { files, unreadable }: SecretEditorParts,
): Promise<PlannedSecret> {
  const place = { path: stored.path, pointer: stored.pointer };
  const mayDrop = unreadable === "drop";
  if (stored.state === "misplaced") return { ...place, action: "keep", stored };
  if (stored.state === "foreign") {
    if (!mayDrop) throw foreignCiphertext(before, stored.pointer);
    return { ...place, action: "blank", isLost: true };
  }
  const audience = await audienceAt(after, stored.path, files);
  // Nothing can be bound to an address that is none; the write of something else is no reason to fail.
  if (audience === null && mayDrop) return { ...place, action: "blank", isLost: true };
  if (stored.state === "plaintext") {
    return audience === null
      ? { ...place, action: "leave" }
      : { ...place, action: "encrypt", value: stored.text, wasPlain: true };
  }
  // A credential follows its address only when the user types it anew.
  if (audience !== await audienceAt(before, stored.path, files)) {
    if (mayDrop) return { ...place, action: "blank", isLost: true };
    throw new UserError(
      "endpoint-changed",
      `Cannot change the address of ${before.placeOf(stored.pointer)}: the secret is bound to it`,
      { hint: "Run palette login to give the credential for the new address" },
    );
  }
  return { ...place, action: "keep", stored };
}

/** Where a secret may be sent; null when the file names no address that would do. */
async function audienceAt(
  file: SecretFile,
  path: FieldPath,
  files: BytesReader,
): Promise<string | null> {
  try {
    return (await bindingOf(file, path, files)).audience;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

interface TargetKeys {
  block: EncryptionBlock;
  keys: FileKeys;
  /** Keys of the tokens that stand in the file; null when they are unknown. */
  old: FileKeys | null;
}

async function chooseKeys(
  before: SecretFile,
  plan: PlannedSecret[],
  { keyring, unreadable, fresh }: SecretEditorParts,
): Promise<TargetKeys> {
  const block = usableBlock(before, unreadable);
  if (block === null) {
    const orphan = plan.find((secret) => secret.action === "keep");
    if (orphan !== undefined && unreadable === "refuse") requireBlock(before, orphan.pointer);
    return { ...await keyring.create(await keyring.source.forEncryption(), fresh), old: null };
  }
  const old = unreadable === "refuse"
    ? await keyring.unlock(block, `"${before.path}"`, loginCommandOf(before.kind))
    : await keyring.tryUnlock(block, await keyring.source.forEncryption());
  if (old !== null && block.iterations >= DEFAULT_ITERATIONS) return { block, keys: old, old };
  return { ...await keyring.create(await keyring.source.forEncryption(), fresh), old };
}

/** Only a write that may drop secrets, which is a login, gets past a block that cannot be used. */
function usableBlock(file: SecretFile, unreadable: "refuse" | "drop"): EncryptionBlock | null {
  try {
    return file.block();
  } catch (error) {
    if (unreadable === "drop" && error instanceof UserError) return null;
    throw error;
  }
}

interface Versions {
  before: SecretFile;
  after: SecretFile;
  target: TargetKeys | null;
}

/** The token of a secret in the new file; empty when it is blanked or lost. */
async function tokenOf(
  secret: Exclude<PlannedSecret, { action: "leave" }>,
  { before, after, target }: Versions,
  { files, unreadable }: SecretEditorParts,
): Promise<string> {
  if (secret.action === "blank") return "";
  if (secret.action === "encrypt") {
    if (target === null) throw new Error("a secret to encrypt and no key");
    return await target.keys.encrypt(await bindingOf(after, secret.path, files), secret.value);
  }
  if (target === null || target.keys === target.old) return secret.stored.text;
  if (target.old === null) return "";
  try {
    const value = await decryptStored(before, secret.stored, target.old, files);
    return await target.keys.encrypt(await bindingOf(after, secret.path, files), value);
  } catch (error) {
    if (unreadable === "drop" && error instanceof UserError) return "";
    throw error;
  }
}

function blockEntry(block: EncryptionBlock, addresses: Record<string, string>): Entry {
  const { version, kdf, iterations, salt, fileId, verifier } = formatEncryptionBlock(block);
  return {
    version: Number(version),
    kdf,
    iterations: Number(iterations),
    salt: new Quoted(salt),
    fileId: new Quoted(fileId),
    verifier: new Quoted(verifier),
    ...(Object.keys(addresses).length === 0 ? {} : {
      addresses: Object.fromEntries(
        Object.entries(addresses).map(([pointer, address]) => [pointer, new Quoted(address)]),
      ),
    }),
  };
}
