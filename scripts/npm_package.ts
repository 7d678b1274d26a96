/**
 * Packages of an npm registry, pinned by checksum. Imports nothing but the platform: `deps.ts` has
 * to run before any dependency is there.
 */

import { createHash } from "node:crypto";

/** One version of an npm package. */
export interface NpmPin {
  name: string;
  version: string;
  /** SHA-512 of the tarball, base64, as npm records it. */
  sha512: string;
}

/** Puts the tarball of a pin into `folder`; returns its path. */
export type DownloadPackage = (pin: NpmPin, folder: string) => Promise<string>;

/** A failure the user can act on; printed as one line. */
export class DepsError extends Error {}

/**
 * The tarball of a pin.
 * @throws {DepsError} When the download fails or its checksum differs.
 */
export async function fetchPackage(
  pin: NpmPin,
  folder: string,
  download: DownloadPackage,
): Promise<Uint8Array<ArrayBuffer>> {
  const tarball = Deno.readFileSync(await download(pin, folder));
  const sha512 = sha512Of(tarball);
  if (sha512 !== pin.sha512) {
    throw new DepsError(
      `the checksum of ${pin.name}@${pin.version} is ${sha512}, expected ${pin.sha512}: ` +
        `the npm registry in use serves another file`,
    );
  }
  return tarball;
}

/** SHA-512 as npm records it. */
export function sha512Of(tarball: Uint8Array): string {
  return createHash("sha512").update(tarball).digest("base64");
}

/**
 * Downloads with the ordinary npm client, which knows the user's registry, proxy and CA.
 * @param root Folder whose .npmrc counts.
 */
export function downloadPackage(root: string): DownloadPackage {
  return async (pin, folder) => {
    const spec = `${pin.name}@${pin.version}`;
    let output: Deno.CommandOutput;
    try {
      output = await new Deno.Command(Deno.build.os === "windows" ? "npm.cmd" : "npm", {
        args: [
          "pack",
          spec,
          "--json",
          "--loglevel=error",
          // The user's own cache may be read-only; the repository's .npmrc counts (cwd).
          `--pack-destination=${folder}`,
          `--cache=${folder}/npm-cache-${fileNameOf(pin)}`,
        ],
        cwd: root,
        stdin: "null",
      }).output();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return await downloadDirectly(pin, folder);
      throw error;
    }
    if (!output.success) {
      const reason = new TextDecoder().decode(output.stderr).trim().split("\n")
        .filter((line) => !line.includes("A complete log of this run")).join(" ");
      throw new DepsError(`npm could not download ${spec}: ${reason}`);
    }
    return `${folder}/${fileNameOf(pin)}.tgz`;
  };
}

/** For machines with deno and no npm. */
async function downloadDirectly(pin: NpmPin, folder: string): Promise<string> {
  const registry = (Deno.env.get("NPM_CONFIG_REGISTRY") ?? Deno.env.get("npm_config_registry") ??
    "https://registry.npmjs.org").replace(/\/+$/, "");
  const base = pin.name.slice(pin.name.indexOf("/") + 1);
  const url = `${registry}/${pin.name}/-/${base}-${pin.version}.tgz`;
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    const path = `${folder}/${fileNameOf(pin)}.tgz`;
    Deno.writeFileSync(path, await response.bytes());
    return path;
  } catch (error) {
    throw new DepsError(`cannot download ${url}: ${(error as Error).message}`);
  }
}

/** What `npm pack` calls the tarball, without `.tgz`. */
export function fileNameOf({ name, version }: NpmPin): string {
  return `${name.replace(/^@/, "").replace("/", "-")}-${version}`;
}

/** The regular files of a tar archive (POSIX ustar, as npm writes it; long names by prefix). */
export function* readTar(tar: Uint8Array): Generator<{ path: string; content: Uint8Array }> {
  const text = (from: number, length: number) =>
    new TextDecoder().decode(tar.subarray(from, from + length)).replace(/\0.*$/s, "");
  for (let offset = 0; offset + 512 <= tar.length;) {
    const name = text(offset, 100);
    if (name === "") return;
    const size = parseInt(text(offset + 124, 12), 8);
    if (!Number.isSafeInteger(size) || offset + 512 + size > tar.length) {
      throw new DepsError("the downloaded tar archive is damaged");
    }
    const type = text(offset + 156, 1);
    const prefix = text(offset + 345, 155);
    const path = prefix === "" ? name : `${prefix}/${name}`;
    if ((type === "0" || type === "") && !path.split("/").includes("..")) {
      yield { path, content: tar.subarray(offset + 512, offset + 512 + size) };
    }
    offset += 512 + Math.ceil(size / 512) * 512;
  }
}
