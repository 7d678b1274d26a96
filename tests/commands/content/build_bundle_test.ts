/** Bundles built out of registries: what is in them, what is fetched, and what happens when it is not there. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readDefinition } from "../../../lib/content/definition/read_definition.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { startPushRegistry } from "../../support/push_registry.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { BuildSources, ONLY, WEB } from "../../support/build_sources.ts";
import { errorOf } from "../../support/home.ts";
import { makeKeys, opensslVerdict } from "../../support/openssl.ts";
import { writeFolder } from "../../support/pack_folder.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";
import { testRegistry } from "../../support/registry_client.ts";

async function listed(folder: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

Deno.test("a bundle of a pack has its images, charts, signatures and the pack itself", async () => {
  await using sources = await BuildSources.make();
  const { it, registry } = sources;
  const pack = await sources.pack(
    [`${WEB}:1`],
    `, charts: [{repo: '${sources.chartRepository}', name: redis, version: 1.0.0}]`,
  );
  const out = `${it.home.root}/out`;
  const run = await it.run(["--packs", pack, "--name", "edge-1", "--output", out]);
  assertEquals(run.stderr, "");
  assertEquals(
    run.stdout,
    `${"-".repeat(29)}\nBuild Summary\n${
      "-".repeat(29)
    }\nbundle edge-1 saved to ${out}/edge-1.tar.zst\n`,
  );
  assertEquals(await listed(out), ["edge-1.tar.zst"]);

  const verified = await it.home.run(["content", "verify", `${out}/edge-1.tar.zst`]);
  assertEquals(verified.status, 0, verified.stderr + verified.stdout);
  const { stdout } = await it.home.run(["content", "definition", `${out}/edge-1.tar.zst`]);
  const { definition, warnings } = readDefinition(stdout, "the bundle");
  assertEquals(warnings, []);
  assertEquals(definition.images.map(({ image }) => image), [`${registry.host}/${WEB}:1`]);
  assertEquals(definition.charts.map(({ name, version }) => `${name} ${version}`), ["redis 1.0.0"]);
  assertEquals(definition.packs.map(({ name, path }) => name + path), ["elastic-operator"]);
  for (const { digest } of [...definition.images, ...definition.charts, ...definition.packs]) {
    assertMatch(String(digest), /^sha256:[0-9a-f]{64}$/);
  }
  if (!hasProgram("tar") || !hasProgram("zstd")) return;
  const { stdout: index } = await runProgram("tar", [
    "--use-compress-program=zstd",
    "-xOf",
    `${out}/edge-1.tar.zst`,
    "index.json",
  ]);
  const types = JSON.parse(index).manifests.map((
    { annotations }: { annotations: Record<string, string> },
  ) => annotations["io.image.ref.spectrocloud.type"]);
  assertEquals(types[0], "bundle");
  assertEquals(types.toSorted(), ["bundle", "chart", "image", "pack", "signature"]);
});

Deno.test({
  name: "skopeo takes every platform of an image out of a bundle",
  ignore: !hasProgram("skopeo"),
  async fn() {
    await using sources = await BuildSources.make();
    const { it, registry } = sources;
    const pack = await sources.pack([`${WEB}:1`]);
    const out = `${it.home.root}/out`;
    await it.run(["--packs", pack, "--name", "edge-1", "--output", out]);
    const { status, stderr } = await runProgram("skopeo", [
      ...["--insecure-policy", "copy", "--all"],
      `oci-archive:${out}/edge-1.tar.zst:${registry.host}/${WEB}:1`,
      `oci:${out}/layout:web`,
    ]);
    assertEquals(status, 0, stderr);
  },
});

Deno.test("the next build fetches no blob again, and writes the same bytes, with a cache or without", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
  const build = async (name: string, ...flags: string[]) => {
    const out = `${it.home.root}/${name}`;
    const run = await it.run(["--packs", pack, "--name", "b", "--output", out, ...flags]);
    assertEquals([run.status, run.stderr], [0, ""]);
    return await Deno.readFile(`${out}/b.tar.zst`);
  };
  const first = await build("one");
  assertEquals(new Set(sources.fetched()).size > 5, true);
  assertEquals(await build("two"), first);
  assertEquals(sources.fetched(), []);
  assertEquals(await build("three", "--no-cache", "--jobs", "1"), first);
  const again = sources.fetched();
  assertEquals(again.length, new Set(again).size);
  assertEquals(again.length > 5, true);
});

Deno.test("a build that is stopped goes on with the blobs that it has, and writes the same bytes", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
  const build = ["--packs", pack, "--name", "b", "--jobs", "1"];
  const whole = await it.run([
    ...[...build, "--output", `${it.home.root}/whole`, "--cache-dir", `${it.home.root}/other`],
  ]);
  assertEquals(whole.status, 0, whole.stderr);
  const all = sources.fetched().length;

  const out = `${it.home.root}/new/out`;
  const { promise: stopper, resolve } = Promise.withResolvers<(signal: "SIGINT") => void>();
  const running = it.run([...build, "--output", out], { onSignals: resolve });
  const stop = await stopper;
  let isOver = false;
  running.finally(() => isOver = true);
  let begun = 0;
  while (!isOver && (begun += sources.fetched().length) < 3) {
    await new Promise((done) => setTimeout(done, 1));
  }
  stop("SIGINT");
  assertEquals((await running).status, 130);
  // What was made for it goes with it; the clock here does not wait for that.
  while ((await listed(it.home.root)).includes("new")) {
    await new Promise((done) => setTimeout(done, 5));
  }
  const more = sources.fetched().length;

  const again = await it.run([...build, "--output", out]);
  assertEquals(again.status, 0, again.stderr);
  // One blob was on its way when the build was stopped, at most.
  const rest = sources.fetched().length;
  assertEquals(
    rest <= all - (begun + more) + 1,
    true,
    `${begun} + ${more}, then ${rest} of ${all}`,
  );
  assertEquals(
    await Deno.readFile(`${out}/b.tar.zst`),
    await Deno.readFile(`${it.home.root}/whole/b.tar.zst`),
  );
});

Deno.test("--existing-bundles gives blobs that no registry has to send", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const out = `${it.home.root}/out`;
  const old = await sources.pack([`${WEB}:1`]);
  await it.run(["--packs", old, "--name", "old", "--output", out]);
  sources.fetched();
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
  const run = await it.run([
    ...["--packs", pack, "--name", "new", "--output", out, "--cache-dir", `${out}/cache`],
    ...["--existing-bundles", `${out}/old.tar.zst`],
  ]);
  assertEquals(run.stderr, "");
  assertMatch(run.stdout, /\nreused 2 of 5 items \(\d[^)]* not downloaded\)\n$/);
  // A config and a layer of the one image that the older bundle does not have.
  assertEquals(sources.fetched().length, 2);
});

Deno.test("a thin bundle leaves out what the older one has, and says so", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const out = `${it.home.root}/out`;
  await it.run(["--packs", await sources.pack([`${WEB}:1`]), "--name", "old", "--output", out]);
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
  const run = await it.run([
    ...["--packs", pack, "--name", "new", "--output", out],
    ...["--thin-against", `${out}/old.tar.zst`, "--format", "json"],
  ]);
  assertEquals(run.status, 0, run.stderr);
  const verified = await it.home.run(["content", "verify", `${out}/new.tar.zst`]);
  assertEquals(verified.status, 2);
  assertStringIncludes(verified.stdout, "missing; in the bundle with the definition sha256:");
  const full = await it.run([
    ...["--packs", pack, "--name", "new", "--output", `${out}/full`, "--format", "json"],
  ]);
  assertEquals(JSON.parse(run.stdout).blobs < JSON.parse(full.stdout).blobs, true);
});

Deno.test("images that are missing are told in one list, and nothing is written", async () => {
  await using sources = await BuildSources.make();
  const { it, registry } = sources;
  const pack = await sources.pack(["bundle/app/a:1", `${WEB}:1`, "bundle/app/b:1"]);
  const out = `${it.home.root}/out`;
  const run = await it.run([
    ...["--packs", pack, "--name", "b", "--output", out, "--format", "json"],
  ]);
  assertEquals(run.status, 1);
  const { code, message } = errorOf(run);
  assertEquals(code, "not-found");
  assertStringIncludes(String(message), "Cannot fetch 2 of the items");
  assertStringIncludes(String(message), `${registry.host}/bundle/app/a:1 (pack:elastic-operator)`);
  assertStringIncludes(String(message), `${registry.host}/bundle/app/b:1 (pack:elastic-operator)`);
  assertEquals(await it.home.files().then((all) => all.filter((path) => /^out/.test(path))), []);
});

Deno.test("--arch keeps one platform; what has nothing for it is an error, or left out on request", async () => {
  await using sources = await BuildSources.make();
  const { it, registry } = sources;
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
  // An image without an index is taken as it is; one with an index lacks what its index lacks.
  const out = `${it.home.root}/out`;
  const arm = ["--packs", pack, "--name", "b", "--output", out, "--arch", "arm64"];
  const run = await it.run([...arm, "--format", "json"]);
  assertEquals(run.status, 1, run.stdout);
  assertStringIncludes(String(errorOf(run).message), `${registry.host}/${ONLY}:2`);
  const skipped = await it.run([...arm, "--skip-missing-arch"]);
  assertEquals(skipped.status, 0, skipped.stderr);
  assertStringIncludes(skipped.stderr, `nothing for arm64 in ${registry.host}/${ONLY}:2: left out`);
  const { stdout } = await it.home.run(["content", "definition", `${out}/b.tar.zst`]);
  const { definition } = readDefinition(stdout, "the bundle");
  assertEquals(definition.arch, ["arm64"]);
  assertEquals(definition.images.map(({ image }) => image), [`${registry.host}/${WEB}:1`]);
});

Deno.test("a blob that is not what its digest says ends the build, and the older bundle stays", async () => {
  await using sources = await BuildSources.make();
  const { it, content } = sources;
  const pack = await sources.pack([`${ONLY}:2`]);
  const out = `${it.home.root}/out`;
  await writeFolder(out, { "b.tar.zst": "older" });
  const layer = content.putImage(["only".repeat(1000)]);
  const manifest = JSON.parse(new TextDecoder().decode(content.bytes(await layer)));
  const good = content.bytes(manifest.layers[0]);
  content.replace(manifest.layers[0], good.map((byte, at) => at === 20 ? byte ^ 1 : byte));
  for (const flags of [[], ["--no-cache"]]) {
    const run = await it.run(["--packs", pack, "--name", "b", "--output", out, ...flags]);
    assertEquals(run.status, 1, run.stdout);
    assertStringIncludes(run.stderr, manifest.layers[0].digest);
    assertEquals(await listed(out), ["b.tar.zst"]);
    assertEquals(await Deno.readTextFile(`${out}/b.tar.zst`), "older");
  }
});

Deno.test("--keep-going fetches what there is, and tells of all that failed", async () => {
  await using sources = await BuildSources.make();
  const { it, content } = sources;
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
  const image = await content.putImage(["only".repeat(1000)]);
  const { config, layers: [layer] } = JSON.parse(new TextDecoder().decode(content.bytes(image)));
  for (const part of [config, layer]) content.replace(part, new Uint8Array(part.size));
  const out = `${it.home.root}/out`;
  const build = ["--packs", pack, "--name", "b", "--output", out];
  const run = await it.run([...build, "--keep-going", "--format", "json"]);
  assertEquals(run.status, 1);
  assertStringIncludes(String(errorOf(run).message), "Cannot fetch 2 of the items");
  assertEquals((await listed(it.home.root)).includes("out"), false);
  await content.putImage(["only".repeat(1000)]);
  sources.fetched();
  assertEquals((await it.run(build)).status, 0);
  assertEquals(sources.fetched().length, 2);
});

Deno.test("a disk without room for cache and archive is told of before the first blob", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const pack = await sources.pack([`${WEB}:1`]);
  const out = `${it.home.root}/out`;
  const run = await it.run(["--packs", pack, "--name", "b", "--output", out, "--format", "json"], {
    files: { ...systemFiles(), freeBytes: () => Promise.resolve(1000) },
  });
  assertEquals(run.status, 1);
  assertMatch(
    String(errorOf(run).message),
    /^Cannot fill ".*": 1 MiB are needed, and 1 MiB are free$/,
  );
  assertEquals(sources.fetched(), []);
});

Deno.test("--dry-run finds everything, and fetches and writes nothing", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const pack = await sources.pack([`${WEB}:1`]);
  const before = await it.home.files();
  const run = await it.run(["--packs", pack, "--name", "b", "--dry-run", "--format", "json"]);
  assertEquals(run.status, 0, run.stderr);
  const { path, items, blobs } = JSON.parse(run.stdout);
  assertEquals([path, items], [null, 4]);
  assertEquals(blobs > 4, true);
  assertEquals(sources.fetched(), []);
  assertEquals(await it.home.files(), before);
});

Deno.test("--lock writes every digest, and a build of that file has the same images", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const pack = await sources.pack([`${WEB}:1`]);
  const out = `${it.home.root}/out`;
  const flags = ["--images-only", "--output", out];
  const run = await it.run(["--packs", pack, "--name", "b", "--lock", ...flags]);
  assertEquals(run.status, 0, run.stderr);
  const lock = `${out}/bundle-definition.lock.yaml`;
  assertStringIncludes(run.stdout, `definition with every digest saved to ${lock}\n`);
  assertMatch(await Deno.readTextFile(lock), /digest: sha256:[0-9a-f]{64}/);
  const first = await Deno.readFile(`${out}/b.tar.zst`);
  const again = await it.run(["--metadata-file", lock, "--output", `${out}/again`]);
  assertEquals(again.status, 0, again.stderr);
  assertEquals(await Deno.readFile(`${out}/again/b.tar.zst`), first);

  const written = await Deno.readFile(lock);
  sources.fetched();
  const other = await it.run(["--packs", pack, "--name", "c", "--lock", ...flags]);
  assertEquals([other.status, other.stdout, other.stderr], [
    1,
    "",
    `Error: cannot write "${lock}": it is the lock of the bundle "b"\n` +
    "Hint: Give --output another folder, or move that file away\n",
  ]);
  assertEquals([await Deno.readFile(lock), sources.fetched()], [written, []]);
  assertEquals((await it.home.files()).includes("out/c.tar.zst"), false);
  assertEquals((await it.run(["--packs", pack, "--name", "b", "--lock", ...flags])).status, 0);
});

Deno.test("--lock writes every digest of a remote build, too, and of a dry run none", async () => {
  await using sources = await BuildSources.make();
  await using target = await startPushRegistry();
  const { it } = sources;
  const pack = await sources.pack([`${WEB}:1`]);
  const out = `${it.home.root}/out`;
  const flags = ["--packs", pack, "--name", "b", "--images-only", "--lock", "--output", out];
  const remote = [
    ...["--build-type", "remote", "--registry", `${target.host}/bundle`, "--format", "json"],
  ];
  const dry = await it.run([...flags, ...remote, "--dry-run"]);
  assertEquals([dry.status, JSON.parse(dry.stdout).files], [0, []], dry.stderr);
  const run = await it.run([...flags, ...remote]);
  const lock = `${out}/bundle-definition.lock.yaml`;
  assertEquals([run.status, JSON.parse(run.stdout).files], [0, [lock]], run.stderr);
  const text = await Deno.readTextFile(lock);
  await Deno.remove(lock);
  assertEquals((await it.run(flags)).status, 0);
  assertEquals(await Deno.readTextFile(lock), text);
});

Deno.test({
  name: "--private-key signs the bundle as openssl checks it, in parts, too",
  ignore: !hasProgram("openssl"),
  async fn() {
    await using sources = await BuildSources.make();
    await using keys = await makeKeys();
    const { it } = sources;
    const pack = await sources.pack([`${WEB}:1`]);
    const out = `${it.home.root}/out`;
    const build = [
      "--packs",
      pack,
      "--name",
      "b",
      "--output",
      out,
      "--private-key",
      keys.at("rsa.pem"),
    ];
    const run = await it.run(build);
    assertEquals(run.status, 0, run.stderr);
    assertStringIncludes(run.stdout, `signature saved to ${out}/b.tar.sig.bin\n`);
    const [key, signature] = [keys.at("rsa.pub"), `${out}/b.tar.sig.bin`];
    assertEquals(
      await opensslVerdict({ key, signature, file: `${out}/b.tar.zst` }),
      "Verified OK",
    );
    const { stdout } = await it.home.run(["content", "definition", `${out}/b.tar.zst`]);
    assertStringIncludes(stdout, "algorithm: RSA-PKCS1v15-SHA256");
    const verified = await it.home.run(["content", "verify", `${out}/b.tar.zst`, "--key", key]);
    assertEquals(verified.status, 0, verified.stderr);

    await Deno.remove(`${out}/b.tar.zst`);
    const split = await it.run([...build, "--split-size", "1M", "--compression-level", "0"]);
    assertEquals(split.status, 0, split.stderr);
    assertStringIncludes(split.stdout, `bundle b saved to ${out}/b.tar.parts.json\n`);
    const inParts = await it.home.run(["content", "verify", `${out}/b.tar.001`, "--key", key]);
    assertEquals(inParts.status, 0, inParts.stderr + inParts.stdout);
  },
});

Deno.test({
  name: "--push fills a registry, and a remote build does so without an archive",
  ignore: !hasProgram("docker-registry") || !hasProgram("openssl"),
  async fn() {
    await using sources = await BuildSources.make();
    await using target = await startDockerRegistry();
    await using keys = await makeKeys();
    const { it, registry } = sources;
    const pack = await sources.pack([`${WEB}:1`]);
    const out = `${it.home.root}/out`;
    const build = (name: string, ...flags: string[]) =>
      it.run([
        ...["--packs", pack, "--name", name, "--output", out, "--private-key", keys.at("ec.pem")],
        ...["--registry", `${target.host}/content`, ...flags],
      ]);
    const local = await build("one", "--push");
    assertEquals(local.status, 0, local.stderr);
    assertStringIncludes(
      local.stdout,
      `\nPush Summary\n${"-".repeat(29)}\nlocal bundle one pushed to ${target.host}/content\n`,
    );
    assertEquals((await listed(out)).includes("one.tar.zst"), true);
    const remote = await build("two", "--build-type", "remote");
    assertEquals(remote.status, 0, remote.stderr);
    assertEquals(remote.stdout.includes("Build Summary"), false);
    assertEquals((await listed(out)).includes("two.tar.zst"), false);

    const names = await it.home.run(["content", "list", "--repo", `${target.host}/content`]);
    assertEquals(
      names.stdout,
      `Listing bundles\n${
        ["one", "two"].map((name) => `${target.host}/content/bundle-definition:${name}\n`).join("")
      }`,
    );
    using client = testRegistry(target.host);
    const image = await client.client.headManifest(
      `content/${registry.host.replace(":", "_")}/${WEB}`,
      "1",
    ) ?? await client.client.headManifest(`content/${registry.host}/${WEB}`, "1");
    assertEquals(image === null, false, (await client.client.catalog()).join(" "));
    for (const name of ["one", "two"]) {
      const definition = await client.client.headManifest("content/bundle-definition", name);
      const { digest } = definition ?? { digest: "" };
      const tags = await client.client.listTags("content/bundle-definition");
      assertEquals(tags.includes(`${digest.replace(":", "-")}.sig`), true, tags.join(" "));
    }
    const again = await build("two", "--build-type", "remote", "--format", "json");
    assertEquals(JSON.parse(again.stdout).push.uploaded, 0, again.stdout);
  },
});

Deno.test("an --output that cannot be made is refused before anything is looked up", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const pack = await sources.pack([`${WEB}:1`]);
  const file = `${it.home.root}/file`;
  await Deno.writeTextFile(file, "x");
  const before = await it.home.files();
  sources.fetched();
  for (const output of [`${file}/out`, file]) {
    for (const args of [[], ["--dry-run"]]) {
      const run = await it.run([
        ...["--packs", pack, "--name", "b", "--output", output, "--format", "json", ...args],
      ]);
      assertEquals([run.status, errorOf(run)["code"], errorOf(run)["message"]], [
        1,
        "io",
        `Cannot write "${output}": a part of its path is not a folder`,
      ]);
    }
    const save = await it.home.run([
      ...["content", "save", "-s", "127.0.0.1:1/bundle-definition:b", "-o", output],
      ...["--format", "json"],
    ]);
    assertEquals([save.status, errorOf(save)["code"]], [1, "io"]);
  }
  assertEquals(sources.registry.requests, []);
  assertEquals(await it.home.files(), before);
});
