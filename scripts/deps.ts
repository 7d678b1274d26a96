/**
 * Makes the dependencies of `deno.json` available, then runs the deno sub-command it was asked for:
 *
 *     deno run -A scripts/deps.ts test -A tests/
 *
 * Where JSR is reachable nothing is done: deno fetches `jsr:` modules itself. Many enterprise and
 * air-gapped networks mirror npm alone; there, the same modules are taken out of two npm packages
 * that carry them, unpacked into `.deps/`, and named by an import map that replaces the one of
 * `deno.json`. `PALETTE_DEPS=jsr|npm` forces either way.
 *
 * Imports nothing but the platform and its sibling: it has to run before any dependency is there.
 */

import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import {
  DepsError,
  type DownloadPackage,
  downloadPackage,
  fetchPackage,
  type NpmPin,
  readTar,
} from "./npm_package.ts";

/** An npm package that carries JSR modules. */
export interface CarrierPin extends NpmPin {
  /** Folders under `deps/jsr.io/` that we take. */
  modules: string[];
}

export const CARRIERS: CarrierPin[] = [
  {
    name: "windmill-cli",
    version: "1.596.0",
    sha512:
      "5aFVNTOEaGyTKyQlyjFI1FAZ8fTIQ2vGSmnqL3FfZuKpKWdqGXh8p9Azdp8N2MkIwyP1vYtOK9nfQk6jr6tRTw==",
    modules: ["@windmill-labs", "@std"],
  },
  {
    name: "veryfront",
    version: "0.1.1031",
    sha512:
      "Vhd648NOygFaqiSeT9xDRL/9Tf2KjyfpIlnz2W86fRHi9W47w7ngZisq0Xiw4nzNKN8kh5+MDD01N1E18Oidgw==",
    modules: ["@std/assert", "@std/internal"],
  },
];

const CLIFFY = "windmill-cli/esm/deps/jsr.io/@windmill-labs";

/** Where each `jsr:` import of `deno.json` is found among the unpacked files. */
export const ENTRIES: Record<string, string> = {
  "@cliffy/command": `${CLIFFY}/cliffy-command/1.0.0-rc.5/mod.js`,
  "@cliffy/command/completions": `${CLIFFY}/cliffy-command/1.0.0-rc.5/completions/mod.js`,
  "@cliffy/prompt/confirm": `${CLIFFY}/cliffy-prompt/1.0.0-rc.6/confirm.js`,
  "@cliffy/prompt/input": `${CLIFFY}/cliffy-prompt/1.0.0-rc.6/input.js`,
  "@cliffy/prompt/secret": `${CLIFFY}/cliffy-prompt/1.0.0-rc.6/secret.js`,
  "@cliffy/prompt/select": `${CLIFFY}/cliffy-prompt/1.0.0-rc.6/select.js`,
  "@cliffy/table": `${CLIFFY}/cliffy-table/1.0.0-rc.5/mod.js`,
  "@std/assert": "veryfront/esm/deps/jsr.io/@std/assert/1.0.19/mod.js",
  "@std/cli/unicode-width": "windmill-cli/esm/deps/jsr.io/@std/cli/1.0.0-rc.2/unicode_width.js",
  "@std/yaml": "windmill-cli/esm/deps/jsr.io/@std/yaml/1.0.10/mod.js",
};

/** Raised when what is written to `.deps/` changes for the same pins. */
const LAYOUT = 1;
const PROBE_URL = "https://jsr.io/@std/yaml/meta.json";
const PROBE_MS = 3_000;
const MANIFEST = "manifest.json";
const IMPORT_MAP = "import_map.json";
const NPM_LOCK = "scripts/npm.lock";
/** Stages of a set-up that was killed are swept once they are this old. */
const STALE_STAGE_MS = 15 * 60_000;

/** What `ensureCarried` needs; tests hand in small packages. */
export interface CarriedSetup {
  /** Repository root, with `deno.json`. */
  root: string;
  carriers: CarrierPin[];
  entries: Record<string, string>;
  download: DownloadPackage;
  /** Called once when something has to be set up. */
  onSetup: () => void;
}

type Mode = "jsr" | "npm";

const DENO_SHIM_JS = `const platform = globalThis;
export const Deno = platform.Deno;
export { platform as dntGlobalThis };
`;
const DENO_SHIM_TYPES = `import Platform = globalThis.Deno;
export { Platform as Deno };
export declare const dntGlobalThis: typeof globalThis;
`;

/**
 * Unpacks the carried modules unless they are all in place.
 *
 * @returns The folder of the modules, relative to the root.
 * @throws {DepsError} When a download fails or its checksum differs.
 */
export async function ensureCarried(setup: CarriedSetup): Promise<string> {
  const imports = readImports(setup.root);
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([LAYOUT, setup.carriers, setup.entries, imports]))
    .digest("hex").slice(0, 16);
  const folder = `.deps/${fingerprint}`;
  const target = `${setup.root}/${folder}`;
  if (isComplete(target)) return folder;
  setup.onSetup();

  // Staged inside `.deps/` so that the rename stays on one file system; `makeTempDir` makes it
  // private, and other users of a shared checkout must be able to read it.
  Deno.mkdirSync(`${setup.root}/.deps`, { recursive: true });
  sweepStages(`${setup.root}/.deps`);
  const stage = Deno.makeTempDirSync({ dir: `${setup.root}/.deps`, prefix: "stage-" });
  try {
    if (Deno.build.os !== "windows") Deno.chmodSync(stage, 0o755);
    const downloads = `${stage}/downloads`;
    Deno.mkdirSync(downloads);
    // All are waited for: a download that still runs would write into the stage while it is removed.
    const unpacked = await Promise.allSettled(setup.carriers.map(async (pin) => {
      const tarball = await fetchPackage(pin, downloads, setup.download);
      unpackCarrier(pin, gunzipSync(tarball), `${stage}/${pin.name}`);
    }));
    const failed = unpacked.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    Deno.removeSync(downloads, { recursive: true });
    writeImportMap(stage, imports, setup.entries);
    writeManifest(stage);
    moveIntoPlace(stage, target);
  } finally {
    removeIfPresent(stage);
  }
  return folder;
}

/** All files listed by the manifest are there with the sizes it gives. */
function isComplete(folder: string): boolean {
  try {
    const sizes = JSON.parse(Deno.readTextFileSync(`${folder}/${MANIFEST}`));
    return Object.entries(sizes).every(([path, size]) =>
      Deno.statSync(`${folder}/${path}`).size === size
    );
  } catch {
    return false;
  }
}

function writeManifest(stage: string): void {
  const sizes: Record<string, number> = {};
  for (const path of listFiles(stage)) sizes[path] = Deno.statSync(`${stage}/${path}`).size;
  Deno.writeTextFileSync(`${stage}/${MANIFEST}`, JSON.stringify(sizes));
}

function* listFiles(root: string, below = ""): Generator<string> {
  for (const entry of Deno.readDirSync(`${root}/${below}`)) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory) yield* listFiles(root, path);
    else yield path;
  }
}

/** A rename over a damaged folder of the same name; another process may do the same just now. */
function moveIntoPlace(stage: string, target: string): void {
  const discarded = `${stage}-discarded`;
  try {
    Deno.renameSync(target, discarded);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  try {
    Deno.renameSync(stage, target);
  } catch (error) {
    if (!isComplete(target)) throw error;
  } finally {
    removeIfPresent(discarded);
  }
}

function sweepStages(folder: string): void {
  for (const entry of Deno.readDirSync(folder)) {
    if (!entry.name.startsWith("stage-")) continue;
    try {
      const path = `${folder}/${entry.name}`;
      const modified = Deno.statSync(path).mtime?.getTime() ?? 0;
      if (Date.now() - modified > STALE_STAGE_MS) removeIfPresent(path);
    } catch {
      // Another process swept it first.
    }
  }
}

function removeIfPresent(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function readImports(root: string): Record<string, string> {
  return JSON.parse(Deno.readTextFileSync(`${root}/deno.json`)).imports;
}

/**
 * `--import-map` replaces the imports of `deno.json`, so every entry is repeated; a bare `npm:`
 * entry of `deno.json` also serves sub-paths, which an import map has to spell out.
 */
function writeImportMap(
  stage: string,
  imports: Record<string, string>,
  entries: Record<string, string>,
): void {
  const map: Record<string, string> = {};
  for (const [name, specifier] of Object.entries(imports)) {
    if (specifier.startsWith("jsr:")) {
      const path = entries[name];
      if (path === undefined) {
        throw new DepsError(`deno.json imports "${name}", which scripts/deps.ts has no source for`);
      }
      Deno.statSync(`${stage}/${path}`);
      map[name] = `./${path}`;
    } else {
      map[name] = specifier;
      if (specifier.startsWith("npm:")) {
        map[`${name}/`] = `${specifier.replace(/^npm:\/?/, "npm:/")}/`;
      }
    }
  }
  Deno.writeTextFileSync(`${stage}/${IMPORT_MAP}`, JSON.stringify({ imports: map }, null, 2));
}

/** Takes the wanted modules out of a tarball, puts their types beside them, replaces the shims. */
function unpackCarrier(pin: CarrierPin, tar: Uint8Array, target: string): void {
  for (const file of readTar(tar)) {
    const match = /^package\/(?:esm|types)\/(deps\/jsr\.io\/(.+)|_dnt\.[a-z.]+)$/.exec(file.path);
    if (match === null || file.path.endsWith(".map")) continue;
    const module = match[2];
    if (module !== undefined && !pin.modules.some((name) => module.startsWith(`${name}/`))) {
      continue;
    }
    const path = `${target}/esm/${match[1]}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeFileSync(path, file.content);
  }
  Deno.writeTextFileSync(`${target}/esm/_dnt.shims.js`, DENO_SHIM_JS);
  Deno.writeTextFileSync(`${target}/esm/_dnt.shims.d.ts`, DENO_SHIM_TYPES);
  for (const path of listFiles(target)) {
    if (!path.endsWith(".js")) continue;
    const types = path.replace(/\.js$/, ".d.ts");
    if (!exists(`${target}/${types}`)) continue;
    const name = types.slice(types.lastIndexOf("/") + 1);
    const code = Deno.readTextFileSync(`${target}/${path}`);
    Deno.writeTextFileSync(`${target}/${path}`, `// @ts-self-types="./${name}"\n${code}`);
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

async function chooseMode(root: string): Promise<Mode> {
  const wanted = Deno.env.get("PALETTE_DEPS");
  if (wanted === "jsr" || wanted === "npm") return wanted;
  if (wanted !== undefined && wanted !== "") {
    throw new DepsError(`PALETTE_DEPS is "${wanted}"; it takes jsr or npm`);
  }
  const record = `${root}/.deps/mode`;
  try {
    const recorded = Deno.readTextFileSync(record).trim();
    if (recorded === "jsr" || recorded === "npm") return recorded;
  } catch {
    // First run, or a damaged record: probe.
  }
  const mode = await probeJsr() ? "jsr" : "npm";
  Deno.mkdirSync(`${root}/.deps`, { recursive: true });
  Deno.writeTextFileSync(record, `${mode}\n`);
  return mode;
}

async function probeJsr(): Promise<boolean> {
  try {
    const response = await fetch(PROBE_URL, { signal: AbortSignal.timeout(PROBE_MS) });
    // A proxy's login page answers 200 too; only JSR's own document has versions.
    return response.ok && "versions" in await response.json();
  } catch {
    return false;
  }
}

/** The options that make deno find the dependencies; paths are relative to the root. */
async function denoFlags(root: string): Promise<string[]> {
  if (await chooseMode(root) === "jsr") return [];
  const folder = await ensureCarried({
    root,
    carriers: CARRIERS,
    entries: ENTRIES,
    download: downloadPackage(root),
    onSetup: () =>
      printError("Setting up dependencies from npm into .deps/ (PALETTE_DEPS=jsr takes JSR)"),
  });
  const flags = [`--import-map=${folder}/${IMPORT_MAP}`];
  return exists(`${root}/${NPM_LOCK}`) ? [...flags, `--lock=${NPM_LOCK}`, "--frozen"] : flags;
}

/** Runs deno with the terminal handed through; its exit status becomes ours. */
async function runDeno(root: string, args: string[], flags: string[]): Promise<number> {
  const [subcommand, ...rest] = args;
  const child = new Deno.Command(Deno.execPath(), {
    args: [subcommand ?? "--help", ...flags, ...rest],
    cwd: root,
    env: {
      DENO_NO_UPDATE_CHECK: "1",
      // Tests and scripts that start deno themselves add the same options (absolute for any cwd).
      PALETTE_DENO_FLAGS: JSON.stringify(
        flags.map((flag) => flag.replace(/=(.+)$/, (_, path) => `=${root}/${path}`)),
      ),
    },
  }).spawn();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (signal === "SIGTERM" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has ended already.
      }
    });
  }
  return (await child.status).code;
}

async function main(args: string[]): Promise<number> {
  const root = new URL("..", import.meta.url);
  const path = decodeURIComponent(
    Deno.build.os === "windows" ? root.pathname.slice(1) : root.pathname,
  ).replace(/\/$/, "");
  try {
    const flags = await denoFlags(path);
    if (args[0] === "lock") {
      const map = flags.filter((flag) => flag.startsWith("--import-map"));
      return await runDeno(path, [
        "cache",
        `--lock=${NPM_LOCK}`,
        "--frozen=false",
        ...args.slice(1),
      ], map);
    }
    return await runDeno(path, args, flags);
  } catch (error) {
    if (!(error instanceof DepsError)) throw error;
    printError(`Error: ${error.message}`);
    return 1;
  }
}

function printError(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
