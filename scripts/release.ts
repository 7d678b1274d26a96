/**
 * Makes a release: `deno task release --version X`. See `--help`, and scripts/release/ for how.
 */

import { UserError } from "../lib/errors.ts";
import { hostTarget } from "./portable/target.ts";
import { parseReleaseArguments, type ReleaseOptions, USAGE } from "./release/command_line.ts";
import { makeRelease, type ReleaseBuilder } from "./release/make_release.ts";
import { Repository } from "./release/repository.ts";
import { showProgram } from "./release/run_program.ts";
import { printLine } from "./run_script.ts";

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname).replace(/\/$/, "");
const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const;

if (import.meta.main) Deno.exitCode = await main(Deno.args);

async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  let status = 1;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (signal === "SIGTERM" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal, () => {
      status = STOPPED[signal];
      stop.abort();
    });
  }
  try {
    const options = parseReleaseArguments(args);
    if (options === null) {
      Deno.stdout.writeSync(new TextEncoder().encode(USAGE));
      return 0;
    }
    const host = hostTarget();
    await makeRelease(options, {
      repository: new Repository(ROOT),
      builder: taskBuilder(stop.signal),
      env: Deno.env,
      now: new Date(),
      // scripts/install.sh is not for Windows.
      host: host === null || host.isWindows ? null : host.name,
      stop: stop.signal,
      say: printLine,
    });
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return status;
    if (!(error instanceof UserError)) throw error;
    printLine(`Error: ${error.message}`);
    if (error.hint !== undefined) printLine(`Hint: ${error.hint}`);
    return 1;
  }
}

/** Builds with the tasks of the checkout itself, as anybody would who checks it out. */
function taskBuilder(signal: AbortSignal): ReleaseBuilder {
  const run = async (task: string, args: string[], cwd: string, env: Record<string, string>) => {
    const words = ["task", "--quiet", task, ...args];
    if (await showProgram(Deno.execPath(), words, { cwd, env, signal })) return;
    throw new UserError("checks-failed", `deno task ${task} failed`, {
      hint: "See above why; nothing was changed",
    });
  };
  return {
    async build(root: string, options: ReleaseOptions, epoch: string) {
      const env = { SOURCE_DATE_EPOCH: epoch };
      const targets = options.targets.flatMap((target) => ["--target", target]);
      const key = options.keyFile === null ? [] : ["--sign", await Deno.realPath(options.keyFile)];
      await run("portable", [...targets, ...key], root, env);
      if (options.hasExecutables) await run("compile", [...targets, ...key], root, env);
    },
    check: (root) => run("ok", [], root, {}),
  };
}
