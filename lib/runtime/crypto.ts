/** Random bytes and the one costly derivation; tests count and replace them. */
export interface Crypto {
  /** Cryptographically strong random bytes. */
  randomBytes(count: number): Uint8Array<ArrayBuffer>;
  /** PBKDF2-HMAC-SHA-256 (RFC 8018 5.2); runs off the main thread. */
  pbkdf2(
    passphrase: Uint8Array<ArrayBuffer>,
    salt: Uint8Array<ArrayBuffer>,
    iterations: number,
    lengthBytes: number,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** WebCrypto; `subtle` derives four times faster here than `node:crypto`. */
export function systemCrypto(): Crypto {
  return {
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    async pbkdf2(passphrase, salt, iterations, lengthBytes) {
      const key = await crypto.subtle.importKey("raw", passphrase, "PBKDF2", false, ["deriveBits"]);
      const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
      return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, lengthBytes * 8));
    },
  };
}
