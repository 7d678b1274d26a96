import { UserError } from "../errors.ts";
import type { Files } from "../runtime/files.ts";
import { joinPath } from "../runtime/files.ts";
import type { SecretFileKind } from "../secrets/binding.ts";
import { valueAt } from "../yaml/pointer.ts";
import { decodeText, type FileStore, ioError } from "./file_store.ts";
import { SecretFile } from "./secret_file.ts";
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

export interface WorkspaceFilesParts {
  store: FileStore;
  files: Files;
}

/** The files of a workspace that hold a token. */
export interface WorkspaceFiles {
  secretFiles: SecretFile[];
  strays: StrayFile[];
}

/** A file with a token in it that cannot be read: a swap file of an editor, a note. */
export interface StrayFile {
  path: string;
  /** Names the file. */
  problem: string;
}

/**
 * Every file of the workspace that holds a token: configuration, drafts, copies. The main
 * configuration file comes first, wherever it lies and whatever it holds; each file comes once,
 * whatever names it has.
 * @throws {UserError} `validation` for a main file that cannot be parsed, `io`
 */
export async function workspaceSecretFiles(
  workspace: Workspace,
  parts: WorkspaceFilesParts,
): Promise<WorkspaceFiles> {
  const { configFile, root } = workspace;
  const { files } = parts;
  const main = await namedSecretFile(configFile, workspace, parts);
  const mainPath = await realPathOf(configFile, files);
  const found: WorkspaceFiles = { secretFiles: main === null ? [] : [main], strays: [] };
  for (const path of await filesBelow(root, files)) {
    if (await realPathOf(path, files) === mainPath) continue;
    try {
      if (!await holdsToken(path, files)) continue;
      const file = await namedSecretFile(path, workspace, parts);
      if (file !== null) found.secretFiles.push(file);
    } catch (error) {
      const problem = ioError("read", path, error);
      if (!(problem instanceof UserError)) throw error;
      found.strays.push({ path, problem: problem.message });
    }
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
  { store, files }: WorkspaceFilesParts,
): Promise<SecretFile | null> {
  const stored = await store.read(path);
  if (stored === null) return null;
  const isMain = stored.path === await realPathOf(workspace.configFile, files);
  const kind = isMain
    ? "palette"
    : kindOf(stored.path, await realPathOf(workspace.root, files) ?? workspace.root);
  const file = await SecretFile.parse(path, stored.text, kind);
  if (kind !== null || valueAt(file.root, ["paletteConfig"]) === undefined) return file;
  return await SecretFile.parse(path, stored.text, "palette");
}

async function realPathOf(path: string, files: Files): Promise<string | null> {
  return await files.info(path) === null ? null : await files.realPath(path);
}

/**
 * Looks at a file that may be anybody's: only ours are read through the store, which closes them to
 * others.
 * @throws {UserError} `validation` when there is a token in what cannot be parsed.
 */
async function holdsToken(path: string, files: Files): Promise<boolean> {
  const info = await files.info(path);
  if (info === null || info.size > MAX_BYTES) return false;
  const bytes = await files.readBytes(path);
  if (!/enc:v\d+:/.test(new TextDecoder("latin1").decode(bytes))) return false;
  const file = await SecretFile.parse(path, decodeText(bytes, path), null);
  // Without a kind each token is one out of place, and nothing else is a secret.
  return file.secrets().length > 0;
}

/** Both paths have their links resolved; a real path has the separators of its system. */
function kindOf(path: string, root: string): SecretFileKind | null {
  const slashed = (text: string) => text.replaceAll("\\", "/");
  const folder = slashed(joinPath(root, ""));
  const below = slashed(path).startsWith(folder) ? slashed(path).slice(folder.length) : "";
  return KINDS.find(([pattern]) => pattern.test(below))?.[1] ?? null;
}

/** Regular files below a folder, by name; links are not followed, our own working files left out. */
async function filesBelow(folder: string, files: Files, depth = 1): Promise<string[]> {
  const info = await files.info(folder);
  if (!info?.isFolder || depth > MAX_DEPTH) return [];
  const found: string[] = [];
  for (const name of await listed(folder, files)) {
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

async function listed(folder: string, files: Files): Promise<string[]> {
  try {
    return await files.list(folder);
  } catch (error) {
    throw ioError("read", folder, error);
  }
}
