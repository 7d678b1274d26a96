import { UserError } from "../../errors.ts";
import { keyBlockOf, readKeyText } from "../../content/signing/key_file.ts";
import type { Files } from "../../runtime/files.ts";

/**
 * The private key of `--tls-key`, of a client or a server.
 * @param given As the user wrote the path.
 * @throws {UserError} `io`, `validation`
 */
export async function readTlsKey(path: string, files: Files, given = path): Promise<string> {
  const block = keyBlockOf(await readKeyText(path, "--tls-key", files));
  const refuse = (reason: string, hint: string) =>
    new UserError("validation", `Cannot use "${given}" of --tls-key: ${reason}`, { hint });
  if (block === null || !block.label.endsWith("PRIVATE KEY")) {
    throw refuse(
      "there is no PEM private key in it",
      "Give a file with -----BEGIN PRIVATE KEY-----",
    );
  }
  // Asked for here, the library would wait for a passphrase at the terminal.
  if (block.isEncrypted) {
    throw refuse("it is encrypted", "Decrypt it: openssl pkey -in KEY -out PLAIN");
  }
  return block.pem;
}
