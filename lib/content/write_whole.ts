import { UserError } from "../errors.ts";
import { FileError, type Files, folderOf } from "../runtime/files.ts";

/**
 * Writes a file that is not secret, whole or not at all; one that is there is replaced.
 * @throws {UserError} `io`
 */
export async function writeWhole(
  path: string,
  content: Uint8Array<ArrayBuffer>,
  files: Files,
): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await files.remove(partial);
    await files.createFlushed(partial, content, 0o644);
    await files.rename(partial, path);
    await files.flushFolder(folderOf(path));
  } catch (error) {
    await files.remove(partial).catch(() => {});
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot write "${path}": ${error.message}`, {
      hint: "Check the folder and its permissions",
      cause: error,
    });
  }
}
