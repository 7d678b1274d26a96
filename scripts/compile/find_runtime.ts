import { createHash } from "node:crypto";
import { UserError } from "../../lib/errors.ts";
import { DENO_VERSION, type Target } from "../portable/target.ts";

/** Where the runtime of an executable comes from. */
export interface RuntimeChoice {
  /** Added to the environment of `deno compile`, which has no `DENORT_BIN` otherwise. */
  env: Record<string, string>;
  /** What was found on this machine; null when it is Deno's to fetch. */
  file: RuntimeFile | null;
}

/** A runtime on this machine. */
export interface RuntimeFile {
  path: string;
  sha256: string;
}

/** What the user says about runtimes. */
export interface RuntimeWish {
  /** `--runtime-dir`, laid out like Deno's own cache. */
  folder: string | null;
  /** `DENORT_BIN`: the runtime of one platform. */
  denortBin: string | null;
  /** Folder that `deno compile` may write to instead of Deno's own cache. */
  stage: string;
}

/**
 * Finds the runtime of a target: in the given folder, the given file, else it is Deno's to fetch.
 * @throws {UserError} `prerequisite` when what is given is not there.
 */
export async function findRuntime(target: Target, wish: RuntimeWish): Promise<RuntimeChoice> {
  const { folder, denortBin, stage } = wish;
  if (folder !== null) {
    const place = runtimePlace(target);
    const path = `${folder}/${place}`;
    const sha256 = await checksumOf(
      path,
      `--runtime-dir has no runtime for ${target.name}`,
      target,
    );
    // Deno writes to this folder; the given one may be read-only and shared.
    const copy = `${stage}/${place}`;
    await Deno.mkdir(copy.slice(0, copy.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(path, copy);
    return { env: { DENO_DIR: stage }, file: { path, sha256 } };
  }
  if (denortBin !== null) {
    const sha256 = await checksumOf(denortBin, "DENORT_BIN names no file", target);
    return { env: { DENORT_BIN: denortBin }, file: { path: denortBin, sha256 } };
  }
  return { env: {}, file: null };
}

/**
 * What Deno has fetched, or had in its cache.
 * @throws {UserError} `prerequisite` when it is not where it should be.
 */
export async function runtimeInCache(target: Target): Promise<RuntimeFile> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config", "--no-lock"],
    stdin: "null",
  }).output();
  const { denoDir }: { denoDir: string } = JSON.parse(new TextDecoder().decode(stdout));
  const path = `${denoDir}/${runtimePlace(target)}`;
  return { path, sha256: await checksumOf(path, "Deno's cache has no runtime", target) };
}

/** How to build where Deno's server cannot be reached. */
export function offlineHint(target: Target): string {
  const place = runtimePlace(target);
  return `Fetch https://dl.deno.land/${
    place.replace(/^dl\//, "")
  } where it can be reached, put it in FOLDER/${place}, and pass --runtime-dir FOLDER; or unpack ` +
    "it, and set DENORT_BIN to the file in it";
}

/** Where Deno keeps a runtime in its cache, and where it looks for it. */
export function runtimePlace({ triple }: Target): string {
  return `dl/release/v${DENO_VERSION}/denort-${triple}.zip`;
}

async function checksumOf(path: string, complaint: string, target: Target): Promise<string> {
  try {
    return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound;
    const reason = isAbsent ? "there is no such file" : (error as Error).message;
    throw new UserError("prerequisite", `${complaint}: "${path}": ${reason}`, {
      hint: offlineHint(target),
    });
  }
}
