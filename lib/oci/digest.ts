import { encodeHex } from "./hex.ts";
import type { Crypto } from "../runtime/crypto.ts";

/** `sha256:` and 64 hexadecimal digits (OCI image spec, descriptor.md). */
export type Digest = `sha256:${string}`;

/** Whether a text is a digest that can be checked here. */
export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The 64 digits of a digest: the name of its blob in a layout. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** The digest of bytes that stand in memory: a manifest or the like. */
export async function digestOf(bytes: Uint8Array, crypto: Crypto): Promise<Digest> {
  return digestFrom(await crypto.sha256Of(bytes));
}

/** A digest from its 32 bytes. */
export function digestFrom(hash: Uint8Array): Digest {
  return `sha256:${encodeHex(hash)}`;
}
