import { gunzipSync } from "node:zlib";
import {
  DepsError,
  type DownloadPackage,
  fetchPackage,
  fileNameOf,
  type NpmPin,
  readTar,
  sha512Of,
} from "../npm_package.ts";
import type { Target } from "./target.ts";

/** Where runtimes come from. */
export interface RuntimeSource {
  /** Folder that keeps the packages between builds. */
  cache: string;
  download: DownloadPackage;
}

/**
 * The official Deno executable of a target, out of its npm package.
 * @throws {DepsError} When it cannot be had, or its checksum differs.
 */
export async function runtimeOf(
  { runtime, isWindows }: Target,
  source: RuntimeSource,
): Promise<Uint8Array<ArrayBuffer>> {
  const tarball = await kept(runtime, source.cache) ?? await fetched(runtime, source);
  const path = `package/${isWindows ? "deno.exe" : "deno"}`;
  for (const file of readTar(gunzipSync(tarball))) {
    if (file.path === path) return new Uint8Array(file.content);
  }
  throw new DepsError(`${runtime.name}@${runtime.version} has no file ${path}`);
}

/** Null when there is none, or it was damaged. */
async function kept(pin: NpmPin, cache: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const tarball = await Deno.readFile(`${cache}/${fileNameOf(pin)}.tgz`);
    return sha512Of(tarball) === pin.sha512 ? tarball : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function fetched(
  pin: NpmPin,
  { cache, download }: RuntimeSource,
): Promise<Uint8Array<ArrayBuffer>> {
  await Deno.mkdir(cache, { recursive: true });
  const stage = await Deno.makeTempDir({ dir: cache, prefix: "stage-" });
  try {
    const tarball = await fetchPackage(pin, stage, download);
    await Deno.writeFile(`${stage}/whole.tgz`, tarball);
    await Deno.rename(`${stage}/whole.tgz`, `${cache}/${fileNameOf(pin)}.tgz`);
    return tarball;
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}
