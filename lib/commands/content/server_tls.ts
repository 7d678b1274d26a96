import { UserError } from "../../errors.ts";
import { readCaFile } from "../../api/ca_file.ts";
import type { Files } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { expandPath, readUserFile } from "../paths.ts";

/**
 * Certificate and key of a server, checked here: the server itself would only say that it cannot.
 * @throws {UserError} `io`, `validation`
 */
export async function readServerTls(
  { cert, key }: { cert: string; key: string },
  context: CommandContext,
): Promise<{ certificate: string; key: string }> {
  const { files }: { files: Files } = context.runtime;
  const certificates = await readCaFile(
    expandPath(cert, context.runtime),
    "--tls-cert",
    files,
  );
  const text = await readUserFile(expandPath(key, context.runtime), context);
  const refuse = (reason: string, hint: string) =>
    new UserError("validation", `Cannot use "${key}" of --tls-key: ${reason}`, { hint });
  if (/ENCRYPTED/.test(text)) {
    // Asked for here, the library would wait for a passphrase at the terminal.
    throw refuse("it is encrypted", "Decrypt it: openssl pkey -in KEY -out PLAIN");
  }
  const { X509Certificate, createPrivateKey } = await import("node:crypto");
  let isRight: boolean;
  try {
    isRight = new X509Certificate(certificates[0] ?? "").checkPrivateKey(createPrivateKey(text));
  } catch {
    throw refuse(
      "there is no PEM private key in it",
      "Give a file with -----BEGIN PRIVATE KEY-----",
    );
  }
  if (!isRight) {
    throw refuse(`it is not the key of "${cert}"`, "The server's own certificate comes first");
  }
  return { certificate: `${certificates.join("\n")}\n`, key: text };
}
