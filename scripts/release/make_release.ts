/**
 * A release from a clean tree to a tag. All is done in a copy of the newest commit; the working tree
 * is touched at the very end, when nothing can fail any more: its branch moves on to the commit of
 * the release. So a failure, like a dry run, leaves it as it was.
 */

import { UserError } from "../../lib/errors.ts";
import { readReleaseKey } from "../checksums.ts";
import type { ReleaseOptions } from "./command_line.ts";
import type { Checkout, Repository } from "./repository.ts";
import { isNewer, isVersion } from "./semver.ts";
import {
  CHANGELOG,
  readVersion,
  releaseChangelog,
  VERSION_FILES,
  writeVersion,
} from "./sources.ts";
import { type ReleaseFacts, verifyRelease } from "./verify_release.ts";

/** What builds write, below the folder that they build in. */
const BUILT = "dist/release";
const COMPILED = "dist/compiled";
const LOCK = "deno.lock";
/** Who makes the commit of a dry run where git knows nobody: nobody sees it. */
const NOBODY = { name: "palette", email: "palette@localhost" };

/** Works in a checkout; throws when it fails. */
export interface ReleaseBuilder {
  /** Writes archives, sums and the signature to `dist/release`, executables to `dist/compiled`. */
  build(root: string, options: ReleaseOptions, epoch: string): Promise<void>;
  /** Format, lint, types and tests. */
  check(root: string): Promise<void>;
}

export interface ReleaseParts {
  repository: Repository;
  builder: ReleaseBuilder;
  env: { get(name: string): string | undefined };
  now: Date;
  /** This machine's own target; null when archives cannot be tried here. */
  host: string | null;
  stop: AbortSignal;
  say: (line: string) => void;
}

/** @throws {UserError} `usage`, `conflict`, `validation`, `io`, `checks-failed` */
export async function makeRelease(options: ReleaseOptions, parts: ReleaseParts): Promise<void> {
  const { repository, builder, stop, say } = parts;
  const { version } = options;
  const base = await repository.head();
  const publicKey = await requireReady(options, parts);
  await using checkout = await repository.checkOut();
  await prepareBuild(repository.folder, checkout.folder);
  await writeSources(checkout, version, dayOf(parts));
  const commit = await commitRelease(checkout, options);
  say(
    `${options.isDryRun ? "Would release" : "Releasing"} palette ${version}, ${
      commit.slice(0, 12)
    }`,
  );
  await builder.build(checkout.folder, options, await checkout.git("show", "-s", "--format=%ct"));
  stop.throwIfAborted();
  const facts: ReleaseFacts = {
    ...{ version, commit, targets: options.targets, publicKey, host: parts.host },
    installer: `${checkout.folder}/scripts/install.sh`,
  };
  await verifyRelease(`${checkout.folder}/${BUILT}`, facts);
  if (options.isChecked) await builder.check(checkout.folder);
  stop.throwIfAborted();
  await publish(checkout, { options, parts, base, commit });
}

/**
 * Whatever can be found out before anything is built.
 * @returns The public key of the one that is given.
 */
async function requireReady(options: ReleaseOptions, parts: ReleaseParts): Promise<string | null> {
  const { repository } = parts;
  const { version } = options;
  if (!isVersion(version)) {
    throw new UserError("usage", `"${version}" is no version of a release`, {
      hint: "Use one as semver.org has it, such as 1.2.3 or 1.3.0-rc.1",
    });
  }
  await repository.requireClean();
  if (!options.isDryRun && await repository.branch() === null) {
    throw new UserError("conflict", "No branch is checked out", {
      hint: "Check out the branch that the release is made on",
    });
  }
  if (await repository.asks("rev-parse", "--quiet", "--verify", `refs/tags/v${version}`)) {
    throw new UserError("conflict", `There is a tag v${version} already`, {
      hint: "Choose a newer version",
    });
  }
  for (const name of VERSION_FILES) {
    const current = readVersion(name, await Deno.readTextFile(`${repository.folder}/${name}`));
    // The first release may be of the version that the source has had from its beginning.
    if (version === current || isNewer(version, current)) continue;
    throw new UserError(
      "conflict",
      `Version ${version} is older than ${current} of "${name}"`,
      {
        hint: "Choose a newer version",
      },
    );
  }
  if (options.output !== null) await requireOwn(options.output);
  const changelog = await Deno.readTextFile(`${repository.folder}/${CHANGELOG}`);
  releaseChangelog(changelog, version, dayOf(parts));
  if (options.hasExecutables && !await repository.asks("cat-file", "-e", `HEAD:${LOCK}`)) {
    throw new UserError("conflict", `Executables need a committed "${LOCK}"`, {
      hint: "Make it with deno task lock where JSR is reached, and commit it",
    });
  }
  if (options.keyFile === null) return null;
  return (await readReleaseKey(options.keyFile, "--key", parts.env)).publicKey;
}

/** A folder of other things is not replaced. */
async function requireOwn(folder: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (/^(palette-|SHA256SUMS)/.test(name)) continue;
      throw new UserError("conflict", `"${folder}" holds something else: "${name}"`, {
        hint: "Choose a folder for releases alone with --output",
      });
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (error instanceof UserError) throw error;
    throw new UserError("io", `Cannot write "${folder}"`, { cause: error });
  }
}

/** The day of the release in the changelog. */
function dayOf({ env, now }: ReleaseParts): string {
  const epoch = env.get("SOURCE_DATE_EPOCH");
  const date = epoch !== undefined && /^\d{1,11}$/.test(epoch)
    ? new Date(Number(epoch) * 1000)
    : now;
  return date.toISOString().slice(0, 10);
}

/** Takes the dependencies along, so that they are not fetched again. */
async function prepareBuild(from: string, to: string): Promise<void> {
  await linkTree(`${from}/.deps`, `${to}/.deps`);
}

async function linkTree(from: string, to: string): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(from)).catch(() => []);
  for (const { name, isDirectory, isFile } of entries) {
    if (name.startsWith("stage-")) continue;
    await Deno.mkdir(to, { recursive: true });
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    if (isDirectory) await linkTree(source, target);
    // Not every file system has links, nor do two of them share a file.
    else if (isFile) await Deno.link(source, target).catch(() => Deno.copyFile(source, target));
  }
}

async function writeSources({ folder }: Checkout, version: string, day: string): Promise<void> {
  const rewrite = async (name: string, change: (text: string) => string) => {
    const path = `${folder}/${name}`;
    await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
  };
  await rewrite(CHANGELOG, (text) => releaseChangelog(text, version, day));
  for (const name of VERSION_FILES) {
    await rewrite(name, (text) => writeVersion(name, text, version));
  }
}

async function commitRelease(
  checkout: Checkout,
  { version, isDryRun }: ReleaseOptions,
): Promise<string> {
  return await checkout.commit(`Release ${version}`, isDryRun ? NOBODY : null);
}

interface Publication {
  options: ReleaseOptions;
  parts: ReleaseParts;
  /** What the release was made on. */
  base: string;
  commit: string;
}

/** Puts the files in place, sets the tag and moves the branch. */
async function publish(
  checkout: Checkout,
  { options, parts: { repository, say }, base, commit }: Publication,
): Promise<void> {
  const { version, isDryRun } = options;
  const output = options.output ?? (isDryRun ? null : `${repository.folder}/${BUILT}`);
  const moves: [string, string][] = output === null
    ? []
    : [[`${checkout.folder}/${BUILT}`, output]];
  if (options.hasExecutables && !isDryRun) {
    moves.push([`${checkout.folder}/${COMPILED}`, `${repository.folder}/${COMPILED}`]);
  }
  const staged: Replacement[] = [];
  try {
    for (const [from, to] of moves) staged.push(await Replacement.stage(from, to));
    if (!isDryRun) await tagAndAdvance({ repository, version, base, commit });
    for (const replacement of staged) await replacement.commit();
  } finally {
    for (const replacement of staged) await replacement.discard();
  }
  if (output !== null) say(`Wrote ${output}`);
  if (isDryRun) {
    say(`Nothing was changed; without --dry-run this makes a commit and the tag v${version}`);
  } else {
    say(`Made a commit and the tag v${version}; nothing is pushed`);
    say(`Push them with git push --atomic origin ${await repository.branch()} v${version}`);
  }
}

async function tagAndAdvance(
  { repository, version, base, commit }: {
    repository: Repository;
    version: string;
    base: string;
    commit: string;
  },
): Promise<void> {
  if (await repository.head() !== base) {
    throw new UserError("conflict", "The branch has moved on while the release was built", {
      hint: "Run it again",
    });
  }
  await repository.requireClean();
  await repository.git(
    "tag",
    "--annotate",
    "--message",
    `palette ${version}`,
    `v${version}`,
    commit,
  );
  try {
    await repository.git("merge", "--quiet", "--ff-only", commit);
  } catch (error) {
    await repository.git("tag", "--delete", `v${version}`);
    throw error;
  }
}

/** A folder that takes the place of another at once. */
class Replacement {
  readonly #stage: string;
  readonly #target: string;

  private constructor(stage: string, target: string) {
    this.#stage = stage;
    this.#target = target;
  }

  static async stage(from: string, target: string): Promise<Replacement> {
    const path = target.replace(/\/+$/, "");
    const at = path.lastIndexOf("/") + 1;
    const stage = `${path.slice(0, at)}.${path.slice(at)}.${crypto.randomUUID()}`;
    try {
      await Deno.mkdir(stage, { recursive: true });
      for await (const { name } of Deno.readDir(from)) {
        await Deno.copyFile(`${from}/${name}`, `${stage}/${name}`);
      }
    } catch (error) {
      await Deno.remove(stage, { recursive: true }).catch(() => {});
      throw new UserError("io", `Cannot write "${target}"`, { cause: error });
    }
    return new Replacement(stage, path);
  }

  async commit(): Promise<void> {
    const old = `${this.#stage}.old`;
    await Deno.rename(this.#target, old).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    await Deno.rename(this.#stage, this.#target);
    await Deno.remove(old, { recursive: true }).catch(() => {});
  }

  async discard(): Promise<void> {
    await Deno.remove(this.#stage, { recursive: true }).catch(() => {});
  }
}
