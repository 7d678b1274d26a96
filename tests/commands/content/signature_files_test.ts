/** What becomes of signatures when a bundle goes elsewhere: none is lost without a word. */

import { assertEquals } from "@std/assert";
import { BuildSources, WEB } from "../../support/build_sources.ts";
import type { RunResult } from "../../support/home.ts";
import { type Keys, makeKeys } from "../../support/openssl.ts";
import { hasProgram } from "../../support/programs.ts";
import { type PushRegistry, startPushRegistry } from "../../support/push_registry.ts";

interface Scene {
  root: string;
  keys: Keys;
  registry: PushRegistry;
  content(...args: string[]): Promise<RunResult>;
}

/** With a signed bundle at `~/out/b.tar.zst`, and one in a registry below `signed`. */
function test(name: string, fn: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name: `${name} (needs openssl)`,
    ignore: !hasProgram("openssl"),
    async fn() {
      await using sources = await BuildSources.make();
      await using keys = await makeKeys();
      await using registry = await startPushRegistry();
      const { home } = sources.it;
      const pack = await sources.pack([`${WEB}:1`]);
      const build = await sources.it.run([
        ...["--packs", pack, "-n", "b", "--output", `${home.root}/out`],
        ...["--private-key", keys.at("ec.pem"), "--push", "-r", `${registry.host}/signed`],
      ]);
      assertEquals(build.status, 0, build.stderr);
      const content = (...args: string[]) => home.run(["content", ...args]);
      await fn({ root: home.root, keys, registry, content });
    },
  });
}

function warningsOf({ stderr }: RunResult): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("Warning: "));
}

test("content push warns that the signature of the file stays behind", async (scene) => {
  const { root, registry, content } = scene;
  const file = `${root}/out/b.tar.zst`;
  const run = await content("push", "-f", file, "-r", `${registry.host}/pushed`);
  assertEquals(run.status, 0, run.stderr);
  const there = `${registry.host}/pushed/bundle-definition:b`;
  const warning = `Warning: the signature beside "${file}" stays behind: it is over the bytes of ` +
    `the file; to sign what is in the registry: cosign sign --key KEY ${there}, or build it with ` +
    "--push and --private-key";
  assertEquals(warningsOf(run), [warning]);
  const copy = await content("copy", "-s", file, "-d", `${registry.host}/pushed`);
  assertEquals(warningsOf(copy), [warning]);
  await Deno.remove(`${root}/out/b.tar.sig.bin`);
  await Deno.remove(`${file}.sigstore.json`);
  const bare = await content("push", "-f", file, "-r", `${registry.host}/pushed`);
  assertEquals([bare.status, warningsOf(bare)], [0, []]);
});

test("content copy takes the signature of a file along with the same bytes", async (scene) => {
  const { root, keys, content } = scene;
  const file = `${root}/out/b.tar.zst`;
  const copied = await content("copy", "-s", file, "-d", "~/c.tar.zst", "--format", "json");
  assertEquals([copied.status, copied.stderr], [0, ""]);
  assertEquals(JSON.parse(copied.stdout).signatures, [
    `${root}/c.tar.sig.bin`,
    `${root}/c.tar.zst.sigstore.json`,
  ]);
  const text = await content("copy", "-s", file, "-d", "~/d.tar.zst");
  assertEquals(
    [text.stderr, text.stdout.split("\n").slice(4)],
    ["", [
      `signature saved to ${root}/d.tar.sig.bin`,
      `signature saved to ${root}/d.tar.zst.sigstore.json`,
      "",
    ]],
  );
  for (const name of ["c.tar.zst", "d.tar.zst"]) {
    const verified = await content("verify", `~/${name}`, "--key", keys.at("ec.pub"));
    assertEquals([verified.status, verified.stdout], [0, "Verified OK\n"], verified.stderr);
  }

  const plain = await content("copy", "-s", file, "-d", "~/p.tar");
  assertEquals(warningsOf(plain), [
    `Warning: the signature beside "${file}" does not fit "${root}/p.tar", which has other bytes; ` +
    `to sign it: openssl dgst -sha256 -sign KEY -out "${root}/p.sig.bin" "${root}/p.tar"`,
  ]);
  const folder = await content("copy", "-s", file, "-d", "~/lay");
  assertEquals(warningsOf(folder), [
    `Warning: the signature beside "${file}" stays behind: only archives have one, ` +
    `and "${root}/lay" is a folder`,
  ]);
  const planned = await content("copy", "-s", file, "-d", "~/n.tar", "--dry-run");
  assertEquals(warningsOf(planned), []);
  const names = [...Deno.readDirSync(root)].map(({ name }) => name);
  assertEquals(names.filter((name) => /^[np]\./.test(name)), ["p.tar"]);
});

test("content save and copy warn that a registry's signature signs no file", async (scene) => {
  const { root, registry, content } = scene;
  const source = `${registry.host}/signed/bundle-definition:b`;
  const saved = await content("save", "-s", source, "-o", "~/saved");
  assertEquals(saved.status, 0, saved.stderr);
  const warning = (path: string, signature: string) =>
    `Warning: the signature of ${source} is over its definition, not over the bytes of ` +
    `"${path}"; to sign that: openssl dgst -sha256 -sign KEY -out "${signature}" "${path}"`;
  const path = `${root}/saved/b.tar.zst`;
  assertEquals(warningsOf(saved), [warning(path, `${root}/saved/b.tar.sig.bin`)]);
  const copied = await content("copy", "-s", source, "-d", "~/c.tar");
  assertEquals(warningsOf(copied), [warning(`${root}/c.tar`, `${root}/c.sig.bin`)]);

  const pushed = await content("push", "-f", path, "-r", `${registry.host}/plain`, "-q");
  assertEquals(pushed.status, 0, pushed.stderr);
  // It lies in the archive, so what comes back to a registry is signed.
  const verified = await content(
    ...["verify", `${registry.host}/plain`, "--key", scene.keys.at("ec.pub")],
  );
  assertEquals([verified.status, verified.stdout], [0, "Verified OK\n"], verified.stderr);
});
