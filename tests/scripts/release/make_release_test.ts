import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { parseReleaseArguments } from "../../../scripts/release/command_line.ts";
import { makeRelease, type ReleaseBuilder } from "../../../scripts/release/make_release.ts";
import { Repository } from "../../../scripts/release/repository.ts";
import { exists } from "../../support/installation.ts";
import { INSTALLER, treeOf } from "../../support/installer.ts";
import { makeKeys, opensslVerdict } from "../../support/openssl.ts";
import { hasProgram } from "../../support/programs.ts";
import { HOST_TARGET, writeRelease, writeSums } from "../../support/release_files.ts";
import { inTempFolder, namesIn } from "../../support/temp_folder.ts";

const ignore = !hasProgram("git") || Deno.build.os !== "linux";
const OTHER_TARGET = HOST_TARGET === "linux-x64" ? "linux-arm64" : "linux-x64";
const NOW = new Date("2024-02-29T23:59:59Z");

const SOURCES: Record<string, string> = {
  ".gitignore": "dist/\n.deps/\n",
  "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- Something new.\n",
  "deno.json": '{\n  "name": "@palette/cli",\n  "version": "0.1.0",\n}\n',
  "lib/version.ts": 'export const VERSION = "0.1.0";\n',
};

interface Setting {
  repository: Repository;
  builder: FakeBuilder;
  said: string[];
  stop: AbortController;
  env: Record<string, string>;
  /** Everything that a release could change. */
  state: () => Promise<string>;
  /** Releases 0.2.0 for two targets, unless the arguments say something else. */
  release: (...args: string[]) => Promise<void>;
}

/** Builds stand-ins for the host's target and another one. */
class FakeBuilder implements ReleaseBuilder {
  /** What was called, with the version that the sources said then. */
  readonly calls: string[] = [];
  onBuilt: (root: string) => Promise<void> = () => Promise.resolve();
  checkFails = false;
  #root = "";

  /** Whether the folder of the last build is still there. */
  isThere(): boolean {
    return this.#root !== "" && exists(this.#root);
  }

  async build(
    root: string,
    { targets, version, keyFile }: Parameters<ReleaseBuilder["build"]>[1],
    epoch: string,
  ): Promise<void> {
    this.#root = root;
    const source = await Deno.readTextFile(`${root}/lib/version.ts`);
    this.calls.push(`build ${source.trim()} ${/^\d{10}$/.test(epoch)}`);
    const commit = await new Repository(root).git("rev-parse", "--short=12", "HEAD");
    const json = JSON.stringify({ version, commit });
    const palette = `#!/bin/sh\n[ "$*" = version ] && echo "${version}" || echo '${json}'\n`;
    const key = keyFile === null ? {} : { key: keyFile };
    for (const target of targets) {
      await writeRelease(`${root}/dist/release`, { version, target, files: { palette }, ...key });
    }
    await this.onBuilt(root);
  }

  async check(root: string): Promise<void> {
    this.calls.push(`check ${await new Repository(root).git("status", "--porcelain")}`);
    if (this.checkFails) throw new UserError("checks-failed", "deno task ok failed");
  }
}

function inRepository(name: string, work: (setting: Setting) => Promise<void>): void {
  Deno.test({
    name: `${name} (needs git)`,
    ignore,
    fn: () =>
      inTempFolder(async (folder) => {
        const root = `${folder}/a repository`;
        for (const path of ["lib", "scripts", ".deps/modules"]) {
          await Deno.mkdir(`${root}/${path}`, { recursive: true });
        }
        for (const [path, text] of Object.entries(SOURCES)) {
          await Deno.writeTextFile(`${root}/${path}`, text);
        }
        await Deno.copyFile(INSTALLER, `${root}/scripts/install.sh`);
        await Deno.writeTextFile(`${root}/.deps/modules/x.js`, "");
        const repository = new Repository(root);
        await repository.git("init", "--quiet", "--initial-branch=main");
        for (const [key, value] of [["name", "Ann"], ["email", "ann@example.com"]]) {
          await repository.git("config", `user.${key}`, value ?? "");
        }
        for (const key of ["commit", "tag"]) {
          await repository.git("config", `${key}.gpgSign`, "false");
        }
        await repository.git("add", ".");
        await repository.git("commit", "--quiet", "--message", "First");
        const builder = new FakeBuilder();
        const said: string[] = [];
        const stop = new AbortController();
        const env: Record<string, string> = {};
        const release = async (...args: string[]) => {
          const targets = ["--target", HOST_TARGET, "--target", OTHER_TARGET];
          const options = parseReleaseArguments([
            ...(args.includes("--version") ? [] : ["--version", "0.2.0"]),
            ...(args.includes("--target") ? [] : targets),
            ...args,
          ]);
          if (options === null) throw new Error("help is no release");
          await makeRelease(options, {
            ...{ repository, builder, now: NOW, host: HOST_TARGET, stop: stop.signal },
            env: { get: (name) => env[name] },
            say: (line) => said.push(line),
          });
        };
        const state = async () =>
          [
            await repository.git("for-each-ref", "--format=%(refname) %(objectname)"),
            await repository.git("worktree", "list", "--porcelain"),
            await repository.git("status", "--porcelain", "--ignored"),
            JSON.stringify(treeWithoutGit(root)),
          ].join("\n");
        await work({ repository, builder, said, stop, env, state, release });
      }),
  });
}

function treeWithoutGit(folder: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(treeOf(folder)).filter(([path]) => !path.startsWith(".git/")),
  );
}

const NAMES = [HOST_TARGET, OTHER_TARGET].sort().flatMap((target) => [
  `palette-0.2.0-${target}.cdx.json`,
  `palette-0.2.0-${target}.tar.gz`,
]);

inRepository("a release is a commit, a tag and files, made in one go", async (it) => {
  const { repository, builder, said } = it;
  await it.release();
  assertEquals(await repository.git("status", "--porcelain"), "");
  assertEquals(
    await repository.git("log", "--format=%s by %an", "main"),
    [
      "Release 0.2.0 by Ann",
      "First by Ann",
    ].join("\n"),
  );
  assertEquals(
    await repository.git("for-each-ref", "--format=%(objecttype) %(contents:subject)", "refs/tags"),
    "tag palette 0.2.0",
  );
  assertEquals(await repository.git("rev-parse", "v0.2.0^{commit}"), await repository.head());
  const text = (path: string) => Deno.readTextFile(`${repository.folder}/${path}`);
  assertEquals(
    await text("CHANGELOG.md"),
    "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2024-02-29\n\n- Something new.\n",
  );
  assertEquals(
    await text("deno.json"),
    '{\n  "name": "@palette/cli",\n  "version": "0.2.0",\n}\n',
  );
  assertEquals(await text("lib/version.ts"), 'export const VERSION = "0.2.0";\n');
  assertEquals(namesIn(`${repository.folder}/dist`), ["release"]);
  assertEquals(namesIn(`${repository.folder}/dist/release`), ["SHA256SUMS", ...NAMES]);
  // Built from the sources of the release, and checked as they are committed.
  assertEquals(builder.calls, ['build export const VERSION = "0.2.0"; true', "check "]);
  assertEquals(said, [
    `Releasing palette 0.2.0, ${(await repository.head()).slice(0, 12)}`,
    `Wrote ${repository.folder}/dist/release`,
    "Made a commit and the tag v0.2.0; nothing is pushed",
    "Push them with git push --atomic origin main v0.2.0",
  ]);
  assertEquals(
    await repository.git("worktree", "list"),
    [
      `${await Deno.realPath(repository.folder)}  ${await repository.git(
        "rev-parse",
        "--short",
        "HEAD",
      )} [main]`,
    ].join("\n"),
  );
  // The next one takes the place of its files.
  const changes = await text("CHANGELOG.md");
  await Deno.writeTextFile(
    `${repository.folder}/CHANGELOG.md`,
    changes.replace("## Unreleased\n", "## Unreleased\n\n- More.\n"),
  );
  await repository.git("commit", "--quiet", "--all", "--message", "More");
  it.env["SOURCE_DATE_EPOCH"] = "0";
  await it.release("--version", "0.3.0", "--target", HOST_TARGET, "--no-checks");
  assertEquals(namesIn(`${repository.folder}/dist/release`), [
    "SHA256SUMS",
    `palette-0.3.0-${HOST_TARGET}.cdx.json`,
    `palette-0.3.0-${HOST_TARGET}.tar.gz`,
  ]);
  assertStringIncludes(await text("CHANGELOG.md"), "## 0.3.0 - 1970-01-01\n\n- More.\n\n## 0.2.0");
  assertEquals(builder.calls.length, 3);
});

inRepository("a dry run does all of it and keeps nothing", async (it) => {
  const { builder, said, repository } = it;
  const before = await it.state();
  await it.release("--dry-run");
  assertEquals(await it.state(), before);
  assertEquals(builder.calls.length, 2);
  assertMatch(said[0] ?? "", /^Would release palette 0\.2\.0, [0-9a-f]{12}$/);
  assertEquals(said.slice(1), [
    "Nothing was changed; without --dry-run this makes a commit and the tag v0.2.0",
  ]);
  const output = `${repository.folder}/dist/tried`;
  await it.release("--dry-run", "--output", output);
  assertEquals(namesIn(output), ["SHA256SUMS", ...NAMES]);
});

inRepository("the first release may have the version of the source, once", async (it) => {
  const { repository } = it;
  await it.release("--version", "0.1.0");
  assertEquals(
    await repository.git("show", "--format=%s", "--name-only"),
    "Release 0.1.0\n\nCHANGELOG.md",
  );
  await repository.git("tag", "--delete", "v0.1.0");
  const changelog = `${repository.folder}/CHANGELOG.md`;
  const text = (await Deno.readTextFile(changelog)).replace("## Unreleased", "$&\n\n- More.");
  await Deno.writeTextFile(changelog, text);
  await repository.git("commit", "--quiet", "--all", "--message", "More");
  const error = await refuse(it, "--version", "0.1.0");
  assertEquals(error.message, '"CHANGELOG.md" has a section of 0.1.0 already');
});

inRepository("a dry run needs no branch and no name for commits", async (it) => {
  await it.repository.git("checkout", "--quiet", "--detach");
  await it.repository.git("config", "--unset", "user.email");
  await it.release("--dry-run");
  const error = await assertRejects(() => it.release(), UserError);
  assertEquals([error.code, error.message], ["conflict", "No branch is checked out"]);
});

inRepository("a release is signed with the key that is given, and checked with it", async (it) => {
  const { repository, builder } = it;
  await using keys = await makeKeys();
  const key = keys.at("ec.pem");
  builder.onBuilt = (root) => writeSums(`${root}/dist/release`, keys.at("rsa.pem"));
  const before = await it.state();
  const error = await assertRejects(() => it.release("--key", key), UserError);
  assertEquals(
    [error.code, error.message],
    [
      "checks-failed",
      'The release is not as it should be: the signature of "SHA256SUMS" is not one of the key',
    ],
  );
  assertEquals(await it.state(), before);
  builder.onBuilt = () => Promise.resolve();
  await it.release("--key", key);
  const folder = `${repository.folder}/dist/release`;
  const verdict = await opensslVerdict({
    key: keys.at("ec.pub"),
    signature: `${folder}/SHA256SUMS.sig`,
    file: `${folder}/SHA256SUMS`,
  });
  assertEquals(verdict, "Verified OK");
});

/** A release that has to fail and to change nothing. */
async function refuse(it: Setting, ...args: string[]): Promise<UserError> {
  const before = await it.state();
  const error = await assertRejects(() => it.release(...args), UserError);
  assertEquals(await it.state(), before);
  assertEquals(it.builder.isThere(), false);
  return error;
}

inRepository("what is wrong is found before anything is built", async (it) => {
  const { repository, builder } = it;
  const write = (path: string, text: string) =>
    Deno.writeTextFile(`${repository.folder}/${path}`, text);
  const commit = () => repository.git("commit", "--quiet", "--all", "--message", "Change");
  const messageOf = async (...args: string[]) => (await refuse(it, ...args)).message;
  assertEquals(await messageOf("--version", "1.2"), '"1.2" is no version of a release');
  for (const version of ["0.0.9", "0.1.0-rc.1"]) {
    assertEquals(
      await messageOf("--version", version),
      `Version ${version} is older than 0.1.0 of "deno.json"`,
    );
  }
  await repository.git("tag", "v0.2.0");
  assertEquals(await messageOf(), "There is a tag v0.2.0 already");
  await repository.git("tag", "--delete", "v0.2.0");
  assertEquals(await messageOf("--executables"), 'Executables need a committed "deno.lock"');
  for (
    const [name, verb, reason] of [
      ["none", "read", "no such file or folder"],
      ["lib/version.ts", "use", "there is no PEM key in it"],
    ]
  ) {
    const file = `${repository.folder}/${name}`;
    assertEquals(await messageOf("--key", file), `Cannot ${verb} "${file}" of --key: ${reason}`);
  }
  assertEquals(
    await messageOf("--output", repository.folder),
    `"${repository.folder}" holds something else: "${
      [...Deno.readDirSync(repository.folder)][0]?.name
    }"`,
  );
  await write("new", "");
  assertEquals(await messageOf(), 'The working tree is not clean: "?? new"');
  await Deno.remove(`${repository.folder}/new`);
  await write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n");
  assertEquals(await messageOf(), 'The working tree is not clean: "M CHANGELOG.md"');
  await commit();
  assertEquals(await messageOf(), '"CHANGELOG.md" has no entries under "## Unreleased"');
  await write("lib/version.ts", "");
  await commit();
  assertEquals(await messageOf(), 'Cannot find the version in "lib/version.ts"');
  assertEquals(builder.calls, []);
});

inRepository(
  "a release that is not as it should be is refused, and nothing changes",
  async (it) => {
    const { builder } = it;
    const archive = `palette-0.2.0-${HOST_TARGET}.tar.gz`;
    const inRelease = (work: (folder: string) => Promise<void>) => (root: string) =>
      work(`${root}/dist/release`);
    const cases: [string, (folder: string) => Promise<void>][] = [
      [`"${archive}" is missing`, (folder) => Deno.remove(`${folder}/${archive}`)],
      ['"notes" does not belong to it', (folder) => Deno.writeTextFile(`${folder}/notes`, "")],
      [
        `the sum of "${archive}" differs`,
        (folder) => Deno.writeTextFile(`${folder}/${archive}`, "x", { append: true }),
      ],
      [
        '"SHA256SUMS" names "x", which is not there',
        (folder) =>
          Deno.writeTextFile(`${folder}/SHA256SUMS`, `${"0".repeat(64)}  x\n`, { append: true }),
      ],
      [
        'it calls itself version "0.1.9"',
        (folder) => rebuild(folder, JSON.stringify({ version: "0.1.9", commit: "x" })),
      ],
      [
        'it calls itself built from commit ""',
        (folder) => rebuild(folder, JSON.stringify({ version: "0.2.0", commit: "" })),
      ],
      ["it does not say what it is", (folder) => rebuild(folder, "hello")],
      [
        "it cannot be installed: ",
        (folder) => writeRelease(folder, { version: "0.2.0", without: ["lib/deno"] }),
      ],
    ];
    for (const [reason, change] of cases) {
      builder.onBuilt = inRelease(change);
      const error = await refuse(it, "--dry-run");
      assertStringIncludes(error.message, `The release is not as it should be: ${reason}`);
      assertEquals((await refuse(it)).message.slice(0, 60), error.message.slice(0, 60));
    }
  },
);

async function rebuild(folder: string, answer: string): Promise<void> {
  const palette = `#!/bin/sh\n[ "$*" = version ] && echo 0.2.0 || echo '${answer}'\n`;
  await writeRelease(folder, { version: "0.2.0", files: { palette } });
}

inRepository("checks that fail, a stop and a branch that moves on change nothing", async (it) => {
  const { repository, builder, stop } = it;
  builder.checkFails = true;
  assertEquals((await refuse(it)).message, "deno task ok failed");
  builder.checkFails = false;
  builder.onBuilt = async () => {
    await Deno.writeTextFile(`${repository.folder}/late`, "");
  };
  const late = await assertRejects(() => it.release(), UserError);
  assertEquals(late.message, 'The working tree is not clean: "?? late"');
  await Deno.remove(`${repository.folder}/late`);
  assertEquals(await repository.git("tag"), "");
  builder.onBuilt = async () => {
    await repository.git("commit", "--quiet", "--allow-empty", "--message", "Meanwhile");
  };
  const moved = await assertRejects(() => it.release(), UserError);
  assertEquals(moved.message, "The branch has moved on while the release was built");
  assertEquals(await repository.git("tag"), "");
  assertEquals(await repository.git("log", "--format=%s"), "Meanwhile\nFirst");
  assertEquals(namesIn(repository.folder).includes("dist"), true);
  assertEquals(namesIn(`${repository.folder}/dist`), []);
  await Deno.remove(`${repository.folder}/dist`);
  builder.onBuilt = () => Promise.resolve(stop.abort());
  const before = await it.state();
  await assertRejects(() => it.release(), DOMException);
  assertEquals(await it.state(), before);
  assertEquals(it.builder.isThere(), false);
});
