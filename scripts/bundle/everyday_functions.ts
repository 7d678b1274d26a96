/** Which functions everyday commands run, found by running them. */

const PASSPHRASE = "Everyday-Passphrase-1";

/** A console that refuses connections: what is asked of it does not get further than that. */
const NO_CONSOLE = "http://127.0.0.1:9";

interface Line {
  args: readonly string[];
  /** Whether credentials come from the environment, not from a file. */
  hasKey?: true;
  /** Whether it is done so soon that its own functions are what it waits for. */
  isShort?: true;
}

const LINES: readonly Line[] = [
  { args: ["version"], isShort: true },
  { args: ["--help"], isShort: true },
  { args: ["project", "current"], isShort: true },
  { args: ["completions", "complete", "virtual-cluster"], hasKey: true, isShort: true },
  { args: ["version", "--format", "json"] },
  { args: ["project", "--help"] },
  { args: ["config", "verify"] },
  { args: ["project", "list"], hasKey: true },
  { args: ["pde", "virtual-cluster", "list", "--format", "json"], hasKey: true },
];

/** Names of functions and of modules, as they are in a bundle. */
export interface EverydayFunctions {
  /** Everyday commands run them. */
  everyday: ReadonlySet<string>;
  /** Those that short ones run; each of these makes every start a little longer. */
  eager: ReadonlySet<string>;
}

/** What Deno writes of a script with `--coverage`. */
interface Coverage {
  url: string;
  functions: { functionName: string; ranges: { count: number }[] }[];
}

/**
 * @param bundle What `deno bundle` writes without `--minify`: there the function that starts a
 *   module has the module's name.
 */
export async function everydayFunctions(bundle: string): Promise<EverydayFunctions> {
  const folder = await Deno.makeTempDir({ prefix: "palette-everyday-" });
  try {
    const program = `${folder}/palette.js`;
    await Deno.writeTextFile(program, bundle);
    // Nothing of whoever builds: two builds have to give the same bytes.
    const home = { HOME: folder };
    const workspace = {
      ...home,
      PALETTE_WORKSPACE: `${folder}/workspace`,
      PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
    };
    const secret = "/paletteConfig/ubuntuConfig/token";
    await run([program, "config", "set-secret", secret], workspace, "everyday\n");
    const key = {
      ...home,
      PALETTE_API_KEY: "everyday",
      PALETTE_CONSOLE_URL: NO_CONSOLE,
      PALETTE_PROJECT: "everyday",
    };
    const everyday = new Set<string>();
    const eager = new Set<string>();
    for (const [at, { args, hasKey, isShort }] of LINES.entries()) {
      const coverage = `${folder}/coverage-${at}`;
      await run([`--coverage=${coverage}`, program, ...args], hasKey ? key : workspace);
      for (const name of await functionsIn(coverage)) {
        everyday.add(name);
        if (isShort) eager.add(name);
      }
    }
    return { everyday, eager };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function functionsIn(folder: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { name } of Deno.readDir(folder)) {
    const { url, functions }: Coverage = JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
    if (!url.endsWith("/palette.js")) continue;
    for (const { functionName, ranges } of functions) {
      if ((ranges[0]?.count ?? 0) > 0) names.add(functionName);
    }
  }
  return names;
}

/** The status says nothing here: commands fail without a console. */
async function run(
  args: readonly string[],
  env: Record<string, string>,
  input: string | null = null,
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-config", ...args],
    env: { PATH: Deno.env.get("PATH") ?? "", CI: "true", DENO_NO_UPDATE_CHECK: "1", ...env },
    clearEnv: true,
    stdin: input === null ? "null" : "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  if (input !== null) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  await child.status;
}
