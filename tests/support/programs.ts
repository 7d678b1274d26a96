/** Whether a program is found on PATH; tests that need one are ignored, by name, without it. */
export function hasProgram(name: string): boolean {
  const isWindows = Deno.build.os === "windows";
  const folders = (Deno.env.get("PATH") ?? "").split(isWindows ? ";" : ":");
  return folders.some((folder) => isFile(`${folder}/${isWindows ? `${name}.exe` : name}`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Runs a program that has to succeed without a word on standard error; gives its output. */
export async function outputOf(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const complaint = new TextDecoder().decode(stderr);
  if (code !== 0 || complaint !== "") throw new Error(`${program}: ${code} ${complaint}`);
  return new TextDecoder().decode(stdout);
}

/** What a program printed and how it ended. */
export interface ProgramResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program of this machine, in an environment with only PATH, HOME and what is given. */
export async function runProgram(
  name: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<ProgramResult> {
  const { code, stdout, stderr } = await new Deno.Command(name, {
    args,
    stdin: "null",
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: Deno.env.get("HOME") ?? "/", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}
