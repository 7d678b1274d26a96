/** `content build --offline`: existing bundles and the cache in place of the network. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { BuildSources, ONLY, WEB } from "../../support/build_sources.ts";
import { errorOf, type RunOptions } from "../../support/home.ts";

const NO_NETWORK: RunOptions = {
  openTransport() {
    throw new Error("a connection was made");
  },
};

Deno.test("content build --offline writes the same bundle out of an older one, and connects to nothing", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const chart = `, charts: [{repo: '${sources.chartRepository}', name: redis, version: 1.0.0}]`;
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`], chart);
  const out = `${it.home.root}/out`;
  const build = (folder: string, ...flags: string[]) => [
    ...["--packs", pack, "--name", "b", "--output", `${out}/${folder}`, ...flags],
  ];
  assertEquals((await it.run(build("online"))).status, 0);
  sources.fetched();
  sources.chartRequests.length = 0;
  const existing = ["--existing-bundles", `${out}/online/b.tar.zst`];
  const offline = ["--offline", ...existing, "--cache-dir", `${out}/empty`];
  const run = await it.run(build("offline", ...offline), NO_NETWORK);
  assertEquals([run.status, run.stderr], [0, ""]);
  assertStringIncludes(run.stdout, "\nreused 4 of 6 items (");
  assertEquals(
    await Deno.readFile(`${out}/offline/b.tar.zst`),
    await Deno.readFile(`${out}/online/b.tar.zst`),
  );
  assertEquals([sources.fetched(), sources.chartRequests], [[], []]);

  // One architecture of it, by the definition that it carries: no pack is needed any more.
  const { stdout } = await it.home.run(["content", "definition", `${out}/online/b.tar.zst`]);
  const definition = `${out}/bundle-definition.yaml`;
  await Deno.writeTextFile(definition, stdout);
  const again = await it.run(
    ["-f", definition, "--output", `${out}/again`, ...offline],
    NO_NETWORK,
  );
  assertEquals([again.status, again.stderr], [0, ""]);
  const part = stdout.replace(/^ *digest: .*\n/gm, "");
  await Deno.writeTextFile(definition, part);
  const arm = await it.run([
    ...["-f", definition, "--output", `${out}/arm`, "--arch", "arm64", "--skip-missing-arch"],
    ...offline,
  ], NO_NETWORK);
  assertEquals(arm.status, 0, arm.stderr);
  assertStringIncludes(arm.stderr, "has a signature that is of all architectures together");
  const verified = await it.home.run(["content", "verify", `${out}/arm/b.tar.zst`]);
  assertEquals(verified.stdout, "Content OK, signature not checked\n");
});

Deno.test("content build --offline notes the digest of a file whose text only an older bundle has", async () => {
  await using sources = await BuildSources.make();
  const { it: { home } } = sources;
  const file = `${home.root}/definition.yaml`;
  const write = (entry: string) =>
    Deno.writeTextFile(
      file,
      "apiVersion: content.palette.dev/v1\nkind: BundleDefinition\nmetadata: {name: b}\n" +
        `spec: {rawFiles: [{path: x.yaml${entry}}]}\n`,
    );
  const build = (folder: string, ...flags: string[]) =>
    home.run(["content", "build", "-f", file, "-o", `${home.root}/${folder}`, ...flags]);
  await write(', content: "a: 1"');
  assertEquals((await build("first")).status, 0);
  await write(", size: 4");
  const first = `${home.root}/first/b.tar.zst`;
  const run = await build("second", "--offline", "--existing-bundles", first);
  assertEquals([run.status, run.stderr], [0, ""]);
  assertEquals(await Deno.readFile(`${home.root}/second/b.tar.zst`), await Deno.readFile(first));
});

Deno.test("content build --offline tells everything that is missing at once, and writes nothing", async () => {
  await using sources = await BuildSources.make();
  const { it, registry } = sources;
  const out = `${it.home.root}/out`;
  const some = await sources.pack([`${WEB}:1`]);
  await it.run(["--packs", some, "--name", "some", "--output", out]);
  const more = await sources.pack(
    [`${WEB}:1`, `${ONLY}:2`],
    ", charts: [{repo: 'https://charts.example.com', name: redis, version: 1.0.0}]",
  );
  const build = ["--packs", more, "--name", "b", "--output", out, "--format", "json"];
  const before = await it.home.files();
  const refused = await it.run(
    [...build, "--offline", "--existing-bundles", `${out}/some.tar.zst`],
    NO_NETWORK,
  );
  assertEquals([refused.status, refused.stdout, errorOf(refused)["code"]], [1, "", "not-found"]);
  assertEquals(
    errorOf(refused)["message"],
    `Cannot fetch 2 of the items: ${registry.host}/${ONLY}:2 (pack:elastic-operator): it is in ` +
      "none of the existing bundles; charts.example.com/redis:1.0.0 (pack:elastic-operator): it " +
      "is in none of the existing bundles",
  );
  assertEquals(await it.home.files(), before);
});

Deno.test("content build --offline takes blobs of a thin bundle out of the cache, or names them", async () => {
  await using sources = await BuildSources.make();
  const { it, registry } = sources;
  const out = `${it.home.root}/out`;
  const only = await sources.pack([`${ONLY}:2`]);
  await it.run(["--packs", only, "--name", "old", "--output", out]);
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
  const thin = ["--packs", pack, "--name", "thin", "--output", out];
  const made = await it.run([...thin, "--thin-against", `${out}/old.tar.zst`]);
  assertEquals(made.status, 0, made.stderr);
  const offline = [
    ...["--packs", pack, "--name", "b", "--output", out, "--offline", "--format", "json"],
    ...["--existing-bundles", `${out}/thin.tar.zst`],
  ];
  const before = await it.home.files();
  const refused = await it.run([...offline, "--cache-dir", `${out}/empty`], NO_NETWORK);
  assertEquals([refused.status, errorOf(refused)["code"]], [1, "not-found"]);
  const message = String(errorOf(refused)["message"]);
  assertEquals(
    message.replace(/sha256:[0-9a-f]{64}/g, "DIGEST").replace(/\([^)]*\)/, "(SIZE)"),
    "Cannot build offline: 2 blobs (SIZE) are missing: " +
      [1, 2].map(() => `DIGEST of ${registry.host}/${ONLY}:2`).join("; "),
  );
  assertEquals(await it.home.files(), before);
  const whole = await it.run(offline, NO_NETWORK);
  assertEquals(whole.status, 0, whole.stderr);
  const verified = await it.home.run(["content", "verify", `${out}/b.tar.zst`]);
  assertEquals(verified.stdout, "Content OK, signature not checked\n");
});

for (
  const [flags, message] of [
    [["--offline"], "--offline needs --existing-bundles"],
    [
      ["--offline", "--existing-bundles", "b", "--profiles", "p"],
      "--offline and --profiles cannot be used together",
    ],
    [
      ["--offline", "--existing-bundles", "b", "--push", "--registry", "example.com"],
      "--offline and --push cannot be used together",
    ],
    [
      ["--offline", "--existing-bundles", "b", "--build-type", "remote", "--registry", "r.io"],
      "--offline and --build-type remote cannot be used together",
    ],
  ] as const
) {
  Deno.test(`content build ${flags.join(" ")} is refused`, async () => {
    await using sources = await BuildSources.make();
    const pack = await sources.pack([]);
    const run = await sources.it.run(["--packs", pack, ...flags, "--format", "json"]);
    assertEquals([run.status, errorOf(run)["code"], errorOf(run)["message"]], [
      1,
      "usage",
      message,
    ]);
  });
}
