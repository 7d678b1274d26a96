import { COMMIT, VERSION } from "../../version.ts";
import type { CommandContext } from "../context.ts";

/** Prints what this program is; needs no login and no file. */
export async function printVersion({ printer, runtime }: CommandContext): Promise<void> {
  const { os, arch, denoVersion } = runtime.platform;
  await printer.result({
    document: () => ({
      version: VERSION,
      commit: COMMIT,
      os,
      arch,
      deno: denoVersion,
      // As archives of releases are named.
      target: `${os}-${arch === "amd64" ? "x64" : arch}`,
      runtime: `deno ${denoVersion}`,
    }),
    // Scripts take the last word of the line.
    text: () => `Palette CLI version: ${VERSION}\n`,
  });
}
