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
