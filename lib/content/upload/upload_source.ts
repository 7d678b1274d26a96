import { UserError } from "../../errors.ts";
import { type Digest, digestFrom } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { baseName, FileError, type Files } from "../../runtime/files.ts";
import { openArchiveFile } from "../archive/open_archive_file.ts";
import { wholeNameOf } from "../archive/whole_name.ts";
import { filePieces } from "../file_pieces.ts";

/** What tells one content of a source from another, without reading all of it. */
export interface SourceIdentity {
  size: number;
  /** Time of the last change, of a file. */
  mtime: number | null;
  /** What its server calls this content, of an address. */
  etag: string | null;
  /** Of its first MiB. */
  headSha256: Digest;
}

/** A file to upload, here or behind an address. */
export interface UploadSource {
  /** The name that the host gets. */
  name: string;
  /** For messages. */
  place: string;
  identity: SourceIdentity;
  /** Whether reading a part twice costs nothing worth speaking of. */
  isLocal: boolean;
  /**
   * The bytes of a part; a piece is overwritten by the next.
   * @throws {UserError} When it cannot be read, or is not what it was any more.
   */
  pieces(start: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /**
   * Looks whether it still is what it was.
   * @throws {UserError} `conflict`
   */
  assertUnchanged(): Promise<void>;
  close(): void;
}

/** So much of the beginning tells a changed source. */
export const HEAD_BYTES = 1024 * 1024;

/**
 * Opens a file on this machine, or the parts of one.
 * @throws {UserError} `io`, `not-found`, `validation` when it is empty.
 */
export async function openFileSource(
  path: string,
  { files, crypto }: { files: Files; crypto: Crypto },
): Promise<UploadSource> {
  try {
    const info = await files.info(path);
    if (info?.isFolder) throw new FileError("not-a-file", "it is a folder");
    const whole = wholeNameOf(path);
    // Parts go as the file that they were.
    const reader = info === null || whole !== path
      ? await openArchiveFile(path, files)
      : await files.openReader(path);
    if (reader.size === 0) {
      reader.close();
      throw new UserError("validation", `Cannot upload "${path}": it is empty`);
    }
    const hash = await crypto.sha256();
    const end = Math.min(reader.size, HEAD_BYTES);
    for await (const piece of filePieces(reader, { end })) hash.update(piece);
    const mtime = info?.modified?.getTime() ?? null;
    return {
      name: baseName(whole),
      place: path,
      identity: {
        size: reader.size,
        mtime,
        etag: null,
        headSha256: digestFrom(hash.digest()),
      },
      isLocal: true,
      pieces: (start, end, signal) => filePieces(reader, { start, end, signal }),
      async assertUnchanged() {
        const now = await files.info(path);
        if (now?.size === info?.size && (now?.modified?.getTime() ?? null) === mtime) return;
        throw sourceChanged(path);
      },
      close: () => reader.close(),
    };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot read "${path}": ${error.message}`, {
      hint: "Check the path given to --file",
      cause: error,
    });
  }
}

/** Parts of two contents make no file. */
export function sourceChanged(place: string): UserError {
  return new UserError("conflict", `"${place}" changed while it was uploaded`, {
    hint: "Run the command again once it stays as it is; the upload starts afresh",
  });
}
