import { type Files, folderOf } from "../runtime/files.ts";
import { VERSION } from "../version.ts";
import type { FileStore } from "./file_store.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Notes which version last wrote the workspace (core 2.1): when its palette.yaml is among the files
 * that were written. Call it under the lock of that file.
 */
export async function stampVersion(
  written: readonly string[],
  { root, configFile, versionFile }: Workspace,
  { store, files }: { store: FileStore; files: Files },
): Promise<void> {
  if (await files.info(root) === null || await files.info(configFile) === null) return;
  const real = (path: string) => files.realPath(path);
  if (await real(folderOf(configFile)) !== await real(root)) return;
  const paths = await Promise.all(written.map(real));
  if (!paths.includes(await real(configFile))) return;
  const text = `${VERSION}\n`;
  // What stands there may be anybody's, and anything: it is only compared.
  const noted = await files.readBytes(versionFile).catch(() => null);
  if (noted === null || new TextDecoder().decode(noted) !== text) {
    await store.replace(versionFile, text);
  }
}
