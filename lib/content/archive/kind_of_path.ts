import { reasonOf, UserError } from "../../errors.ts";
import { FileError, type Files } from "../../runtime/files.ts";
import { canvOsSuffix, partListOf, partSuffix } from "./part_list.ts";
import { TAR_BLOCK } from "./tar_header.ts";
import { parseTarHeader } from "./tar_scan.ts";
import { isZstd } from "./zstd_frame.ts";

export type PathKind = "bundle" | "other" | "none";

/**
 * What a path names: a bundle to be opened, `other` content of a file, or nothing. A file tells by
 * its first bytes.
 * @throws {UserError} `io`
 */
export async function kindOfPath(path: string, files: Files): Promise<PathKind> {
  try {
    return await find(path, files);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot open "${path}": ${reasonOf(error)}`, { cause: error });
  }
}

async function find(path: string, files: Files): Promise<PathKind> {
  const info = await files.info(path);
  if (info === null) {
    for (const part of [partListOf(path), `${path}${partSuffix(0)}`, `${path}${canvOsSuffix(0)}`]) {
      if (await files.info(part) !== null) return "bundle";
    }
    return "none";
  }
  if (info.isFolder || /\.parts\.json$/.test(path)) return "bundle";
  if (!info.isFile) throw new FileError("not-a-file", "it is no file");
  const reader = await files.openReader(path);
  try {
    const block = new Uint8Array(TAR_BLOCK);
    const head = block.subarray(0, reader.readAt(block, 0));
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    return isGzip || isZstd(head) || parseTarHeader(head) !== null ? "bundle" : "other";
  } finally {
    reader.close();
  }
}
