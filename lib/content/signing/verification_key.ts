import type { KeyObject } from "node:crypto";
import { reasonOf, UserError } from "../../errors.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { Files } from "../../runtime/files.ts";
import { type Algorithm, algorithmOf, KEY_HINT } from "./algorithm.ts";
import { type KeyBlock, keyBlockOf, readKeyFile } from "./key_file.ts";

/** A public key that signatures are checked with. */
export interface VerificationKey {
  algorithm: Algorithm;
  /** SHA-256 of its SubjectPublicKeyInfo: the same for a key pair, whatever the file. */
  keyId: Digest;
  begin(): SignatureCheck;
}

/** Checks the signature of what is given piece by piece. */
export interface SignatureCheck {
  update(bytes: Uint8Array): void;
  /** Call it once, at the end. */
  fits(signature: Uint8Array): boolean;
}

/**
 * Reads a public key (PEM: SPKI or PKCS#1).
 * @param source Flag that named the file, for messages.
 * @throws {UserError} `io`, `validation`
 */
export async function readVerificationKey(
  path: string,
  source: string,
  { files, crypto }: { files: Files; crypto: Crypto },
): Promise<VerificationKey> {
  const block = await readKeyFile(path, source, files);
  return await keyOf(block, `"${path}" of ${source}`, crypto);
}

/**
 * A public key from its text.
 * @param what Names it in errors.
 * @throws {UserError} `validation`
 */
export async function verificationKeyOf(
  pem: string,
  what: string,
  crypto: Crypto,
): Promise<VerificationKey> {
  const block = keyBlockOf(pem);
  if (block === null) throw unusable(what, "it is no PEM key");
  return await keyOf(block, what, crypto);
}

async function keyOf(block: KeyBlock, what: string, crypto: Crypto): Promise<VerificationKey> {
  if (!block.label.endsWith("PUBLIC KEY")) {
    throw unusable(
      what,
      "it is a private key",
      "Give the public one: openssl pkey -in key.pem -pubout -out public.pem",
    );
  }
  const { createPublicKey, createVerify } = await import("node:crypto");
  let key: KeyObject;
  try {
    key = createPublicKey(block.pem);
  } catch (error) {
    throw unusable(what, reasonOf(error));
  }
  const algorithm = algorithmOf(key);
  if (typeof algorithm !== "string") throw unusable(what, algorithm.unusable);
  return {
    algorithm,
    keyId: await keyIdOf(key, crypto),
    begin() {
      const check = createVerify("sha256");
      return {
        update: (bytes) => void check.update(bytes),
        fits: (signature) => check.verify(key, signature),
      };
    },
  };
}

/** What names a key pair: SHA-256 of the public key's DER form. */
export async function keyIdOf(publicKey: KeyObject, crypto: Crypto): Promise<Digest> {
  const der = publicKey.export({ type: "spki", format: "der" });
  return await digestOf(new Uint8Array(der), crypto);
}

function unusable(what: string, reason: string, hint = KEY_HINT): UserError {
  return new UserError("validation", `Cannot check signatures with ${what}: ${reason}`, { hint });
}
