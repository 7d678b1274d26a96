import { UserError } from "../../errors.ts";
import { FileError, type Files } from "../../runtime/files.ts";

/** The one PEM block of a file that holds a key (RFC 7468). */
export interface KeyBlock {
  /** `PRIVATE KEY`, `RSA PRIVATE KEY`, `PUBLIC KEY` and others. */
  label: string;
  /** The block alone: what stands around it, as the parameters of a curve, is not needed. */
  pem: string;
  isEncrypted: boolean;
}

/** No key is larger. */
const MAX_BYTES = 64 * 1024;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s[\s\S]*?-----END \1-----/g;

/**
 * Finds the key in a PEM file.
 * @param source Flag that named the file, for messages.
 * @throws {UserError} `io` when it cannot be read, `validation` when there is no key in it.
 */
export async function readKeyFile(path: string, source: string, files: Files): Promise<KeyBlock> {
  const block = keyBlockOf(await readKeyText(path, source, files));
  if (block !== null) return block;
  throw new UserError(
    "validation",
    `Cannot use "${path}" of ${source}: there is no PEM key in it`,
    {
      hint: "Give a key in PEM form, as openssl writes it (-----BEGIN ...)",
    },
  );
}

/**
 * Reads the text of a file that is to hold a key.
 * @throws {UserError} `io`
 */
export async function readKeyText(path: string, source: string, files: Files): Promise<string> {
  try {
    const info = await files.info(path);
    if (info !== null && info.size > MAX_BYTES) throw new FileError("other", "it is too large");
    return new TextDecoder().decode(await files.readBytes(path));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot read "${path}" of ${source}: ${error.message}`, {
      hint: "Check the path and its permissions",
      cause: error,
    });
  }
}

/** The first key of a text; null when there is none. */
export function keyBlockOf(text: string): KeyBlock | null {
  for (const [pem, label = ""] of text.matchAll(BLOCK)) {
    if (!/(PRIVATE|PUBLIC) KEY$/.test(label)) continue;
    const isEncrypted = label.startsWith("ENCRYPTED ") || /^Proc-Type: 4,ENCRYPTED/m.test(pem);
    return { label, pem, isEncrypted };
  }
  return null;
}
