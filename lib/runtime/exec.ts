import { childEnvironment, type Environment } from "./environment.ts";

export interface ExecResult {
  status: number;
  stdout: Uint8Array;
  stderr: string;
}

export interface ExecOptions {
  /** The process is killed after this time. */
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Child processes; they inherit the environment without the variables that hold secrets. */
export interface Exec {
  /**
   * Runs a program found on PATH, with no shell between, standard input empty.
   * @throws {ExecNotFound} When there is no such program.
   * @throws {ExecTimeout} When it ran longer than `timeoutMs`.
   */
  run(program: string, args: string[], options: ExecOptions): Promise<ExecResult>;
}

export class ExecNotFound extends Error {
  override readonly name = "ExecNotFound";
}

export class ExecTimeout extends Error {
  override readonly name = "ExecTimeout";
}

/** Processes of this machine. */
export function systemExec(env: Environment): Exec {
  return {
    async run(program, args, options) {
      const timeout = AbortSignal.timeout(options.timeoutMs);
      let child: Deno.ChildProcess;
      try {
        child = new Deno.Command(program, {
          args,
          clearEnv: true,
          env: childEnvironment(env),
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
          signal: options.signal === undefined
            ? timeout
            : AbortSignal.any([timeout, options.signal]),
        }).spawn();
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) throw new ExecNotFound(program);
        throw error;
      }
      const output = await child.output();
      options.signal?.throwIfAborted();
      if (timeout.aborted) throw new ExecTimeout(program);
      return {
        status: output.code,
        stdout: output.stdout,
        stderr: new TextDecoder().decode(output.stderr),
      };
    },
  };
}
