import { type Digest, digestFrom } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { FileReader, Files } from "../../runtime/files.ts";
import { filePieces } from "../file_pieces.ts";
import { writeWhole } from "../write_whole.ts";
import { formatSigstoreBundle } from "./sigstore_bundle.ts";
import { signatureFileOf, sigstoreFileOf } from "./signature_file.ts";
import type { SigningKey } from "./signing_key.ts";

export interface SignFileParts {
  files: Files;
  crypto: Crypto;
  signal?: AbortSignal;
}

/** What signing a file made. */
export interface SignedFile {
  /** Of the file. */
  digest: Digest;
  signature: Uint8Array<ArrayBuffer>;
  /** The raw signature: what hosts and OpenSSL take. */
  signatureFile: string;
  /** The same for cosign. */
  sigstoreFile: string;
}

/**
 * Signs a file as a whole and writes the signature beside it, in two forms.
 * @param path Names the signature files.
 * @param content What is signed; parts of a split archive are joined by the caller.
 * @throws {UserError} `io`
 */
export async function signFile(
  path: string,
  content: Pick<FileReader, "size" | "readAt">,
  key: SigningKey,
  { files, crypto, signal }: SignFileParts,
): Promise<SignedFile> {
  const signing = key.begin();
  const hash = await crypto.sha256();
  for await (const piece of filePieces(content, signal === undefined ? {} : { signal })) {
    signing.update(piece);
    hash.update(piece);
  }
  const digest = digestFrom(hash.digest());
  const signature = signing.sign();
  const [signatureFile, sigstoreFile] = [signatureFileOf(path), sigstoreFileOf(path)];
  const bundle = formatSigstoreBundle({ digest, signature, keyId: key.keyId });
  await writeWhole(sigstoreFile, new TextEncoder().encode(bundle), files);
  await writeWhole(signatureFile, signature, files);
  return { digest, signature, signatureFile, sigstoreFile };
}
