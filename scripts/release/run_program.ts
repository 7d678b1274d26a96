export interface ProgramOptions {
  cwd: string;
  env?: Record<string, string>;
  /** Ends the program. */
  signal?: AbortSignal;
}

export interface ProgramOutcome {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; nothing can be asked for on the way. */
export async function runProgram(
  program: string,
  args: string[],
  { cwd, env = {}, signal }: ProgramOptions,
): Promise<ProgramOutcome> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env,
    stdin: "null",
    ...(signal === undefined ? {} : { signal }),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs a program that prints to this terminal; tells whether it succeeded. */
export async function showProgram(
  program: string,
  args: string[],
  { cwd, env = {}, signal }: ProgramOptions,
): Promise<boolean> {
  const child = new Deno.Command(program, {
    args,
    cwd,
    env,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
    ...(signal === undefined ? {} : { signal }),
  }).spawn();
  return (await child.status).success;
}
