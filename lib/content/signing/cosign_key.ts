/**
 * Private keys as `cosign generate-key-pair` keeps them: a PEM block with JSON in it that says how
 * the passphrase becomes a key (scrypt, RFC 7914) and how that seals a PKCS#8 key (NaCl secretbox);
 * the format of secure-systems-lab's go-securesystemslib, `encrypted`.
 */

import type { KeyObject } from "node:crypto";
import type { Secret } from "../../secrets/secret.ts";
import { decodeBase64 } from "./base64.ts";

/** Of a block by cosign, of today and from before 2.0. */
export function isCosignLabel(label: string): boolean {
  return /^ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY$/.test(label);
}

interface SealedKey {
  salt: Uint8Array;
  cost: { N: number; r: number; p: number };
  nonce: Uint8Array;
  sealed: Uint8Array;
}

/** cosign asks for 64 MiB; a file could ask for any. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_PARALLEL = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/**
 * Opens a key.
 * @returns Null for a wrong passphrase.
 * @throws {RangeError} When the block is none of cosign's.
 */
export async function openCosignKey(pem: string, passphrase: Secret): Promise<KeyObject | null> {
  const { salt, cost, nonce, sealed } = parseSealedKey(pem);
  const [{ createPrivateKey, scryptSync }, { xsalsa20poly1305 }] = await Promise.all([
    import("node:crypto"),
    import("@noble/ciphers/salsa.js"),
  ]);
  const key = new Uint8Array(
    scryptSync(passphrase.reveal(), salt, KEY_BYTES, { ...cost, maxmem: 2 * MAX_MEMORY }),
  );
  let der: Uint8Array;
  try {
    der = xsalsa20poly1305(key, nonce).decrypt(sealed);
  } catch {
    // One bit that differs looks the same.
    return null;
  }
  return createPrivateKey({ key: der as never, format: "der", type: "pkcs8" });
}

function parseSealedKey(pem: string): SealedKey {
  const packed = pem.replace(/-----[^-]+-----/g, "").replace(/\s+/g, "");
  let fields: unknown;
  try {
    fields = JSON.parse(new TextDecoder().decode(decodeBase64(packed)));
  } catch (error) {
    throw new RangeError("its block is damaged", { cause: error });
  }
  const { kdf, cipher, ciphertext } = objectOf(fields);
  const { name: derivation, params, salt } = objectOf(kdf);
  const { name: sealing, nonce } = objectOf(cipher);
  if (derivation !== "scrypt" || sealing !== "nacl/secretbox") {
    throw new RangeError(`it is sealed with ${derivation} and ${sealing}`);
  }
  const { N, r, p } = objectOf(params);
  const [cost, rounds, lanes] = [numberOf(N), numberOf(r), numberOf(p)];
  if (
    cost < 2 || !Number.isInteger(Math.log2(cost)) || rounds * cost * 128 > MAX_MEMORY ||
    lanes > MAX_PARALLEL
  ) {
    throw new RangeError("it asks for too much memory or time");
  }
  const parsed = {
    salt: bytesOf(salt),
    cost: { N: cost, r: rounds, p: lanes },
    nonce: bytesOf(nonce),
    sealed: bytesOf(ciphertext),
  };
  if (parsed.nonce.length !== NONCE_BYTES || parsed.sealed.length <= TAG_BYTES) {
    throw new RangeError("its block is damaged");
  }
  return parsed;
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new RangeError("its block is damaged");
  return value as Record<string, unknown>;
}

function numberOf(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError("its block is damaged");
}

function bytesOf(value: unknown): Uint8Array {
  try {
    if (typeof value === "string" && value !== "") return decodeBase64(value);
  } catch {
    // Told of below.
  }
  throw new RangeError("its block is damaged");
}
