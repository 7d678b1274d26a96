import { ioError } from "../../config/file_store.ts";
import { type Files, folderOf, joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";

/** Folder of all that `content build` makes, below the current one. */
const OUTPUT = "output";
const FOLDER_MODE = 0o755;

/** Where bundles go. */
export function bundleFolder(output: string | undefined, context: CommandContext): string {
  return plainPath(output ?? joinPath(OUTPUT, "content-bundle"), context);
}

/** Where cluster definitions go: one folder above bundles, unless the user names one. */
export function definitionFolder(output: string | undefined, context: CommandContext): string {
  return plainPath(output ?? OUTPUT, context);
}

/** Where bundles of registries go: the current folder, unless the user names one. */
export function saveFolder(output: string | undefined, context: CommandContext): string {
  return plainPath(output ?? ".", context);
}

/** An absolute path without steps that lead nowhere. */
function plainPath(path: string, { runtime }: CommandContext): string {
  return expandPath(path, runtime).replace(/\/\.(?=\/|$)/g, "").replace(/(?<=.)\/+$/, "");
}

/**
 * Makes a folder and those above it.
 * @param wanted What is going to be written there, for the message.
 * @returns Those that were not there, the deepest first.
 * @throws {UserError} `io`
 */
export async function makeFolders(
  path: string,
  files: Files,
  wanted = path,
): Promise<string[]> {
  const made: string[] = [];
  try {
    for (let folder = path; await files.info(folder) === null;) {
      made.push(folder);
      folder = folderOf(folder);
    }
    await files.makeFolder(path, FOLDER_MODE);
  } catch (error) {
    for (const folder of made) await files.remove(folder).catch(() => {});
    throw ioError("write", wanted, error);
  }
  return made;
}

/**
 * Refuses a folder that cannot be made, before anything is looked up. What it had to make goes
 * again.
 * @throws {UserError} `io`
 */
export async function requireFolder(
  path: string,
  { runtime: { files } }: CommandContext,
  wanted = path,
): Promise<void> {
  const made = await makeFolders(path, files, wanted);
  for (const folder of made) await files.remove(folder).catch(() => {});
}

/**
 * Writes a file as a whole, in place of an older one; nothing is left of it when that fails.
 * @returns Its path.
 */
export async function writeOutput(
  folder: string,
  name: string,
  { bytes, mode }: { bytes: Uint8Array<ArrayBuffer>; mode: number },
  { runtime }: CommandContext,
): Promise<string> {
  const { files } = runtime;
  const path = joinPath(folder, name);
  const partial = `${path}.partial`;
  try {
    await files.makeFolder(folder, FOLDER_MODE);
    await files.remove(partial);
    await files.createFlushed(partial, bytes, mode);
    await files.rename(partial, path);
    await files.flushFolder(folder);
  } catch (error) {
    await files.remove(partial).catch(() => {});
    throw ioError("write", path, error);
  }
  return path;
}
