import { openArchiveFile } from "../../content/archive/open_archive_file.ts";
import { signFile } from "../../content/signing/sign_file.ts";
import { readSigningKey, type SigningKey } from "../../content/signing/signing_key.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import { signingPassphrase } from "./signing_passphrase.ts";

export interface BundleSigning {
  key: SigningKey;
  /** As a definition names it. */
  entry: { algorithm: string; keyId: string };
}

/** The key of `--private-key`: read before anything is fetched. */
export async function openSigning(
  path: string | undefined,
  context: CommandContext,
): Promise<BundleSigning | null> {
  if (path === undefined) return null;
  const { files, crypto } = context.runtime;
  const key = await readSigningKey(expandPath(path, context.runtime), "--private-key", {
    files,
    crypto,
    passphrase: (variables) => signingPassphrase(variables, context),
  });
  return { key, entry: { algorithm: key.algorithm, keyId: key.keyId } };
}

/**
 * Signs a file that was written, split or whole.
 * @returns The signature files.
 */
export async function signOutput(
  path: string,
  { key }: BundleSigning,
  { runtime: { files, crypto }, signal }: CommandContext,
): Promise<string[]> {
  const content = await openArchiveFile(path, files);
  try {
    const { signatureFile, sigstoreFile } = await signFile(path, content, key, {
      files,
      crypto,
      signal,
    });
    return [signatureFile, sigstoreFile];
  } finally {
    content.close();
  }
}
