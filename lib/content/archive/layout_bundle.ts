import { Layout } from "../../oci/layout.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { type Files, joinPath } from "../../runtime/files.ts";
import type { Bundle } from "../bundle.ts";
import { bundleOf } from "./bundle_of.ts";

/**
 * The bundle in a folder: an OCI layout, or a folder that holds one and nothing else like it.
 * @throws {UserError} `not-found`, `io`, `integrity`
 */
export async function openLayoutBundle(
  folder: string,
  { files, crypto }: { files: Files; crypto: Crypto },
): Promise<Bundle> {
  const layout = await Layout.open(await layoutFolderOf(folder, files), { files, crypto });
  return bundleOf(layout.index, { place: folder, source: layout, close: () => {} });
}

async function layoutFolderOf(folder: string, files: Files): Promise<string> {
  if (await files.info(joinPath(folder, "index.json")) !== null) return folder;
  const below = (await files.list(folder)).map((name) => joinPath(folder, name));
  const found: string[] = [];
  for (const path of below) {
    // Asked for something below a file, a system tells of an error.
    if (!(await files.info(path))?.isFolder) continue;
    if ((await files.info(joinPath(path, "index.json")))?.isFile) found.push(path);
  }
  const [only] = found;
  return only !== undefined && found.length === 1 ? only : folder;
}
