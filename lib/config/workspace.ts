import { UserError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { joinPath } from "../runtime/files.ts";
import type { Platform } from "../runtime/platform.ts";

export interface WorkspaceOptions {
  /** `--workspace` */
  workspace?: string | undefined;
  /** `--config` */
  config?: string | undefined;
}

/** Folder of a user's configuration, logs, run folders and downloaded tools. */
export interface Workspace {
  root: string;
  /** `palette.yaml`, wherever it lies. */
  configFile: string;
  /** Where the version that last wrote the workspace is noted. */
  versionFile: string;
  logFile: string;
  /** Names that completion offered last. */
  completionFile: string;
}

/**
 * Finds the workspace: flags, then environment, then the home folder.
 * @throws {UserError} `usage` when there is no home folder and nothing else says where.
 */
export function findWorkspace(
  options: WorkspaceOptions,
  { env, platform }: { env: Environment; platform: Platform },
): Workspace {
  // Without a slash at its end: paths below it are told by their beginning.
  const root = joinPath(
    options.workspace ?? env.get("PALETTE_WORKSPACE") ?? homeWorkspace(env, platform),
  );
  return {
    root,
    configFile: options.config ?? env.get("PALETTE_CONFIG") ?? joinPath(root, "palette.yaml"),
    versionFile: joinPath(root, ".version"),
    logFile: joinPath(root, "logs", "palette.log"),
    completionFile: joinPath(root, "cache", "completion.json"),
  };
}

function homeWorkspace(env: Environment, platform: Platform): string {
  const variable = platform.os === "windows" ? "USERPROFILE" : "HOME";
  const home = env.get(variable);
  if (home !== undefined) return joinPath(home, ".palette");
  throw new UserError("usage", `Cannot find the home folder: ${variable} is not set`, {
    hint: "Pass --workspace FOLDER, or set PALETTE_WORKSPACE",
  });
}
