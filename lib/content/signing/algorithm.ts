import type { KeyObject } from "node:crypto";

/** How signatures are made: what Edge hosts and OpenSSL check with `dgst -sha256`. */
export const ALGORITHMS = ["RSA-PKCS1v15-SHA256", "ECDSA-P256-SHA256"] as const;

export type Algorithm = typeof ALGORITHMS[number];

/**
 * How a signature was made, by its form: a sequence of two numbers (RFC 3279, 2.2.3), shorter than any
 * of RSA, or as many bytes as an RSA key has.
 */
export function algorithmOfSignature(signature: Uint8Array): Algorithm {
  const isSequence = signature[0] === 0x30 && signature[1] === signature.length - 2;
  return isSequence ? "ECDSA-P256-SHA256" : "RSA-PKCS1v15-SHA256";
}

/** Shorter ones are no longer safe (NIST SP 800-131A). */
const LEAST_RSA_BITS = 2048;

/** The algorithm of a key, or why it cannot be used. */
export function algorithmOf(key: KeyObject): Algorithm | { unusable: string } {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
      return modulusLength >= LEAST_RSA_BITS
        ? "RSA-PKCS1v15-SHA256"
        : { unusable: `an RSA key of ${modulusLength} bits is too short` };
    case "ec":
      return namedCurve === "prime256v1"
        ? "ECDSA-P256-SHA256"
        : { unusable: `its curve is ${namedCurve}, and only P-256 is taken` };
    case "ed25519":
    case "ed448":
      return { unusable: "RSA and ECDSA P-256 keys are taken, no Ed25519 ones" };
    default:
      return { unusable: `a key of type ${key.asymmetricKeyType} is not taken` };
  }
}

export const KEY_HINT =
  "Make an RSA key: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out key.pem";
