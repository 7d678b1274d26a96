/** Writes dist/palette.js, one file that runs with plain `deno run`. */

const OUTPUT = "dist/palette.js";
const FLAGS = JSON.parse(Deno.env.get("PALETTE_DENO_FLAGS") ?? "[]") as string[];

if (import.meta.main) await bundle(await commit());

/** @param commit Stamped into what `palette version` prints; empty when it is not known. */
export async function bundle(commit: string, output = OUTPUT): Promise<void> {
  const staged = `${output}.${crypto.randomUUID()}.tmp`;
  try {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        ...FLAGS,
        "--quiet",
        "--minify",
        "--platform",
        "browser",
        "--output",
        staged,
        "main.ts",
      ],
      env: { DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
    }).output().then(async (result) => {
      if (!result.success) await Deno.stderr.write(result.stderr);
      return result;
    });
    if (!success) Deno.exit(1);
    const text = await Deno.readTextFile(staged);
    await Deno.writeTextFile(staged, stamp(text, commit));
    await Deno.rename(staged, output);
  } finally {
    await Deno.remove(staged).catch(() => {});
  }
}

/** The placeholder is a text that stands nowhere else. */
function stamp(text: string, commit: string): string {
  const placeholder = "palette-commit-not-stamped";
  if (!text.includes(placeholder)) throw new Error("the bundle has no place for the commit");
  return text.replaceAll(placeholder, commit);
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
