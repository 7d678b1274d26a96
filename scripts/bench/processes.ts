/** Whole processes, timed from outside. */

const ROUNDS = 25;

/** A program, its arguments and its variables. */
export interface Process {
  program: string;
  args: string[];
  env?: Record<string, string>;
}

/** Something that can be timed: it is done when its promise is. */
export interface Timed {
  /** Brings about what `run` begins with; it is not timed. */
  prepare?: () => Promise<unknown>;
  run: () => Promise<unknown>;
}

/** A script under Deno, with what palette needs and nothing of a configuration. */
export function denoProcess(args: string[], env: Record<string, string> = {}): Process {
  return {
    program: Deno.execPath(),
    args: ["run", "-A", "--quiet", "--no-config", ...args],
    env: { ...env, DENO_NO_UPDATE_CHECK: "1" },
  };
}

/** A line of the shell; every part of its pipes has to succeed. */
export function shellProcess(line: string): Process {
  return { program: "bash", args: ["-e", "-o", "pipefail", "-c", line] };
}

/** @throws {Error} When it fails, with what it said. */
export async function runProcess(process: Process): Promise<string> {
  const { success, stdout, stderr } = await commandOf(process).output();
  if (!success) throw failureOf(process, stderr);
  return new TextDecoder().decode(stdout);
}

/** Median time of each process in ms. */
export async function mediansOf(
  processes: Record<string, Process>,
  rounds = ROUNDS,
): Promise<Record<string, number>> {
  const timed = Object.entries(processes).map(([name, process]): [string, Timed] => [
    name,
    { run: () => runProcess(process) },
  ]);
  return await medianTimes(Object.fromEntries(timed), { rounds, warmUps: 2 });
}

/** Median times in ms; rounds are interleaved, so that all see the same machine. */
export async function medianTimes(
  all: Record<string, Timed>,
  { rounds, warmUps }: { rounds: number; warmUps: number },
): Promise<Record<string, number>> {
  const times: Record<string, number[]> = {};
  for (let round = -warmUps; round < rounds; round++) {
    for (const [name, { prepare, run }] of Object.entries(all)) {
      await prepare?.();
      const start = performance.now();
      await run();
      const time = performance.now() - start;
      // The first rounds fill caches.
      if (round >= 0) (times[name] ??= []).push(time);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]));
}

/** Peak memory of a process; null where the system does not tell. */
export async function peakBytes(process: Process): Promise<number | null> {
  const child = commandOf(process).spawn();
  let peak = 0;
  let isRunning = true;
  const watching = (async () => {
    while (isRunning) {
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  const { success, stderr } = await child.output();
  isRunning = false;
  await watching;
  if (!success) throw failureOf(process, stderr);
  return peak === 0 ? null : peak;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** For processes that go on until they are told to end. */
export function commandOf({ program, args, env = {} }: Process): Deno.Command {
  return new Deno.Command(program, {
    args,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

function failureOf({ program, args }: Process, stderr: Uint8Array): Error {
  return new Error(`${[program, ...args].join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
