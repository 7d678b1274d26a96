/** An unpacked archive for this machine, with the Deno that runs the tests in it. */

import { archiveEntries } from "../../scripts/portable.ts";
import { makeProgram, type Program } from "../../scripts/portable/program.ts";
import { hostTarget, type Target } from "../../scripts/portable/target.ts";
import { VERSION } from "../../lib/version.ts";

/** A folder that goes with its scope. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<TempFolder> {
    return new TempFolder(await Deno.makeTempDir({ prefix: "palette-portable-" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

let program: Promise<Program> | undefined;

/** Made once for all tests of a file. */
export function testProgram(): Promise<Program> {
  return program ??= makeProgram(VERSION);
}

/** The target of this machine. */
export function testTarget(): Target {
  const target = hostTarget();
  if (target === null) throw new Error(`there is no target for ${Deno.build.target}`);
  return target;
}

/**
 * Writes what an archive holds.
 * @param deno Another program in place of Deno.
 */
export async function writeTree(
  folder: string,
  deno?: string,
  target = testTarget(),
): Promise<void> {
  const entries = await archiveEntries(await testProgram(), target, new Uint8Array());
  for (const { path, content, isExecutable } of entries) {
    const place = `${folder}/${path}`;
    await Deno.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true });
    if (path === "lib/deno" && deno === undefined) await Deno.symlink(Deno.execPath(), place);
    else if (path === "lib/deno") await Deno.writeTextFile(place, deno ?? "", { mode: 0o755 });
    else await Deno.writeFile(place, content, { mode: isExecutable ? 0o755 : 0o644 });
  }
}
