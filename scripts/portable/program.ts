import { UserError } from "../../lib/errors.ts";
import { VERSION } from "../../lib/version.ts";
import { bundle, BUNDLE_ROOT, commit } from "../bundle.ts";
import { buildDate, makeManual } from "../manual.ts";
import { makeCompletions } from "../shell_completions.ts";
import { type ArchiveEntry, textEntry } from "./archive_entry.ts";
import { type BundledModule, bundledModules } from "./bundled_modules.ts";
import { licenceOf, type LicensedPart } from "./licences.ts";

/** What is the same in the archives of all platforms. */
export interface Program {
  version: string;
  /** Empty when it is not known. */
  commit: string;
  /** Of all that is in an archive, in seconds since 1970. */
  time: number;
  modules: { module: BundledModule; licence: LicensedPart }[];
  /** The bundle, completion scripts, man pages and texts. */
  entries: ArchiveEntry[];
}

/** Zip files know no earlier time. */
const EARLIEST = Date.UTC(1980) / 1000;

/**
 * Bundles the program and makes what goes with it.
 * @param lock Lock file that its dependencies have to agree with.
 * @throws {UserError} `validation` when the source is of another version than wanted.
 */
export async function makeProgram(version: string, lock: string | null = null): Promise<Program> {
  if (VERSION !== version) {
    throw new UserError("validation", `The source is of version ${VERSION}, not ${version}`, {
      hint: "lib/version.ts says which version it is",
    });
  }
  const folder = await Deno.makeTempDir({ prefix: "palette-program-" });
  try {
    const path = `${folder}/palette.js`;
    const stamp = await commit();
    const modules = bundledModules(await bundle(stamp, path, lock), BUNDLE_ROOT);
    const said = (await runBundle(path, folder, "version")).trim();
    if (!said.endsWith(` ${version}`)) throw new Error(`the bundle says ${JSON.stringify(said)}`);
    const time = await sourceTime();
    const entries = [textEntry("lib/palette.js", await Deno.readTextFile(path))];
    for (const { name, text } of await makeCompletions()) {
      entries.push(textEntry(`completions/${name}`, text));
    }
    for (const { name, text } of await makeManual(buildDate(`${time}`))) {
      entries.push(textEntry(`man/man1/${name}`, text));
    }
    for (const name of ["LICENSE", "README.md"]) {
      entries.push(textEntry(name, await Deno.readTextFile(`${BUNDLE_ROOT}${name}`)));
    }
    return {
      version,
      commit: stamp,
      time,
      modules: await Promise.all(
        modules.map(async (module) => ({ module, licence: await licenceOf(module) })),
      ),
      entries,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the bundle prints, in an environment that nobody has set up. */
async function runBundle(path: string, home: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-config", "--no-lock", "--no-npm", path, ...args],
    cwd: home,
    clearEnv: true,
    env: { HOME: home, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`palette ${args.join(" ")} failed: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/**
 * `SOURCE_DATE_EPOCH`, else the time of the commit: two builds of one commit have the same.
 * @throws {UserError} `validation` for a variable that is no time.
 */
async function sourceTime(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given !== undefined && given !== "") {
    if (/^\d{1,11}$/.test(given)) return Math.max(Number(given), EARLIEST);
    throw new UserError("validation", `SOURCE_DATE_EPOCH is "${given}", not seconds since 1970`);
  }
  try {
    const { success, stdout } = await new Deno.Command("git", {
      // Without the word of gpg on the commit, which a setting of git adds.
      args: ["log", "-1", "--no-show-signature", "--format=%ct"],
      cwd: BUNDLE_ROOT,
      stdin: "null",
    }).output();
    return success ? Number(new TextDecoder().decode(stdout)) : EARLIEST;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return EARLIEST;
    throw error;
  }
}
