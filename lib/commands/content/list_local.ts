import { UserError } from "../../errors.ts";
import { kindOfPath } from "../../content/archive/kind_of_path.ts";
import { parsePartList } from "../../content/archive/part_list.ts";
import { baseName, FileError, type Files, joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import type { ListedBundle } from "./list.ts";
import { isFolderHere } from "./path_or_registry.ts";

const SCHEME = "file://";
const PART_LIST = /\.parts\.json$/;
/** Lists of parts are short. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const ARCHIVE = /\.(tar|tgz|zst|tar\.gz|tar\.zst)$/;

/**
 * Archives and layouts of a folder, by names and first bytes: nothing is unpacked. One in parts is
 * told by its list; a folder that is a layout itself lists itself.
 * @returns Null when `place` is not meant as a folder.
 * @throws {UserError} `io`, `not-found`
 */
export async function listLocalBundles(
  place: string,
  { runtime: { files } }: CommandContext,
): Promise<ListedBundle[] | null> {
  const isLocal = place.startsWith(SCHEME) || /^(\.|\/|[a-z]:[\\/])/i.test(place) ||
    await isFolderHere(place, files);
  if (!isLocal) return null;
  const folder = plainPath(
    files.absolute(place.startsWith(SCHEME) ? place.slice(SCHEME.length) : place),
  );
  try {
    const info = await files.info(folder);
    if (info === null) throw new FileError("not-found", "no such file or folder");
    if (!info.isFolder) throw new FileError("not-a-file", "it is no folder");
    if (await isLayout(folder, files)) {
      return [{ name: baseName(folder), reference: `${SCHEME}${folder}` }];
    }
    const found: ListedBundle[] = [];
    for (const name of await files.list(folder)) {
      const path = joinPath(folder, name);
      const entry = await files.info(path);
      const isBundle = entry?.isFile
        ? await isArchive(path, entry.size, files)
        : entry?.isFolder && await isLayout(path, files);
      if (isBundle) found.push({ name, reference: `${SCHEME}${path}` });
    }
    if (found.length > 0) return found;
    throw new UserError("not-found", `No bundles found in "${place}"`, {
      hint: "Name the folder that holds archives or layouts; those below it are not looked into",
    });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot list "${place}" of --repo: ${error.message}`, {
      hint: "Give a folder, or a repository as HOST/PATH",
      cause: error,
    });
  }
}

async function isLayout(folder: string, files: Files): Promise<boolean> {
  return await files.info(joinPath(folder, "oci-layout")) !== null;
}

async function isArchive(path: string, size: number, files: Files): Promise<boolean> {
  const isList = PART_LIST.test(path);
  if (!isList && !ARCHIVE.test(path) || isList && size > MAX_LIST_BYTES) return false;
  try {
    if (!isList) return await kindOfPath(path, files) === "bundle";
    parsePartList(new TextDecoder().decode(await files.readBytes(path)));
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    // One that cannot be read is listed: whoever opens it is told why.
    if (error instanceof FileError || error instanceof UserError) return true;
    throw error;
  }
}

/** An absolute path without `.` in it. */
export function plainPath(path: string): string {
  return path.replace(/([/\\])(?:\.(?:[/\\]+|$))+/g, "$1").replace(/(?<=[^/\\:])[/\\]+$/, "");
}
