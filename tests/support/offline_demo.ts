/**
 * Runs the demo with the program of an archive in a root folder of its own; started where there is
 * no network but loopback. Prints a JSON document.
 *
 * Arguments: the root folder, the path of the launcher in it.
 */

import { runDemo, type RunPalette, type ShownStep } from "../../scripts/demo.ts";

const [root = "", launcher = ""] = Deno.args;

/** No PATH, no folder for temporary files, and a home that is empty. */
const run: RunPalette = async (args, cwd, env) => {
  const inside = cwd.slice(root.length);
  const { code, stdout, stderr } = await new Deno.Command("chroot", {
    args: [
      ...[root, "/bin/busybox", "sh", "-c", 'unset PATH; cd "$1"; shift; exec "$@"', "sh"],
      ...[inside, launcher, ...args],
    ],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: inside, ...env },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  const output = text.decode(stdout) + text.decode(stderr);
  return { output: output.replaceAll(inside, "~"), status: code };
};

const interfaces = Deno.networkInterfaces().map(({ name }) => name);
const steps: ShownStep[] = [];
/** What lies in the home folder before it goes. */
let home: string[] = [];
await runDemo((step) => {
  steps.push(step);
  const [folder] = [...Deno.readDirSync(`${root}/home`)].map(({ name }) => `${root}/home/${name}`);
  if (folder !== undefined) home = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}, { run, parent: `${root}/home` });

const document = JSON.stringify({ steps, interfaces: [...new Set(interfaces)], home });
Deno.stdout.writeSync(new TextEncoder().encode(`${document}\n`));
