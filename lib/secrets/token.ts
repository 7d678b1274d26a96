import { decodeBase64url, encodeBase64url } from "./base64url.ts";

/** What a token holds. */
export interface TokenPayload {
  /** 12 bytes. */
  nonce: Uint8Array<ArrayBuffer>;
  /** Ciphertext followed by the 16-byte tag. */
  sealed: Uint8Array<ArrayBuffer>;
}

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_PAYLOAD_BYTES = 1024 * 1024;
const MAX_TEXT_LENGTH = Math.ceil(MAX_PAYLOAD_BYTES * 4 / 3);
const PREFIX = "enc:v1:";
const ANY_VERSION = /^enc:v\d+:/;

/** Has the look of a token, of this or a later version of the format. */
export function isToken(value: string): boolean {
  return ANY_VERSION.test(value);
}

/** `enc:v1:` and base64url of nonce, ciphertext and tag. */
export function formatToken({ nonce, sealed }: TokenPayload): string {
  const payload = new Uint8Array(nonce.length + sealed.length);
  payload.set(nonce);
  payload.set(sealed, nonce.length);
  return PREFIX + encodeBase64url(payload);
}

/** Why a text is not a token we can read; a reason in words. */
export class MalformedToken extends Error {
  override readonly name = "MalformedToken";
}

/**
 * Takes a token apart.
 * @throws {MalformedToken} For another version, a non-canonical encoding or a size out of bounds.
 */
export function parseToken(text: string): TokenPayload {
  if (!text.startsWith(PREFIX)) {
    throw new MalformedToken(
      isToken(text) ? "written by a newer palette" : "it is not an encrypted value",
    );
  }
  const encoded = text.slice(PREFIX.length);
  if (encoded.length > MAX_TEXT_LENGTH) throw new MalformedToken("it is longer than 1 MiB");
  const payload = decodeBase64url(encoded);
  if (payload === null) throw new MalformedToken("it is not canonical base64url");
  if (payload.length < NONCE_BYTES + TAG_BYTES) throw new MalformedToken("it is too short");
  if (payload.length > MAX_PAYLOAD_BYTES) throw new MalformedToken("it is longer than 1 MiB");
  return { nonce: payload.slice(0, NONCE_BYTES), sealed: payload.slice(NONCE_BYTES) };
}
