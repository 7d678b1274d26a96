import { assertEquals, assertRejects } from "@std/assert";
import { FileStore } from "../../lib/config/file_store.ts";
import { hasJournal, resumeAll, rewriteAll } from "../../lib/config/rekey_journal.ts";
import { findWorkspace } from "../../lib/config/workspace.ts";
import { UserError } from "../../lib/errors.ts";
import { environmentOf } from "../../lib/runtime/environment.ts";
import { type Files, systemFiles } from "../../lib/runtime/files.ts";
import { systemPlatform } from "../../lib/runtime/platform.ts";
import { CountingCrypto } from "../support/counting_crypto.ts";
import { FakeClock } from "../support/fake_clock.ts";

class Crash extends Error {}

/** A file system that stops for good before its n-th change, as a power cut would. */
function crashingFiles(changes: number): Files {
  const files = systemFiles();
  let left = changes;
  const change = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => (...args: A) =>
    left-- > 0 ? work(...args) : Promise.reject(new Crash("power cut"));
  return {
    ...files,
    createFlushed: change(files.createFlushed),
    rename: change(files.rename),
    remove: change(files.remove),
  };
}

async function setUp() {
  const root = await Deno.makeTempDir();
  await Deno.chmod(root, 0o700);
  const workspace = findWorkspace({ workspace: root }, {
    env: environmentOf({}),
    platform: systemPlatform(),
  });
  const partsOf = (files: Files) => ({
    files,
    workspace,
    store: new FileStore({
      files,
      clock: new FakeClock(),
      crypto: new CountingCrypto(),
      platform: systemPlatform(),
      onWarning: () => {},
    }),
  });
  const paths = ["a", "b", "c"].map((name) => `${root}/${name}.yaml`);
  for (const path of paths) await Deno.writeTextFile(path, "old", { mode: 0o600 });
  const rewrites = paths.map((path) => ({ path, before: "old", after: "new" }));
  const contents = () => Promise.all(paths.map((path) => Deno.readTextFile(path)));
  const leftovers = async () =>
    (await Array.fromAsync(Deno.readDir(root), ({ name }) => name))
      .filter((name) => /stage|rekey|tmp/.test(name));
  return {
    root,
    partsOf,
    paths,
    rewrites,
    contents,
    leftovers,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("rewriteAll() writes every file and leaves nothing behind", async () => {
  await using it = await setUp();
  await rewriteAll(it.rewrites, it.partsOf(systemFiles()));
  assertEquals(await it.contents(), ["new", "new", "new"]);
  assertEquals(await it.leftovers(), []);
});

for (let changes = 0; changes < 24; changes++) {
  Deno.test(`a rekey that crashes before change ${changes} leaves whole files and can be finished`, async () => {
    await using it = await setUp();
    const crashed = await rewriteAll(it.rewrites, it.partsOf(crashingFiles(changes)))
      .then(() => false, () => true);
    for (const content of await it.contents()) assertEquals(/^(old|new)$/.test(content), true);
    const parts = it.partsOf(systemFiles());
    if (await hasJournal(parts)) {
      const resumed = await resumeAll(parts);
      assertEquals(resumed, { done: it.paths, changed: [] });
    } else if (crashed && (await it.contents()).includes("old")) {
      // Never decided: all is as it was, and the next run sweeps what is left.
      assertEquals(await it.contents(), ["old", "old", "old"]);
      await rewriteAll(it.rewrites, parts);
    }
    assertEquals(await it.contents(), ["new", "new", "new"]);
    assertEquals(await it.leftovers(), []);
  });
}

Deno.test("resumeAll() leaves a file that was changed in between, and tells", async () => {
  await using it = await setUp();
  for (let changes = 0; changes < 40; changes++) {
    await rewriteAll(it.rewrites, it.partsOf(crashingFiles(changes))).catch(() => {});
    if (await hasJournal(it.partsOf(systemFiles()))) break;
  }
  const [first = "", ...others] = it.paths;
  await Deno.writeTextFile(first, "changed by somebody");
  const resumed = await resumeAll(it.partsOf(systemFiles()));
  assertEquals(resumed, { done: others, changed: [first] });
  assertEquals(await it.contents(), ["changed by somebody", "new", "new"]);
  assertEquals(await it.leftovers(), []);
});

Deno.test("resumeAll() has nothing to do without a journal", async () => {
  await using it = await setUp();
  assertEquals(await resumeAll(it.partsOf(systemFiles())), null);
});

for (
  const [name, text] of [
    ["garbage", "{"],
    ["another version", '{"version":2,"entries":[]}'],
    [
      "a stage elsewhere",
      '{"version":1,"entries":[{"path":"/a/b","stage":"/etc/passwd","before":"","after":""}]}',
    ],
  ] as const
) {
  Deno.test(`resumeAll() refuses a journal with ${name}`, async () => {
    await using it = await setUp();
    await Deno.writeTextFile(`${it.root}/.rekey.json`, text);
    const error = await assertRejects(() => resumeAll(it.partsOf(systemFiles())), UserError);
    assertEquals(error.code, "validation");
    assertEquals(await it.contents(), ["old", "old", "old"]);
  });
}
