import { UserError } from "../../errors.ts";
import { BlobCache } from "../../oci/blob_cache.ts";
import { joinPath } from "../../runtime/files.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import type { TransferOptions } from "./transfer_command.ts";

type CacheOptions = Pick<TransferOptions, "cacheDir" | "usesCache">;

/** The blobs that this user keeps between runs; null with `--no-cache`. */
export function openBlobCache(options: CacheOptions, context: CommandContext): BlobCache | null {
  if (!options.usesCache) return null;
  const { runtime: { files, crypto, clock }, signal } = context;
  return new BlobCache(cacheFolder(options, context.runtime), { files, crypto, clock, signal });
}

/**
 * Where blobs are kept: the flag, then `PALETTE_CACHE_DIR`, then below the user's cache folder
 * (XDG Base Directory Specification; its counterparts elsewhere).
 * @throws {UserError} `usage` when nothing says where.
 */
export function cacheFolder({ cacheDir }: CacheOptions, runtime: Runtime): string {
  const { env, platform } = runtime;
  const given = cacheDir ?? env.get("PALETTE_CACHE_DIR");
  if (given !== undefined && given !== "") return expandPath(given, runtime);
  const home = env.get("HOME");
  const below = (folder: string | undefined, ...names: string[]) =>
    folder === undefined || folder === "" ? null : joinPath(folder, ...names);
  const xdg = env.get("XDG_CACHE_HOME");
  const found = platform.os === "windows"
    ? below(env.get("LOCALAPPDATA"), "palette", "blobs")
    : platform.os === "darwin"
    ? below(home, "Library", "Caches", "palette", "blobs")
    : below(xdg?.startsWith("/") ? xdg : undefined, "palette", "blobs") ??
      below(home, ".cache", "palette", "blobs");
  if (found !== null) return found;
  throw new UserError("usage", "Cannot find a folder to keep blobs in", {
    hint: "Pass --cache-dir FOLDER, or --no-cache",
  });
}
