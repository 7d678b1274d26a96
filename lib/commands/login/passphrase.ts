import { UserError } from "../../errors.ts";
import { SecretFile } from "../../config/secret_file.ts";
import { API_KEY_PATH } from "../../config/secret_kinds.ts";
import { formatPointer } from "../../yaml/pointer.ts";
import { DEFAULT_ITERATIONS, type EncryptionBlock } from "../../secrets/encryption_block.ts";
import type { SaltChoice } from "../../secrets/keyring.ts";
import type { CommandContext } from "../context.ts";

/**
 * Settles the passphrase before any network call, and starts to derive its key while the network is
 * waited for.
 *
 * The old file is never needed to log in. Where its passphrase differs, the secrets that a login does
 * not replace would be lost: somebody at the terminal decides, without one they are blanked and
 * listed.
 * @returns Salt of a file that is encrypted afresh.
 * @throws {UserError} `passphrase-policy`, `passphrase-missing`, `aborted`
 */
export async function settlePassphrase(
  old: SecretFile,
  context: CommandContext,
): Promise<SaltChoice> {
  const keyring = await context.keyring();
  const block = blockOf(old);
  // A file that is encrypted afresh costs a guesser no less than before.
  const fresh = keyring.freshSalt(Math.max(DEFAULT_ITERATIONS, block?.iterations ?? 0));
  const given = await keyring.source.given();
  if (block === null) {
    const passphrase = given ?? await keyring.source.forEncryption();
    // Its failure shows when the key is used.
    void keyring.create(passphrase, fresh).catch(() => {});
    return fresh;
  }
  const lost = lostSecrets(old);
  for (;;) {
    const passphrase = given ?? await keyring.source.ask();
    const matches = keyring.tryUnlock(block, passphrase);
    if (context.prompter === null || (given !== null && lost.length === 0)) {
      void matches.catch(() => {});
      return fresh;
    }
    if (await matches !== null) return fresh;
    if (await mayReplace(lost, given !== null, context)) return fresh;
    keyring.source.forgetAnswer();
  }
}

async function mayReplace(
  lost: string[],
  isGiven: boolean,
  { prompter }: CommandContext,
): Promise<boolean> {
  const losing = lost.length === 0 ? "" : ` (${lost.join(", ")} will be blanked)`;
  const retry = isGiven ? "stop, and keep the file as it is" : "retry";
  const answer = await prompter?.select({
    label: "The passphrase differs from the one this file was written with",
    options: [
      { value: "retry", label: retry },
      { value: "replace", label: `replace${losing}` },
    ],
  });
  if (answer === "replace") return true;
  if (!isGiven) return false;
  throw new UserError("aborted", "Stopped: the passphrase differs from the file's", {
    hint: "Give the passphrase the file was written with",
  });
}

/** Secrets that a login keeps when it can read them. */
function lostSecrets(old: SecretFile): string[] {
  return old.secrets()
    .filter(({ pointer, state }) => state === "token" && pointer !== formatPointer(API_KEY_PATH))
    .map(({ pointer }) => pointer);
}

/** A damaged block is no reason not to log in: it is replaced. */
function blockOf(old: SecretFile): EncryptionBlock | null {
  try {
    return old.block();
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}
