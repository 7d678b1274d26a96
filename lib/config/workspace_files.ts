import type { Files } from "../runtime/files.ts";
import { joinPath } from "../runtime/files.ts";
import type { SecretFileKind } from "../secrets/binding.ts";
import type { FileStore } from "./file_store.ts";
import { SecretFile } from "./secret_file.ts";
import { valueAt } from "../yaml/pointer.ts";
import type { Workspace } from "./workspace.ts";

/** Folders that hold no configuration. */
const SKIPPED = new Set(["bin", "cache", "logs"]);
/** Deep enough for any workspace, shallow enough for a link to the root of the disk. */
const MAX_DEPTH = 6;
/** No configuration is larger. */
const MAX_BYTES = 16 * 1024 * 1024;

/** What lies where, by the first parts of the path below the workspace. */
const KINDS: readonly [RegExp, SecretFileKind][] = [
  [/^palette\.yaml/, "palette"],
  [/^pcg\//, "pcg"],
  [/^ec\//, "ec"],
  [/^tc\//, "tc"],
  [/^registry\//, "registry"],
  [/^pde\/app-profiles\//, "app-profile"],
];

/**
 * Every file of the workspace that holds a token: configuration, drafts, copies. The main
 * configuration file comes first, wherever it lies and whatever it holds.
 * @throws {UserError} `validation` for a file with tokens that cannot be parsed, `io`
 */
export async function workspaceSecretFiles(
  workspace: Workspace,
  { store, files }: { store: FileStore; files: Files },
): Promise<SecretFile[]> {
  const { root, configFile } = workspace;
  const below = await filesBelow(root, files);
  const paths = [configFile, ...below.filter((path) => path !== configFile)];
  const found: SecretFile[] = [];
  for (const path of paths) {
    // Only files of ours are read through the store, which closes them to others.
    if (path !== configFile && !await holdsToken(path, files)) continue;
    const file = await namedSecretFile(path, workspace, store);
    if (file !== null) found.push(file);
  }
  return found;
}

/**
 * One file by name; its content tells the kind where its place does not. Null when it is absent.
 * @throws {UserError} `validation`, `io`
 */
export async function namedSecretFile(
  path: string,
  workspace: Workspace,
  store: FileStore,
): Promise<SecretFile | null> {
  const stored = await store.read(path);
  if (stored === null) return null;
  const kind = path === workspace.configFile ? "palette" : kindOf(path, workspace.root);
  const file = await SecretFile.parse(path, stored.text, kind);
  if (kind !== null || valueAt(file.root, ["paletteConfig"]) === undefined) return file;
  return await SecretFile.parse(path, stored.text, "palette");
}

async function holdsToken(path: string, files: Files): Promise<boolean> {
  const info = await files.info(path);
  if (info === null || info.size > MAX_BYTES) return false;
  return /enc:v\d+:/.test(new TextDecoder("latin1").decode(await files.readBytes(path)));
}

function kindOf(path: string, root: string): SecretFileKind | null {
  const below = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : "";
  return KINDS.find(([pattern]) => pattern.test(below))?.[1] ?? null;
}

/** Regular files below a folder, by name; links are not followed, our own working files left out. */
async function filesBelow(folder: string, files: Files, depth = 1): Promise<string[]> {
  const info = await files.info(folder);
  if (!info?.isFolder || depth > MAX_DEPTH) return [];
  const found: string[] = [];
  for (const name of await files.list(folder)) {
    const path = joinPath(folder, name);
    const entry = await files.linkInfo(path);
    if (entry?.isFolder && !SKIPPED.has(name)) {
      found.push(...await filesBelow(path, files, depth + 1));
    } else if (entry?.isFile && !/^\..*\.(lock|tmp|stage)$/.test(name)) {
      found.push(path);
    }
  }
  return found;
}
