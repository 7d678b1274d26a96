import { reasonOf, UserError } from "../errors.ts";
import { FileError } from "../runtime/files.ts";
import type { BytesReader } from "../runtime/read_once.ts";

/**
 * The certificates of a PEM file. Checked here: the HTTP client takes garbage without a word and
 * then trusts nothing more.
 * @param source Flag, variable or field that named the file, for messages.
 * @throws {UserError} `io` when it cannot be read, `validation` when it holds no certificate.
 */
export async function readCaFile(
  path: string,
  source: string,
  files: BytesReader,
): Promise<string[]> {
  let text: string;
  try {
    text = new TextDecoder().decode(await files.readBytes(path));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot read "${path}" of ${source}: ${error.message}`, {
      cause: error,
    });
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  if (certificates === null) {
    throw notCertificates(path, source, "there is no PEM certificate in it");
  }
  const { X509Certificate } = await import("node:crypto");
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      throw notCertificates(path, source, reasonOf(error));
    }
  }
  return certificates;
}

function notCertificates(path: string, source: string, reason: string): UserError {
  return new UserError("validation", `Cannot use "${path}" of ${source}: ${reason}`, {
    hint: "Give the CA's certificate in PEM form (-----BEGIN CERTIFICATE-----)",
  });
}
