/**
 * The sigstore bundle (protobuf-specs, bundle v0.3): a signature with what is needed to check it
 * offline. Ours names the public key and needs no transparency log.
 */

import { type Digest, hexOf } from "../../oci/digest.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

export const SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** A signature over a file. */
export interface FileSignature {
  /** Of the file. */
  digest: Digest;
  signature: Uint8Array;
  keyId: Digest;
}

/** The bundle of a file's signature; `cosign verify-blob --bundle F --key K` takes it. */
export function formatSigstoreBundle({ digest, signature, keyId }: FileSignature): string {
  return JSON.stringify({
    mediaType: SIGSTORE_BUNDLE,
    verificationMaterial: publicKeyMaterial(keyId),
    messageSignature: {
      messageDigest: { algorithm: "SHA2_256", digest: encodeBase64(bytesOf(digest)) },
      signature: encodeBase64(signature),
    },
  });
}

/** How a bundle names the key that it is checked with: as cosign does. */
export function publicKeyMaterial(keyId: Digest) {
  return { publicKey: { hint: encodeBase64(bytesOf(keyId)) } };
}

function bytesOf(digest: Digest): Uint8Array {
  const pairs = hexOf(digest).match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** The signature over a file in a bundle; null when there is none. */
export function parseSigstoreBundle(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const { messageSignature } = JSON.parse(text) as {
      messageSignature?: { signature?: unknown };
    };
    const signature = messageSignature?.signature;
    return typeof signature === "string" ? decodeBase64(signature) : null;
  } catch {
    return null;
  }
}
