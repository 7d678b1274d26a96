import { joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";

/** Where blobs stay between runs: as the user says, else below the cache folder of the user. */
export function cacheFolderOf(
  cacheDir: string | undefined,
  { runtime, workspace }: CommandContext,
): string {
  const given = cacheDir ?? runtime.env.get("PALETTE_CACHE_DIR");
  if (given !== undefined) return expandPath(given, runtime);
  return joinPath(userCacheOf(runtime) ?? workspace.root, "palette", "blobs");
}

function userCacheOf({ env, platform }: CommandContext["runtime"]): string | undefined {
  const below = (name: string, ...parts: string[]) => {
    const folder = env.get(name);
    return folder === undefined ? undefined : joinPath(folder, ...parts);
  };
  if (platform.os === "windows") return below("LOCALAPPDATA");
  if (platform.os === "darwin") return below("HOME", "Library", "Caches");
  return below("XDG_CACHE_HOME") ?? below("HOME", ".cache");
}
