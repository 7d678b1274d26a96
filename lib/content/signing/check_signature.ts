import { type Digest, digestFrom } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { FileReader } from "../../runtime/files.ts";
import { filePieces } from "../file_pieces.ts";
import type { VerificationKey } from "./verification_key.ts";

export interface CheckedFile {
  fits: boolean;
  /** Of the file, which has been read to its end. */
  digest: Digest;
}

/** Checks the signature of a file; gives its digest, too, since it is read anyway. */
export async function checkSignature(
  content: Pick<FileReader, "size" | "readAt">,
  signature: Uint8Array,
  key: VerificationKey,
  { crypto, signal }: { crypto: Crypto; signal?: AbortSignal },
): Promise<CheckedFile> {
  const check = key.begin();
  const hash = await crypto.sha256();
  for await (const piece of filePieces(content, signal === undefined ? {} : { signal })) {
    check.update(piece);
    hash.update(piece);
  }
  return { fits: check.fits(signature), digest: digestFrom(hash.digest()) };
}
