import { PERMISSIONS } from "../permissions.ts";
import type { Target } from "./target.ts";

/** What starts the program of an archive: a POSIX shell script, or a batch file on Windows. */
export async function launcher(target: Target): Promise<{ name: string; text: string }> {
  const source = target.isWindows ? "launcher.cmd" : "launcher.sh";
  const text = (await Deno.readTextFile(new URL(source, import.meta.url)))
    .replaceAll("@TARGET@", target.name)
    .replaceAll("@LOADER@", target.loader ?? "")
    .replaceAll("@PERMISSIONS@", PERMISSIONS.join(" "));
  // cmd.exe reads labels wrongly in files with bare line feeds.
  return target.isWindows
    ? { name: "palette.cmd", text: text.replaceAll("\n", "\r\n") }
    : { name: "palette", text };
}
