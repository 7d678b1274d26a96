import { reasonOf, UserError } from "../../errors.ts";
import { readCaFile } from "../../api/ca_file.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import { readTlsKey } from "./tls_key.ts";

/**
 * Certificate and key of a server, checked here: the server itself would only say that it cannot.
 * @throws {UserError} `io`, `validation`
 */
export async function readServerTls(
  { cert, key }: { cert: string; key: string },
  context: CommandContext,
): Promise<{ certificate: string; key: string }> {
  const { files } = context.runtime;
  const certPath = expandPath(cert, context.runtime);
  const certificates = await readCaFile(certPath, "--tls-cert", files);
  const text = await readTlsKey(expandPath(key, context.runtime), files, key);
  const refuse = (reason: string, hint: string) =>
    new UserError("validation", `Cannot use "${key}" of --tls-key: ${reason}`, { hint });
  const { X509Certificate, createPrivateKey } = await import("node:crypto");
  let isRight: boolean;
  try {
    isRight = new X509Certificate(certificates[0] ?? "").checkPrivateKey(createPrivateKey(text));
  } catch (error) {
    throw refuse(reasonOf(error), "Give a file with -----BEGIN PRIVATE KEY-----");
  }
  if (!isRight) {
    throw refuse(`it is not the key of "${cert}"`, "The server's own certificate comes first");
  }
  return { certificate: `${certificates.join("\n")}\n`, key: `${text}\n` };
}
