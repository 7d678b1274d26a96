import { UserError } from "../../errors.ts";
import { DEFAULT_KUBECONFIG, listedKubeconfigs } from "../../kube/kubeconfig_paths.ts";
import { FileError, type FileInfo, joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";

/** Where a kubeconfig lies. */
export interface Source {
  /** Absolute path. */
  path: string;
  /** A flag named the file or its folder. */
  isGiven: boolean;
}

export interface SourceFlags {
  kubeconfig?: string | undefined;
  kubeconfigDir?: string | undefined;
}

/**
 * The kubeconfigs to import: of a folder, the one that is named, else the one that kubectl uses.
 * @throws {UserError} `io`, `not-found`
 */
export async function findKubeconfigs(
  { kubeconfig, kubeconfigDir }: SourceFlags,
  context: CommandContext,
): Promise<Source[]> {
  if (kubeconfigDir !== undefined) {
    return await filesOf(expandPath(kubeconfigDir, context.runtime), context);
  }
  if (kubeconfig !== undefined) {
    return [{ path: expandPath(kubeconfig, context.runtime), isGiven: true }];
  }
  return [{ path: await defaultKubeconfig(context), isGiven: false }];
}

/** Files directly in a folder, links to files too, sorted by name; hidden ones are left out. */
async function filesOf(folder: string, { runtime }: CommandContext): Promise<Source[]> {
  const names = await reading(folder, () => runtime.files.list(folder));
  const sources: Source[] = [];
  for (const name of names.filter((name) => !name.startsWith("."))) {
    const path = joinPath(folder, name);
    // A dangling link is reported when it is read.
    const info = await reading(path, () => runtime.files.info(path));
    if (info === null || info.isFile) sources.push({ path, isGiven: true });
  }
  if (sources.length > 0) return sources;
  throw new UserError("not-found", `There is no kubeconfig in "${folder}"`, {
    hint: "Hidden files and sub-folders are not looked at",
  });
}

/** The first of KUBECONFIG that is there, else the one in the home folder. */
async function defaultKubeconfig(context: CommandContext): Promise<string> {
  const { env, files, platform } = context.runtime;
  const listed = listedKubeconfigs(env, platform);
  const paths = (listed ?? [DEFAULT_KUBECONFIG]).map((path) => expandPath(path, context.runtime));
  for (const path of paths) {
    const info: FileInfo | null = await reading(path, () => files.info(path));
    if (info !== null) return path;
  }
  throw new UserError(
    "not-found",
    listed === null
      ? `There is no kubeconfig at "${paths[0]}"`
      : `None of the files in KUBECONFIG is there: ${paths.map((path) => `"${path}"`).join(", ")}`,
    { hint: "Pass --kubeconfig FILE or --kubeconfig-dir FOLDER" },
  );
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot read "${path}": ${error.message}`, { cause: error });
  }
}
