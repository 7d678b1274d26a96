import { UserError } from "../errors.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { deriveMasterKey, equalsConstantTime, FileKeys, type MasterKey } from "./cipher.ts";
import {
  DEFAULT_ITERATIONS,
  type EncryptionBlock,
  FILE_ID_BYTES,
  MIN_WRITTEN_ITERATIONS,
  SALT_BYTES,
} from "./encryption_block.ts";
import type { PassphraseSource } from "./passphrase_source.ts";

/** How a salt and its cost are handed from one file to the next. */
export interface SaltChoice {
  salt: Uint8Array<ArrayBuffer>;
  iterations: number;
}

/**
 * Keys of the files of a run: one derivation for all that share a salt, none before a secret is
 * needed.
 */
export class Keyring {
  readonly source: PassphraseSource;
  readonly #crypto: Crypto;
  readonly #onDerive: () => void;
  readonly #masters = new Map<string, Promise<MasterKey>>();

  constructor(
    source: PassphraseSource,
    parts: { crypto: Crypto; onDerive?: () => void },
  ) {
    this.source = source;
    this.#crypto = parts.crypto;
    this.#onDerive = parts.onDerive ?? (() => {});
  }

  /**
   * Keys of an existing file, its passphrase proven right.
   * @param place Names file and key in the error.
   * @param login The command that gives its secrets anew.
   * @throws {UserError} `decrypt-failed` for a wrong passphrase, `passphrase-missing`.
   */
  async unlock(
    block: EncryptionBlock,
    place: string,
    login = "palette login",
  ): Promise<FileKeys> {
    let keys: FileKeys | null = null;
    await this.source.forDecryption(
      async (passphrase) => (keys = await this.tryUnlock(block, passphrase)) !== null,
      () =>
        new UserError("decrypt-failed", `Cannot decrypt ${place}: wrong passphrase`, {
          hint: `Use the passphrase it was written with, or run ${login} to replace it`,
        }),
    );
    if (keys === null) throw new Error("unlocked without keys");
    return keys;
  }

  /** Keys of a file when `passphrase` is the right one, else null. */
  async tryUnlock(block: EncryptionBlock, passphrase: string): Promise<FileKeys | null> {
    const keys = await this.#fileKeys(block, block.fileId, passphrase);
    return equalsConstantTime(keys.verifier, block.verifier) ? keys : null;
  }

  /**
   * Block and keys of a file that is encrypted for the first time, or afresh. A choice that costs
   * less than what may be written gets the cost of today.
   */
  async create(
    passphrase: string,
    { salt, iterations }: SaltChoice = this.freshSalt(),
  ): Promise<{ block: EncryptionBlock; keys: FileKeys }> {
    const isEnough = iterations >= MIN_WRITTEN_ITERATIONS;
    const choice = { salt, iterations: isEnough ? iterations : DEFAULT_ITERATIONS };
    const fileId = encodeBase64url(this.#crypto.randomBytes(FILE_ID_BYTES));
    const keys = await this.#fileKeys(choice, fileId, passphrase);
    return { block: { ...choice, fileId, verifier: keys.verifier }, keys };
  }

  freshSalt(iterations = DEFAULT_ITERATIONS): SaltChoice {
    return { salt: this.#crypto.randomBytes(SALT_BYTES), iterations };
  }

  async #fileKeys(choice: SaltChoice, fileId: string, passphrase: string): Promise<FileKeys> {
    const bytes = decodeBase64url(fileId);
    if (bytes === null) throw new Error("a fileId that was not parsed");
    return await FileKeys.derive(
      await this.#master(choice, passphrase),
      fileId,
      bytes,
      this.#crypto,
    );
  }

  #master({ salt, iterations }: SaltChoice, passphrase: string): Promise<MasterKey> {
    const name = `${encodeBase64url(salt)} ${iterations} ${passphrase}`;
    let master = this.#masters.get(name);
    if (master === undefined) {
      this.#onDerive();
      master = deriveMasterKey(passphrase, salt, iterations, this.#crypto);
      this.#masters.set(name, master);
    }
    return master;
  }
}
