import { type Crypto, systemCrypto } from "../../lib/runtime/crypto.ts";

/** The real thing, with every derivation noted. */
export class CountingCrypto implements Crypto {
  /** Each derivation so far, in order. */
  readonly derivations: { salt: Uint8Array; iterations: number }[] = [];
  readonly #real = systemCrypto();

  randomBytes(count: number): Uint8Array<ArrayBuffer> {
    return this.#real.randomBytes(count);
  }

  pbkdf2(
    passphrase: Uint8Array<ArrayBuffer>,
    salt: Uint8Array<ArrayBuffer>,
    iterations: number,
    lengthBytes: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    this.derivations.push({ salt, iterations });
    return this.#real.pbkdf2(passphrase, salt, iterations, lengthBytes);
  }
}
