import { reasonOf, UserError } from "../errors.ts";
import type { Files } from "../runtime/files.ts";
import type { FileKeys } from "../secrets/cipher.ts";
import type { EncryptionBlock } from "../secrets/encryption_block.ts";
import type { Keyring } from "../secrets/keyring.ts";
import { decryptStored } from "./secret_access.ts";
import { requireBlock, type SecretFile, type StoredSecret } from "./secret_file.ts";
import type { StrayFile } from "./workspace_files.ts";

export type SecretStatus =
  | "ok"
  | "plaintext"
  | "wrong-passphrase"
  | "integrity"
  | "endpoint-changed"
  | "foreign-ciphertext"
  | "io"
  | "unknown"
  | "unreadable";

/** The verdict on one secret. */
export interface VerifiedSecret {
  file: string;
  /** Empty for the whole file. */
  pointer: string;
  status: SecretStatus;
  /** What is wrong; null when nothing is. */
  problem: string | null;
}

/** The verdict on a file with tokens that nothing can read. */
export function verdictOnStray({ path, problem }: StrayFile): VerifiedSecret {
  return { file: path, pointer: "", status: "unreadable", problem };
}

/** Plain text is to be encrypted, not damaged. */
export function isBad({ status }: VerifiedSecret): boolean {
  return status !== "ok" && status !== "plaintext";
}

/**
 * Decrypts every secret of some files and forgets what it saw. Nothing is derived when there is no
 * token.
 * @throws {UserError} `decrypt-failed` when the passphrase fits none of the files.
 */
export async function verifySecrets(
  secretFiles: SecretFile[],
  { keyring, files }: { keyring: Keyring; files: Files },
): Promise<VerifiedSecret[]> {
  const blocks = new Map<SecretFile, EncryptionBlock>();
  for (const file of secretFiles) {
    const block = usableBlock(file);
    if (block !== null) blocks.set(file, block);
  }
  const keys = await unlockAll(blocks, keyring);
  const verified: VerifiedSecret[] = [];
  for (const file of secretFiles) {
    for (const secret of file.secrets()) {
      const verdict = await verifyOne(file, secret, keys.get(file) ?? null, files);
      verified.push({ file: file.path, pointer: secret.pointer, ...verdict });
    }
  }
  return verified;
}

/** Keys of the files that the passphrase fits, which must be one at least. */
async function unlockAll(
  blocks: Map<SecretFile, EncryptionBlock>,
  keyring: Keyring,
): Promise<Map<SecretFile, FileKeys>> {
  const unlocked = new Map<SecretFile, FileKeys>();
  if (blocks.size === 0) return unlocked;
  await keyring.source.forDecryption(
    async (passphrase) => {
      for (const [file, block] of blocks) {
        const keys = await keyring.tryUnlock(block, passphrase);
        if (keys !== null) unlocked.set(file, keys);
      }
      return unlocked.size > 0;
    },
    () => {
      const names = [...blocks.keys()].map(({ path }) => `"${path}"`).join(", ");
      return new UserError("decrypt-failed", `Cannot decrypt ${names}: wrong passphrase`, {
        hint: "Use the passphrase the files were written with",
      });
    },
  );
  return unlocked;
}

/** The block of a file whose tokens can be looked at; one that is damaged is reported token by token. */
function usableBlock(file: SecretFile): EncryptionBlock | null {
  if (!file.secrets().some(({ state }) => state === "token")) return null;
  try {
    return file.block();
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

async function verifyOne(
  file: SecretFile,
  secret: StoredSecret,
  keys: FileKeys | null,
  files: Files,
): Promise<{ status: SecretStatus; problem: string | null }> {
  switch (secret.state) {
    case "plaintext":
      return { status: "plaintext", problem: "not encrypted yet; the next write encrypts it" };
    case "foreign":
      return { status: "foreign-ciphertext", problem: "encrypted by the original palette CLI" };
    case "misplaced":
      return { status: "unknown", problem: "no secret that this version knows belongs here" };
    case "token":
  }
  try {
    requireBlock(file, secret.pointer);
    if (keys === null) {
      return { status: "wrong-passphrase", problem: "written with another passphrase" };
    }
    await decryptStored(file, secret, keys, files);
    return { status: "ok", problem: null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { status: statusOf(error), problem: reasonOf(error) };
  }
}

function statusOf({ code }: UserError): SecretStatus {
  return code === "endpoint-changed" || code === "io" ? code : "integrity";
}
