import { UserError } from "../../errors.ts";
import { FileError, joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import type { ListedBundle } from "./list.ts";

const SCHEME = "file://";
const ARCHIVE = /\.(tar|tgz|zst|tar\.gz|tar\.zst)$/;

/**
 * Archives and layouts of a folder, by their names: nothing is opened.
 * @returns Null when `place` is not meant as a folder.
 * @throws {UserError} `io`
 */
export async function listLocalBundles(
  place: string,
  { runtime: { files } }: CommandContext,
): Promise<ListedBundle[] | null> {
  const isLocal = place.startsWith(SCHEME) || /^(\.|\/|[a-z]:[\\/])/i.test(place);
  if (!isLocal) return null;
  const folder = files.absolute(place.startsWith(SCHEME) ? place.slice(SCHEME.length) : place);
  try {
    const info = await files.info(folder);
    if (info === null) throw new FileError("not-found", "no such file or folder");
    if (!info.isFolder) throw new FileError("not-a-file", "it is no folder");
    const found: ListedBundle[] = [];
    for (const name of await files.list(folder)) {
      const path = joinPath(folder, name);
      const entry = await files.info(path);
      const isBundle = entry?.isFile
        ? ARCHIVE.test(name)
        : entry?.isFolder && await files.info(joinPath(path, "oci-layout")) !== null;
      if (isBundle) found.push({ name, reference: `${SCHEME}${path}` });
    }
    return found;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot list "${place}" of --repo: ${error.message}`, {
      hint: "Give a folder, or a repository as HOST/PATH",
      cause: error,
    });
  }
}
