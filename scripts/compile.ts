/**
 * Writes standalone executables to dist/compiled/.
 *
 *     deno task compile [--target T]... [--all] [--runtime-dir FOLDER] [--sign KEY] [--dev]
 *
 * A release is compiled from JSR's modules as a committed deno.lock names them; `--dev` takes what
 * there is. The runtime (denort) comes from `--runtime-dir`, `DENORT_BIN`, Deno's cache or Deno's
 * server.
 */

import { UserError } from "../lib/errors.ts";
import { BUNDLE_ROOT, DEPENDENCY_FLAGS } from "./bundle.ts";
import { publishBuild, readReleaseKey } from "./checksums.ts";
import { checkExecutable } from "./compile/check_executable.ts";
import { denoCompile } from "./compile/deno_compile.ts";
import {
  findRuntime,
  type RuntimeChoice,
  type RuntimeFile,
  runtimeInCache,
} from "./compile/find_runtime.ts";
import { LOCK, requireLock } from "./compile/require_lock.ts";
import { archiveName } from "./portable.ts";
import { parseBuildArguments } from "./portable/command_line.ts";
import { formatLicences, runtimeLicences } from "./portable/licences.ts";
import { makeProgram } from "./portable/program.ts";
import { formatSbom } from "./portable/sbom.ts";
import { DENO_VERSION, type Target } from "./portable/target.ts";
import { printLine, runScript } from "./run_script.ts";

const OUTPUT = `${BUNDLE_ROOT}dist/compiled`;

if (import.meta.main) await runScript(() => compile(Deno.args));

/** @throws {UserError} `usage`, `prerequisite`, `checks-failed` */
async function compile(args: readonly string[]): Promise<void> {
  const { targets, options } = parseBuildArguments(args, {
    "runtime-dir": true,
    sign: true,
    dev: false,
  });
  if (Deno.version.deno !== DENO_VERSION) {
    throw new UserError("prerequisite", `This is Deno ${Deno.version.deno}`, {
      hint: `Executables are compiled with Deno ${DENO_VERSION}`,
    });
  }
  const isDev = options.has("dev");
  if (!isDev) await requireLock(BUNDLE_ROOT, DEPENDENCY_FLAGS);
  const denortBin = Deno.env.get("DENORT_BIN") || null;
  const folder = options.get("runtime-dir") ?? null;
  if (folder === null && denortBin !== null && targets.length > 1) {
    throw new UserError("usage", "DENORT_BIN is the runtime of one target", {
      hint: "Name that one with --target, or take --runtime-dir",
    });
  }

  const keyFile = options.get("sign");
  if (keyFile !== undefined) await readReleaseKey(keyFile);

  // Beside the output, so that what is built only has to be renamed.
  await Deno.mkdir(`${BUNDLE_ROOT}dist`, { recursive: true });
  const stage = await Deno.makeTempDir({ dir: `${BUNDLE_ROOT}dist`, prefix: ".compile-" });
  try {
    // All are looked for before anything is built.
    const runtimes = new Map<Target, RuntimeChoice>();
    for (const target of targets) {
      const runtime = await findRuntime(target, { folder, denortBin, stage: `${stage}/deno` });
      runtimes.set(target, runtime);
      if (runtime.file !== null) printRuntime(runtime.file);
    }
    const { VERSION: version } = await import("../lib/version.ts");
    const program = await makeProgram(version, isDev ? null : LOCK);
    const script = program.entries.find(({ path }) => path === "lib/palette.js");
    if (script === undefined) throw new TypeError("the program has no bundle");
    await Deno.writeFile(`${stage}/palette.js`, script.content);

    const runtime = await runtimeLicences(DENO_VERSION);
    const built = `${stage}/built`;
    await Deno.mkdir(built);
    const put = (name: string, text: string) => Deno.writeTextFile(`${built}/${name}`, text);
    for (const [target, choice] of runtimes) {
      const name = archiveName(version, target);
      const executable = `${name}${target.isWindows ? ".exe" : ""}`;
      await denoCompile(`${stage}/palette.js`, `${built}/${executable}`, target, choice);
      const file = choice.file ?? await runtimeInCache(target);
      if (choice.file === null) printRuntime(file);
      const wasRun = await checkExecutable(`${built}/${executable}`, {
        ...program,
        target,
        script: script.content,
      });
      if (!wasRun) printLine(`${executable} cannot be run here, and is not tried`);
      const runtimeSource = {
        purl: `pkg:generic/denort@${DENO_VERSION}?arch=${target.triple}`,
        hash: { alg: "SHA-256" as const, content: file.sha256 },
      };
      await put(`${name}.cdx.json`, formatSbom({ ...program, target, runtime, runtimeSource }));
    }
    const licences = [...runtime, ...program.modules.map(({ licence }) => licence)];
    await put(`palette-${version}-THIRD-PARTY-LICENSES.txt`, formatLicences(licences));

    for (const name of await publishBuild(built, OUTPUT, keyFile)) {
      printLine(`Wrote dist/compiled/${name}`);
    }
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

function printRuntime({ sha256, path }: RuntimeFile): void {
  printLine(`Runtime ${sha256}  ${path}`);
}
