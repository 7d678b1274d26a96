import { reasonOf, UserError } from "../../errors.ts";
import { FileError, type Files } from "../../runtime/files.ts";
import { signatureFileOf, sigstoreFileOf } from "../signing/signature_file.ts";
import { canvOsSuffix, partListOf, partSuffix } from "./part_list.ts";

/**
 * Removes what an older archive of the same name left beside a new one, which is in its place:
 * readers would take it for the new one, or for parts of it. Signatures do not fit its bytes any more.
 * @param path Of the whole, also when only parts of it are there.
 * @param partCount Undefined when the new one is one file.
 * @throws {UserError} `io`
 */
export async function removeStale(
  path: string,
  partCount: number | undefined,
  files: Files,
): Promise<void> {
  const stale = [
    signatureFileOf(path),
    sigstoreFileOf(path),
    partCount === undefined ? partListOf(path) : path,
  ];
  const parts = await partsFrom(partCount ?? 0, (at) => `${path}${partSuffix(at)}`, files);
  // An ISO of CanvOS takes every one of them that lies there, and we write none.
  const ofCanvOs = await partsFrom(0, (at) => `${path}${canvOsSuffix(at)}`, files);
  for (const file of [...stale, ...parts, ...ofCanvOs]) await remove(file, files);
}

/** The last one first: what an interrupted run leaves has no gap, and is found by the next. */
async function partsFrom(
  first: number,
  pathOf: (at: number) => string,
  files: Files,
): Promise<string[]> {
  const parts: string[] = [];
  for (let at = first; await isFile(pathOf(at), files); at++) parts.unshift(pathOf(at));
  return parts;
}

async function isFile(path: string, files: Files): Promise<boolean> {
  const info = await files.linkInfo(path);
  return info !== null && !info.isFolder;
}

async function remove(path: string, files: Files): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot remove "${path}": ${reasonOf(error)}`, {
      hint: "Remove it: it is of an older archive than the one that lies beside it now",
      cause: error,
    });
  }
}
