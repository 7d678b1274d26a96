/**
 * Writes an archive for each wanted platform to dist/release/: the official Deno runtime out of its
 * npm package, the bundle and a launcher. Needs nothing but an npm registry.
 *
 *     deno task portable [--target T]... [--all] [--sign KEY]
 */

import { BUNDLE_ROOT, DEPENDENCY_FLAGS } from "./bundle.ts";
import { publishBuild, readReleaseKey, writeWhole } from "./checksums.ts";
import { findLock } from "./compile/require_lock.ts";
import { downloadPackage } from "./npm_package.ts";
import { type ArchiveEntry, textEntry } from "./portable/archive_entry.ts";
import { parseBuildArguments } from "./portable/command_line.ts";
import { launcher } from "./portable/launcher.ts";
import { formatLicences, runtimeLicences } from "./portable/licences.ts";
import { makeProgram, type Program } from "./portable/program.ts";
import { runtimeOf, type RuntimeSource } from "./portable/runtime.ts";
import { formatSbom, npmOrigin } from "./portable/sbom.ts";
import type { Target } from "./portable/target.ts";
import { tarGz } from "./portable/tar_gz.ts";
import { zip } from "./portable/zip.ts";
import { printLine, runScript } from "./run_script.ts";

/** Where releases are written. */
export const RELEASE_FOLDER = `${BUNDLE_ROOT}dist/release`;

const SBOM = "sbom.cdx.json";

/** What to build. */
export interface PortableBuild {
  /** The source has to say the same. */
  version: string;
  targets: readonly Target[];
  /** Folder; made when it is not there. */
  output: string;
  /** Where runtimes come from: npm, kept in `.deps/`, unless a test says otherwise. */
  runtimes?: RuntimeSource;
  /** What goes into all of them; made when it is not given. */
  program?: Program;
}

if (import.meta.main) {
  await runScript(async () => {
    const { targets, options } = parseBuildArguments(Deno.args, { sign: true });
    const keyFile = options.get("sign");
    if (keyFile !== undefined) await readReleaseKey(keyFile);
    const { VERSION: version } = await import("../lib/version.ts");
    // Beside the output, so that what is built only has to be renamed.
    await Deno.mkdir(`${BUNDLE_ROOT}dist`, { recursive: true });
    const stage = await Deno.makeTempDir({ dir: `${BUNDLE_ROOT}dist`, prefix: ".portable-" });
    try {
      await buildPortable({ version, targets, output: stage });
      for (const name of await publishBuild(stage, RELEASE_FOLDER, keyFile)) {
        const { size } = await Deno.stat(`${RELEASE_FOLDER}/${name}`);
        printLine(`Wrote dist/release/${name}, ${(size / 1e6).toFixed(1)} MB`);
      }
    } finally {
      await Deno.remove(stage, { recursive: true });
    }
  });
}

/**
 * Builds archives, with a bill of materials beside each.
 * @returns Paths of what was written.
 * @throws {DepsError} When a runtime cannot be had.
 * @throws {UserError} `validation` when the source is of another version, or holds a package whose
 *   licence is not known.
 */
export async function buildPortable(build: PortableBuild): Promise<string[]> {
  const { version, targets, output, runtimes = npmRuntimes() } = build;
  const program = build.program ??
    await makeProgram(version, await findLock(BUNDLE_ROOT, DEPENDENCY_FLAGS));
  await Deno.mkdir(output, { recursive: true });
  const written: string[] = [];
  const write = async (name: string, content: Uint8Array) => {
    await writeWhole(`${output}/${name}`, content);
    written.push(`${output}/${name}`);
  };
  for (const target of targets) {
    const name = archiveName(version, target);
    const entries = await archiveEntries(program, target, await runtimeOf(target, runtimes));
    const inFolder = entries.map((entry) => ({ ...entry, path: `${name}/${entry.path}` }));
    if (target.isWindows) await write(`${name}.zip`, await zip(inFolder, program.time));
    else await write(`${name}.tar.gz`, await tarGz(inFolder, program.time));
    // The bill that lies beside an archive is the one in it.
    const sbom = entries.find(({ path }) => path === SBOM);
    if (sbom !== undefined) await write(`${name}.cdx.json`, sbom.content);
  }
  return written;
}

/** Name of an archive without its ending; its one folder is called the same. */
export function archiveName(version: string, target: Target): string {
  return `palette-${version}-${target.name}`;
}

/** The runtimes of the npm registry that the user's settings name. */
export function npmRuntimes(): RuntimeSource {
  const root = BUNDLE_ROOT.replace(/\/$/, "");
  return { cache: `${root}/.deps/runtimes`, download: downloadPackage(root) };
}

/** The files of an archive, relative to its folder. */
export async function archiveEntries(
  program: Program,
  target: Target,
  deno: Uint8Array<ArrayBuffer>,
): Promise<ArchiveEntry[]> {
  const runtime = await runtimeLicences(target.runtime.version);
  const licences = formatLicences([...runtime, ...program.modules.map(({ licence }) => licence)]);
  const { name, text } = await launcher(target);
  return [
    ...program.entries,
    textEntry(name, text, true),
    {
      path: target.isWindows ? "lib/deno.exe" : "lib/deno",
      content: deno,
      isExecutable: true,
    },
    textEntry("THIRD-PARTY-LICENSES.txt", licences),
    textEntry(SBOM, formatSbom({ ...program, target, runtime, runtimeSource: npmOrigin(target) })),
  ];
}
