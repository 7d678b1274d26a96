import type { KeyObject } from "node:crypto";
import { reasonOf, UserError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { Files } from "../../runtime/files.ts";
import type { Secret } from "../../secrets/secret.ts";
import { type Algorithm, algorithmOf, KEY_HINT } from "./algorithm.ts";
import { isCosignLabel, openCosignKey } from "./cosign_key.ts";
import { type KeyBlock, readKeyFile } from "./key_file.ts";
import { keyIdOf } from "./verification_key.ts";

/** A private key that signs. */
export interface SigningKey {
  algorithm: Algorithm;
  /** SHA-256 of the SubjectPublicKeyInfo of its public key. */
  keyId: Digest;
  /** PEM, for those who check. */
  publicKey: string;
  begin(): Signing;
}

/** Signs what is given piece by piece. */
export interface Signing {
  update(bytes: Uint8Array): void;
  /** Raw RSA bytes, or the DER form of ECDSA: what OpenSSL writes. Call it once, at the end. */
  sign(): Uint8Array<ArrayBuffer>;
}

/** Where the passphrase of a key may be found, nearest first. */
export type PassphraseVariable = "PALETTE_SIGNING_KEY_PASSPHRASE" | "COSIGN_PASSWORD";

export interface SigningKeyParts {
  files: Files;
  crypto: Crypto;
  /** Asked for when the key is encrypted. */
  passphrase: (variables: readonly PassphraseVariable[]) => Promise<Secret>;
}

/**
 * Reads a private key (PEM: PKCS#8, PKCS#1 or SEC 1, encrypted or not; or one that cosign made).
 * @param source Flag that named the file, for messages.
 * @throws {UserError} `io`, `validation`, `decrypt-failed`; what `passphrase` throws.
 */
export async function readSigningKey(
  path: string,
  source: string,
  { files, crypto, passphrase }: SigningKeyParts,
): Promise<SigningKey> {
  const what = `"${path}" of ${source}`;
  const block = await readKeyFile(path, source, files);
  if (!block.label.endsWith("PRIVATE KEY")) {
    throw unusable(what, "it is a public key", "Give the private key of the pair");
  }
  if (block.label === "OPENSSH PRIVATE KEY") {
    throw unusable(
      what,
      "it is in the form of OpenSSH",
      "Turn a copy of it into PEM: ssh-keygen -p -m PKCS8 -f COPY",
    );
  }
  const { createPublicKey, createSign } = await import("node:crypto");
  const key = isCosignLabel(block.label)
    ? await openSealedKey(block, what, passphrase)
    : await openKey(block, what, passphrase);
  const algorithm = algorithmOf(key);
  if (typeof algorithm !== "string") throw unusable(what, algorithm.unusable);
  // The types of Deno leave out that Node takes the public half of a private key.
  const publicKey = createPublicKey(key.export({ type: "pkcs8", format: "pem" }) as string);
  return {
    algorithm,
    keyId: await keyIdOf(publicKey, crypto),
    publicKey: publicKey.export({ type: "spki", format: "pem" }) as string,
    begin() {
      const signing = createSign("sha256");
      return {
        update: (bytes) => void signing.update(bytes),
        sign: () => new Uint8Array(signing.sign(key)),
      };
    },
  };
}

async function openKey(
  { pem, isEncrypted }: KeyBlock,
  what: string,
  passphrase: SigningKeyParts["passphrase"],
): Promise<KeyObject> {
  const { createPrivateKey } = await import("node:crypto");
  const secret = isEncrypted ? await passphrase(["PALETTE_SIGNING_KEY_PASSPHRASE"]) : null;
  try {
    return createPrivateKey({
      key: pem,
      ...(secret === null ? {} : { passphrase: secret.reveal() }),
    });
  } catch (error) {
    const reason = reasonOf(error);
    if (secret !== null && /bad decrypt/i.test(reason)) {
      throw wrongPassphrase(what, "PALETTE_SIGNING_KEY_PASSPHRASE");
    }
    throw unusable(
      what,
      secret === null ? reason : `wrong passphrase, or an encryption that is not known: ${reason}`,
      "Turn it into a usual form: openssl pkcs8 -topk8 -v2 aes-256-cbc -in key.pem -out new.pem",
    );
  }
}

async function openSealedKey(
  { pem }: KeyBlock,
  what: string,
  passphrase: SigningKeyParts["passphrase"],
): Promise<KeyObject> {
  const secret = await passphrase(["PALETTE_SIGNING_KEY_PASSPHRASE", "COSIGN_PASSWORD"]);
  let key: KeyObject | null;
  try {
    key = await openCosignKey(pem, secret);
  } catch (error) {
    throw unusable(what, reasonOf(error), "Make a key afresh: cosign generate-key-pair");
  }
  if (key === null) throw wrongPassphrase(what, "COSIGN_PASSWORD");
  return key;
}

function wrongPassphrase(what: string, variable: PassphraseVariable): UserError {
  return new UserError("decrypt-failed", `Cannot open ${what}: wrong passphrase`, {
    hint: `Set ${variable} to the passphrase of the key`,
  });
}

function unusable(what: string, reason: string, hint = KEY_HINT): UserError {
  return new UserError("validation", `Cannot sign with ${what}: ${reason}`, { hint });
}
