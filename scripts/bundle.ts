/** Writes dist/palette.js, one file that runs with plain `deno run`. */

import { helpText } from "../lib/commands/parse.ts";
import { buildTree } from "../lib/commands/tree.ts";
import { arrangeModules, revealEagerFunctions } from "./bundle/arrange_modules.ts";
import { everydayFunctions } from "./bundle/everyday_functions.ts";

/** What scripts/deps.ts adds to calls of deno; nothing when dependencies are of JSR. */
export const DEPENDENCY_FLAGS = JSON.parse(
  Deno.env.get("PALETTE_DENO_FLAGS") || "[]",
) as readonly string[];

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname);
const OUTPUT = `${ROOT}dist/palette.js`;
const COMMIT_PLACE = "palette-commit-not-stamped";
const HELP_PLACE = "palette-root-help-not-stamped";

if (import.meta.main) {
  await bundle(await commit());
  Deno.stderr.writeSync(new TextEncoder().encode("Wrote dist/palette.js\n"));
}

/** A file whose code is in the bundle. */
export interface BundleSource {
  /** Absolute, with slashes. */
  path: string;
  text: string;
}

/** Folder of the repository, with a slash at its end. */
export const BUNDLE_ROOT = ROOT;

/**
 * @param commit Stamped into what `palette version` prints; empty when it is not known.
 * @param lock Lock file that the dependencies have to agree with.
 * @returns What it was made of.
 */
export async function bundle(
  commit: string,
  output = OUTPUT,
  lock: string | null = null,
): Promise<BundleSource[]> {
  const staged = `${output}.${crypto.randomUUID()}.js`;
  const locked = lock === null ? [] : [`--lock=${lock}`, "--frozen"];
  try {
    await runBundler([...locked, "--sourcemap=external", "--output", staged, "main.ts"]);
    const sources = readSources(await Deno.readTextFile(`${staged}.map`), staged);
    const modules = await Deno.readTextFile(staged);
    const everyday = await everydayFunctions(modules);
    await Deno.writeTextFile(staged, arrangeModules(modules, everyday));
    await runBundler(["--minify", "--output", staged, staged]);
    const text = revealEagerFunctions(await Deno.readTextFile(staged));
    const help = JSON.stringify([await rootHelp(false), await rootHelp(true)]);
    const stamped = stamp(stamp(text, COMMIT_PLACE, commit), HELP_PLACE, help);
    await Deno.writeTextFile(staged, stamped);
    await Deno.rename(staged, output);
    return sources;
  } finally {
    for (const path of [staged, `${staged}.map`]) await Deno.remove(path).catch(() => {});
  }
}

async function runBundler(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    // For the browser, so that packages come as ES modules; Deno's own modules stay outside.
    args: ["bundle", ...DEPENDENCY_FLAGS, "--quiet", "--platform", "browser", ...args],
    cwd: ROOT,
    env: { DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  if (!success) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
}

/** The files that a source map names; it does so relative to the bundle. */
function readSources(map: string, staged: string): BundleSource[] {
  const { sources, sourcesContent } = JSON.parse(map) as {
    sources: string[];
    sourcesContent: string[];
  };
  const base = new URL(staged, `file://${ROOT}`);
  return sources.map((source, at) => {
    const url = new URL(source, base);
    const path = url.protocol === "file:" ? decodeURIComponent(url.pathname) : url.href;
    return { path, text: sourcesContent[at] ?? "" };
  });
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
  return helpText(await buildTree([], () => {}, () => {}), colors);
}

/** Commit that is checked out; empty when it cannot be told. */
export async function commit(): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["rev-parse", "--short=12", "HEAD"],
      cwd: ROOT,
      stdin: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : "";
  } catch {
    return "";
  }
}
