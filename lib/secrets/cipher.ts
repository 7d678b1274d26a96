import type { Crypto } from "../runtime/crypto.ts";
import { associatedData, type Binding } from "./binding.ts";
import { formatToken, MalformedToken, NONCE_BYTES, parseToken } from "./token.ts";
import { VERIFIER_BYTES } from "./encryption_block.ts";

/** The tag does not fit: the value was altered, or belongs to another place. */
export class TagMismatch extends Error {
  override readonly name = "TagMismatch";
}

/** Master key of a passphrase and salt; the keys of every file with that salt follow from it. */
export interface MasterKey {
  /** HKDF input (RFC 5869), not extractable. */
  material: CryptoKey;
}

const MASTER_BYTES = 32;

/** PBKDF2 over the NFC form of the passphrase; the costly step. */
export async function deriveMasterKey(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
  crypto_: Crypto,
): Promise<MasterKey> {
  const bytes = new TextEncoder().encode(passphrase.normalize("NFC"));
  const master = await crypto_.pbkdf2(bytes, salt, iterations, MASTER_BYTES);
  const usages: KeyUsage[] = ["deriveBits", "deriveKey"];
  const material = await crypto.subtle.importKey("raw", master, "HKDF", false, usages);
  master.fill(0);
  return { material };
}

/** Encrypts and decrypts the values of one file. */
export class FileKeys {
  readonly fileId: string;
  /** Tells, stored in the file, whether a passphrase is the right one. */
  readonly verifier: Uint8Array<ArrayBuffer>;
  readonly #key: CryptoKey;
  readonly #crypto: Crypto;

  private constructor(
    fileId: string,
    verifier: Uint8Array<ArrayBuffer>,
    key: CryptoKey,
    crypto_: Crypto,
  ) {
    this.fileId = fileId;
    this.verifier = verifier;
    this.#key = key;
    this.#crypto = crypto_;
  }

  /** @param fileIdBytes The bytes whose base64url text is `fileId`. */
  static async derive(
    master: MasterKey,
    fileId: string,
    fileIdBytes: Uint8Array<ArrayBuffer>,
    crypto_: Crypto,
  ): Promise<FileKeys> {
    const hkdf = (info: string) => ({
      name: "HKDF",
      hash: "SHA-256",
      salt: fileIdBytes,
      info: new TextEncoder().encode(info),
    });
    const [key, verifier] = await Promise.all([
      crypto.subtle.deriveKey(
        hkdf("palette/v1/encrypt"),
        master.material,
        { name: "AES-GCM", length: 256 },
        false,
        ["encrypt", "decrypt"],
      ),
      crypto.subtle.deriveBits(hkdf("palette/v1/verify"), master.material, VERIFIER_BYTES * 8),
    ]);
    return new FileKeys(fileId, new Uint8Array(verifier), key, crypto_);
  }

  /**
   * A token for a value at its place.
   * @throws {TypeError} When the value has half a surrogate pair, which UTF-8 cannot carry.
   */
  async encrypt(binding: Binding, plaintext: string): Promise<string> {
    if (!plaintext.isWellFormed()) throw new TypeError("half a surrogate pair in a secret");
    // Values share one key, so a repeated nonce would let values be forged.
    const nonce = this.#crypto.randomBytes(NONCE_BYTES);
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: nonce, additionalData: associatedData(binding, this.fileId) },
      this.#key,
      new TextEncoder().encode(plaintext),
    );
    return formatToken({ nonce, sealed: new Uint8Array(sealed) });
  }

  /**
   * The value of a token at its place.
   * @throws {MalformedToken} Also when the plaintext is not UTF-8.
   * @throws {TagMismatch}
   */
  async decrypt(binding: Binding, token: string): Promise<string> {
    const { nonce, sealed } = parseToken(token);
    const additionalData = associatedData(binding, this.fileId);
    let plaintext: ArrayBuffer;
    try {
      plaintext = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: nonce, additionalData },
        this.#key,
        sealed,
      );
    } catch (error) {
      throw new TagMismatch("altered value", { cause: error });
    }
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plaintext);
    } catch (error) {
      throw new MalformedToken("its plaintext is not UTF-8", { cause: error });
    }
  }
}

/** Compares without telling by its time how much is equal. */
export function equalsConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
