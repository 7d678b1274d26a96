/** Writes dist/palette.js, one file that runs with plain `deno run`. */

import { helpText } from "../lib/commands/parse.ts";
import { buildTree } from "../lib/commands/tree.ts";
import { arrangeModules, revealEagerFunctions } from "./bundle/arrange_modules.ts";
import { everydayFunctions } from "./bundle/everyday_functions.ts";

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname);
const OUTPUT = `${ROOT}dist/palette.js`;
const COMMIT_PLACE = "palette-commit-not-stamped";
const HELP_PLACE = "palette-root-help-not-stamped";
const FLAGS = JSON.parse(Deno.env.get("PALETTE_DENO_FLAGS") ?? "[]") as string[];

if (import.meta.main) {
  await bundle(await commit());
  Deno.stderr.writeSync(new TextEncoder().encode("Wrote dist/palette.js\n"));
}

/** @param commit Stamped into what `palette version` prints; empty when it is not known. */
export async function bundle(commit: string, output = OUTPUT): Promise<void> {
  const staged = `${output}.${crypto.randomUUID()}.js`;
  try {
    await runBundler(["--output", staged, "main.ts"]);
    const modules = await Deno.readTextFile(staged);
    const everyday = await everydayFunctions(modules);
    await Deno.writeTextFile(staged, arrangeModules(modules, everyday));
    await runBundler(["--minify", "--output", staged, staged]);
    const text = revealEagerFunctions(await Deno.readTextFile(staged));
    const help = JSON.stringify([await rootHelp(false), await rootHelp(true)]);
    const stamped = stamp(stamp(text, COMMIT_PLACE, commit), HELP_PLACE, help);
    await Deno.writeTextFile(staged, stamped);
    await Deno.rename(staged, output);
  } finally {
    await Deno.remove(staged).catch(() => {});
  }
}

async function runBundler(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    // For the browser, so that packages come as ES modules; Deno's own modules stay outside.
    args: ["bundle", ...FLAGS, "--quiet", "--platform", "browser", ...args],
    cwd: ROOT,
    env: { DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  if (!success) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
}

/** Puts a text where its placeholder stands as a string literal. */
function stamp(code: string, placeholder: string, text: string): string {
  const literal = JSON.stringify(placeholder);
  if (code.split(literal).length !== 2) {
    throw new Error(`the bundle has no place for ${placeholder}`);
  }
  return code.replace(literal, () => JSON.stringify(text));
}

/** Help of the root command, from the command tree that it describes. */
async function rootHelp(colors: boolean): Promise<string> {
  return helpText(await buildTree(null, () => {}, () => {}), colors);
}

async function commit(): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["rev-parse", "--short=12", "HEAD"],
      stdin: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : "";
  } catch {
    return "";
  }
}
