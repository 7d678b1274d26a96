import { encodeBase64url } from "./base64url.ts";

/** Kinds of files with secrets; part of what each value is bound to. */
export type SecretFileKind =
  | "palette"
  | "pcg"
  | "ec"
  | "tc"
  | "registry"
  | "app-profile"
  | "ova"
  | "validator";

/** The place a value belongs to; it decrypts nowhere else. */
export interface Binding {
  kind: SecretFileKind;
  /** RFC 6901, keys exactly as spelled in the file, list index in decimal. */
  pointer: string;
  /** Where the credential may be sent (`audienceOf`); empty for one that is sent nowhere. */
  audience: string;
}

/**
 * Associated data of a value: format, kind, fileId (its text), pointer and audience, joined by NUL.
 * @throws {TypeError} When a part has a NUL or half a surrogate pair, which would make two places
 *   look the same.
 */
export function associatedData(binding: Binding, fileId: string): Uint8Array<ArrayBuffer> {
  const parts = [FORMAT, binding.kind, fileId, binding.pointer, binding.audience];
  if (parts.some((part) => part.includes("\0"))) {
    throw new TypeError("a NUL in the place of an encrypted value");
  }
  if (!parts.every((part) => part.isWellFormed())) {
    throw new TypeError("half a surrogate pair in the place of an encrypted value");
  }
  return new TextEncoder().encode(parts.join("\0"));
}

const FORMAT = "palette/v1";

/** What the file says about an address that gets a credential. */
export interface Address {
  /** As it stands in the file; without a scheme it means https. */
  url: string;
  /** TLS verification is off in the file. */
  insecure?: boolean;
  /** Content of the CA file, when the file names one. */
  caFile?: Uint8Array<ArrayBuffer>;
}

/**
 * The audience of a credential: origin of the address, with the TLS settings that decide who can
 * pose as it. Null when the address is none.
 */
export async function audienceOf(address: Address): Promise<string | null> {
  const origin = originOf(address.url);
  if (origin === null) return null;
  const insecure = address.insecure === true ? "|insecure" : "";
  const ca = address.caFile === undefined
    ? ""
    : `|ca=${
      encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", address.caFile)))
    }`;
  return `${origin}${insecure}${ca}`;
}

function originOf(url: string): string | null {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `https://${url}`;
  try {
    const { origin } = new URL(absolute);
    return origin === "null" ? null : origin;
  } catch {
    return null;
  }
}
