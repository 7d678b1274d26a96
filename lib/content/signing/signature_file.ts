import { UserError } from "../../errors.ts";
import { FileError, type Files } from "../../runtime/files.ts";
import { decodeBase64 } from "./base64.ts";
import { parseSigstoreBundle } from "./sigstore_bundle.ts";

/** Where the signature of a file lies: `b.tar.zst` has `b.tar.sig.bin`, `d.tgz` has `d.sig.bin`. */
export function signatureFileOf(path: string): string {
  return `${path.replace(/(?<=[^/\\])\.[^./\\]*$/, "")}.sig.bin`;
}

/** Where the same signature lies in the form of sigstore: `b.tar.zst.sigstore.json`. */
export function sigstoreFileOf(path: string): string {
  return `${path}.sigstore.json`;
}

/** No signature and no sigstore bundle with a public key is larger. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a signature: raw bytes, the base64 text that cosign writes, or a sigstore bundle.
 * @throws {UserError} `io` when it cannot be read, `validation` when it is none.
 */
export async function readSignature(path: string, files: Files): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const info = await files.info(path);
    if (info !== null && info.size > MAX_BYTES) throw new FileError("other", "it is too large");
    bytes = await files.readBytes(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot read the signature "${path}": ${error.message}`, {
      hint: "Check the path given to --signature",
      cause: error,
    });
  }
  const text = textOf(bytes);
  const signature = text === null
    ? bytes
    : text.startsWith("{")
    ? parseSigstoreBundle(text)
    : textSignatureOf(text) ?? bytes;
  if (signature !== null && signature.length > 0) return signature;
  throw new UserError("validation", `Cannot use "${path}": there is no signature in it`, {
    hint: "Give the .sig.bin or the .sigstore.json that was made with the file",
  });
}

/** Null for raw bytes: random ones are no UTF-8 text by chance, whatever they begin with. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
  } catch {
    return null;
  }
}

/** Null for what is no base64 text: no raw signature is one by chance. */
function textSignatureOf(text: string): Uint8Array<ArrayBuffer> | null {
  const packed = text.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed) || packed.length % 4 !== 0) return null;
  return decodeBase64(packed);
}
