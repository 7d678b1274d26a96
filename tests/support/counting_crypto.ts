import { type Crypto, type Hash, systemCrypto } from "../../lib/runtime/crypto.ts";

/** Derivations of this test process; the same question has the same answer. */
const known = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** The real thing, with every derivation noted; one that was made before in the process is not repeated. */
export class CountingCrypto implements Crypto {
  /** Each derivation so far, in order. */
  readonly derivations: { salt: Uint8Array; iterations: number }[] = [];
  readonly #real = systemCrypto();

  randomBytes(count: number): Uint8Array<ArrayBuffer> {
    return this.#real.randomBytes(count);
  }

  sha256(): Promise<Hash> {
    return this.#real.sha256();
  }

  sha256Of(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    return this.#real.sha256Of(bytes);
  }

  async pbkdf2(
    passphrase: Uint8Array<ArrayBuffer>,
    salt: Uint8Array<ArrayBuffer>,
    iterations: number,
    lengthBytes: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    this.derivations.push({ salt, iterations });
    const name = `${passphrase} ${salt} ${iterations} ${lengthBytes}`;
    let derived = known.get(name);
    if (derived === undefined) {
      known.set(name, derived = this.#real.pbkdf2(passphrase, salt, iterations, lengthBytes));
    }
    return new Uint8Array(await derived);
  }
}
