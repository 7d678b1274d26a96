import { UserError } from "../../lib/errors.ts";
import { targetNamed, TARGETS } from "../portable/target.ts";

/** Names of the platforms that there are archives for. */
const NAMES = TARGETS.map(({ name }) => name);

/** What a release is asked for. */
export interface ReleaseOptions {
  version: string;
  isDryRun: boolean;
  /** Private key (PEM) that the sums are signed with. */
  keyFile: string | null;
  targets: string[];
  /** Standalone executables, too. */
  hasExecutables: boolean;
  /** Whether `deno task ok` runs. */
  isChecked: boolean;
  /** Folder of the files; null for the usual one, and for none in a dry run. */
  output: string | null;
}

export const USAGE = `Usage: deno task release --version VERSION [options]

Makes a release of the newest commit: changelog and version, archives, sums, checks, then a commit
and a tag. Nothing is pushed.

  --version VERSION   As semver.org has it; no older than the one in
                      lib/version.ts, and not released yet.
  --dry-run           Do all of it in a copy, and keep nothing (but --output).
  --key FILE          Sign SHA256SUMS with this private key (PEM, RSA or ECDSA); the passphrase of an
                      encrypted one comes from PALETTE_SIGNING_KEY_PASSPHRASE.
  --target T          For this platform; can be repeated. All five by default:
                      ${NAMES.join(", ")}.
  --executables       Compile standalone executables, too (dist/compiled); needs a committed deno.lock.
  --no-checks         Leave out deno task ok, where it has just run.
  --output FOLDER     Where the files go; dist/release by default. What is there goes.
`;

const NAMES_WITH_VALUE = ["version", "key", "target", "output"];
const SWITCHES = ["dry-run", "executables", "no-checks"];

/**
 * Reads the command line; null when it asks for help.
 * @throws {UserError} `usage`
 */
export function parseReleaseArguments(args: readonly string[]): ReleaseOptions | null {
  const values = new Map<string, string[]>();
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (word === "--help" || word === "-h") return null;
    const [, name = "", given] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (SWITCHES.includes(name) && given === undefined) values.set(name, []);
    else if (NAMES_WITH_VALUE.includes(name)) {
      const value = given ?? args[++at] ?? "";
      if (value === "") throw usage(`--${name} needs a value`);
      const known = values.get(name) ?? [];
      if (known.length > 0 && name !== "target") throw usage(`--${name} is given twice`);
      values.set(name, [...known, value]);
    } else throw usage(`There is no option "${word}"`);
  }
  const one = (name: string) => values.get(name)?.[0] ?? null;
  const version = one("version");
  if (version === null) throw usage("--version is missing");
  const targets = values.get("target") ?? [];
  for (const name of targets) targetNamed(name);
  return {
    version: version.replace(/^v/, ""),
    isDryRun: values.has("dry-run"),
    keyFile: one("key"),
    targets: targets.length === 0 ? NAMES : [...new Set(targets)],
    hasExecutables: values.has("executables"),
    isChecked: !values.has("no-checks"),
    output: one("output"),
  };
}

function usage(message: string): UserError {
  return new UserError("usage", message, { hint: "See deno task release --help" });
}
