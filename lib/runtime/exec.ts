import { childEnvironment, type Environment } from "./environment.ts";
import { concatBytes } from "./streams.ts";

export interface ExecResult {
  status: number;
  stdout: Uint8Array;
  stderr: string;
}

export interface ExecOptions {
  /** The process is killed after this time. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** What the process reads from standard input; nothing by default. */
  stdin?: string;
}

/** Child processes; they inherit the environment without the variables that hold secrets. */
export interface Exec {
  /**
   * Runs a program found on PATH, with no shell between. One that ended well did so, even if the
   * signal came in the same moment.
   * @throws {ExecNotFound} When there is no such program.
   * @throws {ExecDenied} When it is there and the system does not run it.
   * @throws {ExecTimeout} When it ran longer than `timeoutMs`.
   */
  run(program: string, args: string[], options: ExecOptions): Promise<ExecResult>;
}

export class ExecNotFound extends Error {
  override readonly name = "ExecNotFound";
}

/** The system refuses to run a file; `message` is the reason alone. */
export class ExecDenied extends Error {
  override readonly name = "ExecDenied";

  constructor(readonly path: string, reason: string, cause?: unknown) {
    super(reason, { cause });
  }
}

export class ExecTimeout extends Error {
  override readonly name = "ExecTimeout";
}

/** Processes of this machine. */
export function systemExec(env: Environment): Exec {
  return {
    async run(program, args, { timeoutMs, signal, stdin }) {
      const timeout = AbortSignal.timeout(timeoutMs);
      const end = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
      const variables = childEnvironment(env);
      let child: Deno.ChildProcess;
      try {
        child = new Deno.Command(program, {
          args,
          clearEnv: true,
          env: variables,
          stdin: stdin === undefined ? "null" : "piped",
          stdout: "piped",
          stderr: "piped",
          signal: end,
        }).spawn();
      } catch (error) {
        throw deniedOrMissing(program, variables["PATH"] ?? "", error);
      }
      const [status, stdout, stderr] = await Promise.all([
        child.status,
        collect(child.stdout, end),
        collect(child.stderr, end),
        stdin === undefined ? null : feed(child.stdin, stdin),
      ]);
      if (!status.success) {
        // Ctrl+C reaches a program and us at once, and it is chance who hears it first.
        if (status.signal === "SIGINT" && signal !== undefined) await moment(signal);
        signal?.throwIfAborted();
        if (timeout.aborted) throw new ExecTimeout(program);
      }
      return { status: status.code, stdout, stderr: new TextDecoder().decode(stderr) };
    },
  };
}

/** Until the signal comes, or it is clear that it does not. */
async function moment(signal: AbortSignal): Promise<void> {
  const end = AbortSignal.any([signal, AbortSignal.timeout(200)]);
  if (end.aborted) return;
  await new Promise((resolve) => end.addEventListener("abort", resolve, { once: true }));
}

/**
 * What a process writes until it closes the stream. A stopped one is not waited for: its own
 * children may hold the stream open.
 */
async function collect(
  stream: ReadableStream<Uint8Array>,
  end: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const sink = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
  await stream.pipeTo(sink, { signal: end }).catch((error) => {
    if (!end.aborted) throw error;
  });
  return concatBytes(chunks);
}

/** A process that ends before it has read everything is no failure of ours. */
async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  try {
    await new Blob([text]).stream().pipeTo(stdin);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/**
 * Why a program does not start. Deno passes over files that the system would not run and then says
 * that there is none; whoever put one there needs to hear why it is not taken.
 */
function deniedOrMissing(program: string, searchPath: string, error: unknown): unknown {
  const isDenied = error instanceof Deno.errors.PermissionDenied;
  if (!isDenied && !(error instanceof Deno.errors.NotFound)) return error;
  if (Deno.build.os === "windows") return new ExecNotFound(program);
  const path = program.includes("/")
    ? program
    : searchPath.split(":").map((folder) => `${folder || "."}/${program}`).find(isFile);
  if (path === undefined || !isFile(path)) return new ExecNotFound(program);
  const isExecutable = ((Deno.statSync(path).mode ?? 0) & 0o111) !== 0;
  if (!isExecutable) return new ExecDenied(path, "it is not marked as executable", error);
  // Only of a file that the system began to run does Deno pass on what the system said.
  return !isDenied && (error as Error).message.includes("os error")
    ? new ExecDenied(path, "the interpreter that it names is missing", error)
    : new ExecDenied(path, "the file system that it lies on is probably mounted noexec", error);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
