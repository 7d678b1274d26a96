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
