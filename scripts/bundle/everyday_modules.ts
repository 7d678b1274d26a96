/** Which modules everyday commands run, found by running them. */

const PASSPHRASE = "Everyday-Passphrase-1";

/** A console that refuses connections: what is asked of it does not get further than that. */
const NO_CONSOLE = "http://127.0.0.1:9";

const WITH_FILE: readonly string[][] = [
  ["version"],
  ["--help"],
  ["version", "--format", "json"],
  ["project", "--help"],
  ["project", "current"],
  ["config", "verify"],
];

const WITH_KEY: readonly string[][] = [
  ["completions", "complete", "virtual-cluster"],
  ["project", "list"],
  ["pde", "virtual-cluster", "list", "--format", "json"],
];

const ESM_HELPER = /^var __esm = [\s\S]*?\n};$/m;

/**
 * @param bundle What `deno bundle` writes without `--minify`.
 * @returns Names of modules, as they are in the bundle.
 * @throws {Error} The bundle does not run.
 */
export async function everydayModules(bundle: string): Promise<Set<string>> {
  const folder = await Deno.makeTempDir({ prefix: "palette-everyday-" });
  try {
    const program = `${folder}/palette.js`;
    const report = `${folder}/modules.json`;
    await Deno.writeTextFile(program, reportingModules(bundle, report));
    const workspace = {
      PALETTE_WORKSPACE: `${folder}/workspace`,
      PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
    };
    await run(
      program,
      ["config", "set-secret", "/paletteConfig/ubuntuConfig/token"],
      workspace,
    );
    const modules = new Set<string>();
    const key = {
      PALETTE_API_KEY: "everyday",
      PALETTE_CONSOLE_URL: NO_CONSOLE,
      PALETTE_PROJECT: "everyday",
    };
    for (const [lines, env] of [[WITH_FILE, workspace], [WITH_KEY, key]] as const) {
      for (const line of lines) {
        await run(program, line, env);
        for (const name of JSON.parse(await Deno.readTextFile(report))) modules.add(name);
      }
    }
    return modules;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The program with a list of the modules that ran, written at its end. */
function reportingModules(bundle: string, report: string): string {
  if (!ESM_HELPER.test(bundle)) throw new Error("the bundle does not say how its modules start");
  const helper = `var __ran = [];
addEventListener("unload", () => Deno.writeTextFileSync(${
    JSON.stringify(report)
  }, JSON.stringify(__ran)));
var __esm = (modules, result) => () => {
  if (modules) {
    const [[name, run]] = Object.entries(modules);
    __ran.push(name);
    result = run(modules = 0);
  }
  return result;
};`;
  return bundle.replace(ESM_HELPER, () => helper);
}

/** Its status says nothing here: commands fail without a console. */
async function run(
  program: string,
  line: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-config", program, ...line],
    env: { ...ownVariables(), ...env, CI: "true", DENO_NO_UPDATE_CHECK: "1" },
    clearEnv: true,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("everyday\n"));
  await writer.close();
  await child.status;
}

/** The environment without what would change the commands. */
function ownVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("PALETTE_")),
  );
}
