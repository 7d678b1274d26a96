/** What definition files and flags ask of a build, and what of it is refused. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { OCI_INDEX } from "../../../lib/oci/media_types.ts";
import { startContentRegistry } from "../../support/content_registry.ts";
import { BuildSources, ONLY, WEB } from "../../support/build_sources.ts";
import { errorOf } from "../../support/home.ts";
import { makeKeys } from "../../support/openssl.ts";
import {
  clusterProfile,
  definitionArchive,
  profilePack,
} from "../../support/palette/content_state.ts";
import { tarGzipOf, writeFolder } from "../../support/pack_folder.ts";
import { hasProgram } from "../../support/programs.ts";
import { startPushRegistry } from "../../support/push_registry.ts";
import { World } from "../../support/world.ts";

/** A definition file with these items. */
function definitionFile(folder: string, spec: string): Promise<string> {
  const head = "apiVersion: content.palette.dev/v1\nkind: BundleDefinition\nmetadata: {name: b}\n";
  return writeFolder(folder, { "bundle-definition.yaml": `${head}spec:\n${spec}` })
    .then((written) => `${written}/bundle-definition.yaml`);
}

Deno.test("a digest in an image's name holds wherever it is fetched from", async () => {
  await using sources = await BuildSources.make();
  const { it, content, registry } = sources;
  const pinned = await content.putMultiArch("web".repeat(50_000));
  const file = await definitionFile(
    `${it.home.root}/d`,
    `  images:
    - image: example.com/web:1@sha256:${"0".repeat(64)}
      source: ${registry.host}/${WEB}:1
    - image: example.com/web:2@${pinned.digest}
      source: ${registry.host}/${WEB}:1
`,
  );
  const run = await it.run(["-f", file, "-o", `${it.home.root}/out`, "--format", "json"]);
  assertEquals(run.status, 1);
  const { code, message } = errorOf(run);
  assertEquals(code, "not-found");
  assertMatch(String(message), /^Cannot fetch 1 of the items: example\.com\/web:1@sha256:0{64}: /);
});

Deno.test("a misspelt key of a definition is refused: its digest would hold nothing", async () => {
  await using it = await World.make(["content", "build"]);
  const { root } = it.home;
  const file = await definitionFile(
    `${root}/d`,
    `  images: [{image: nginx, digets: "sha256:${"0".repeat(64)}"}]\n`,
  );
  const run = await it.run(["-f", file, "-o", `${root}/out`]);
  assertEquals([run.status, run.stdout, run.stderr], [
    1,
    "",
    `Error: cannot use "${file}" as a bundle definition: there is no key spec.images[0].digets\n` +
    "Hint: Did you mean digest?\n",
  ]);
  assertEquals((await it.home.files()).filter((path) => path.startsWith("out")), []);
});

Deno.test("a definition that lists nothing is refused", async () => {
  await using it = await World.make(["content", "build"]);
  const out = `${it.home.root}/out`;
  for (const spec of ["  images: []\n", "  images:\n  fips: false\n"]) {
    const file = await definitionFile(`${it.home.root}/d`, spec);
    const run = await it.run(["-f", file, "-o", out]);
    assertEquals([run.status, run.stdout, run.stderr], [
      1,
      "",
      `Error: there is nothing to bundle in "${file}"\n` +
      "Hint: List images, charts, packs or rawFiles below spec\n",
    ]);
  }
  assertEquals((await it.home.files()).filter((path) => path.startsWith("out")), []);
});

Deno.test("a digest that a definition has is compared with what is made of its item", async () => {
  await using sources = await BuildSources.make();
  const { it, chartRepository } = sources;
  const zeros = `digest: sha256:${"0".repeat(64)}`;
  const file = await definitionFile(
    `${it.home.root}/d`,
    `  charts: [{repo: "${chartRepository}", name: redis, version: 1.0.0, ${zeros}}]
  rawFiles: [{path: manifests/x.yaml, content: "a: 1", ${zeros}}]
`,
  );
  const run = await it.run(["-f", file, "-o", `${it.home.root}/out`, "--format", "json"]);
  assertEquals(run.status, 1);
  const { code, message } = errorOf(run);
  assertEquals(code, "integrity");
  assertStringIncludes(String(message), "Cannot fetch 2 of the items");
  assertStringIncludes(String(message), `not sha256:${"0".repeat(64)}`);
});

Deno.test("a lock of packs and files on this machine builds the same bundle again", async () => {
  await using sources = await BuildSources.make();
  const { it, registry } = sources;
  const pack = await sources.pack([]);
  const out = `${it.home.root}/out`;
  const file = await definitionFile(
    `${it.home.root}/d`,
    `  images: ["${registry.host}/${WEB}:1"]
  packs: [{name: elastic-operator, version: 2.12.1, path: "${pack}"}]
  rawFiles: [{path: manifests/x.yaml, content: "a: 1"}]
`,
  );
  const run = await it.run(["-f", file, "-o", out, "--lock"]);
  assertEquals(run.status, 0, run.stderr);
  const again = await it.run([
    ...["-f", `${out}/bundle-definition.lock.yaml`, "-o", `${out}/again`],
  ]);
  assertEquals(again.status, 0, again.stderr);
  assertEquals(
    await Deno.readFile(`${out}/again/b.tar.zst`),
    await Deno.readFile(`${out}/b.tar.zst`),
  );
});

Deno.test("a thin bundle does not take the place of the one that it needs", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const out = `${it.home.root}/out`;
  const build = ["--packs", await sources.pack([`${WEB}:1`]), "--name", "b", "--output", out];
  await it.run(build);
  const before = await Deno.readFile(`${out}/b.tar.zst`);
  const run = await it.run([...build, "--thin-against", `${out}/b.tar.zst`, "--format", "json"]);
  assertEquals([run.status, errorOf(run).code], [1, "usage"]);
  assertEquals(await Deno.readFile(`${out}/b.tar.zst`), before);
});

Deno.test("--arch takes what every machine runs, not the first that is listed", async () => {
  await using sources = await BuildSources.make();
  const { it, content } = sources;
  const images = [];
  for (const variant of ["v3", undefined]) {
    const platform = {
      os: "linux",
      architecture: "amd64",
      ...(variant === undefined ? {} : { variant }),
    };
    images.push({ ...await content.putImage([`for ${variant}`], platform), platform });
  }
  const index = content.putJson(
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests: images },
    OCI_INDEX,
  );
  await using registry = await startContentRegistry(content, [
    { repository: "app/fast", tag: "1", descriptor: index },
  ]);
  const file = await definitionFile(
    `${it.home.root}/d`,
    `  images: ["${registry.host}/bundle/app/fast:1"]\n`,
  );
  const out = `${it.home.root}/out`;
  const run = await it.run(["-f", file, "-o", out, "--arch", "amd64"]);
  assertEquals(run.status, 0, run.stderr);
  const { stdout } = await it.home.run(["content", "definition", `${out}/b.tar.zst`]);
  assertStringIncludes(stdout, `digest: ${images[1]?.digest}`);
});

Deno.test("a bundle of more items than its index takes is refused before a blob is fetched", async () => {
  await using sources = await BuildSources.make();
  const { it, registry } = sources;
  const rawFiles = Array.from(
    { length: 3000 },
    (_, at) => `{path: "manifests/${"x".repeat(1500)}-${at}.yaml", content: "a"}`,
  );
  const file = await definitionFile(
    `${it.home.root}/d`,
    `  images: ["${registry.host}/${WEB}:1"]\n  rawFiles: [${rawFiles.join(", ")}]\n`,
  );
  const run = await it.run(["-f", file, "-o", `${it.home.root}/out`, "--format", "json"]);
  const { code, message } = errorOf(run);
  assertEquals([run.status, run.stdout, code], [1, "", "validation"]);
  assertMatch(
    String(message),
    /^Cannot write a bundle of 3003 items: its index\.json has \d{7} bytes, more than 4194304$/,
  );
  const blobs = registry.requests.filter((request) => / \/v2\/.*\/blobs\//.test(request));
  assertEquals(blobs, []);
  assertEquals((await it.home.files()).filter((path) => /^out|cache/.test(path)), []);
});

for (
  const [flags, message, hint] of [
    [["--registry", "r.example.com"], "--registry needs --push"],
    [
      ["--split-size", "10K"],
      "--split-size must be 1M or more",
      "Pass 1M, the smallest that works, or more; 4095M is the most that FAT32 takes",
    ],
    [["--metadata-only", "--lock"], "--metadata-only and --lock cannot be used together"],
    [
      ["--build-type", "remote", "--registry", "r.example.com", "--split-size", "1G"],
      "--split-size and --build-type remote cannot be used together",
    ],
  ] as [string[], string, string?][]
) {
  Deno.test(`content build ${flags.join(" ")} is refused`, async () => {
    await using it = await World.make(["content", "build"]);
    const run = await it.run(["--packs", "x", ...flags, "--format", "json"]);
    assertEquals([run.status, errorOf(run).code, errorOf(run).message], [1, "usage", message]);
    if (hint !== undefined) assertEquals(errorOf(run)["hint"], hint);
  });
}

Deno.test({
  name: "a signature of the bundle never takes the place of its cluster definition's",
  ignore: !hasProgram("openssl"),
  async fn() {
    await using keys = await makeKeys();
    await using it = await World.make(["content", "build"], {
      clusterProfiles: [clusterProfile("infra", {
        uid: "infra",
        type: "infra",
        packs: [profilePack("os", { layer: "os", values: "pack: {}\n" })],
      })],
      clusterDefinition: definitionArchive("spec: {}\n"),
    });
    const file = await definitionFile(
      `${it.home.root}/d`,
      `  rawFiles: [{path: manifests/x.yaml, content: "a: 1"}]\n`,
    );
    const run = await it.run([
      ...["-f", file, "-o", `${it.home.root}/out`, "--compression-level", "0"],
      ...["--cluster-definition-name", "b", "--cluster-definition-profile-ids", "infra"],
      ...["--private-key", keys.at("ec.pem"), "--format", "json"],
    ]);
    assertEquals(errorOf(run).message, "b.tar and b.tgz would have the same signature file");
  },
});

Deno.test("two images that would have one tag in a registry are a conflict, and nothing is pushed", async () => {
  await using sources = await BuildSources.make();
  await using target = await startPushRegistry();
  const { it, content, registry } = sources;
  const only = await content.putImage(["only".repeat(1000)]);
  const file = await definitionFile(
    `${it.home.root}/d`,
    `  images:
    - ${registry.host}/${WEB}:1
    - {image: "${registry.host}/${WEB}:1@${only.digest}", source: "${registry.host}/${ONLY}:2"}
`,
  );
  const run = await it.run([
    ...["-f", file, "--build-type", "remote", "--registry", `${target.host}/bundle`],
    ...["--format", "json"],
  ]);
  assertEquals([run.status, errorOf(run).code], [1, "conflict"]);
  assertEquals(target.requests.filter((request) => /^(PUT|POST)/.test(request)), []);
});

Deno.test("--custom-ui takes an archive, and nothing else", async () => {
  await using it = await World.make(["content", "build"]);
  const folder = `${it.home.root}/d`;
  const file = await definitionFile(folder, `  rawFiles: [{path: x.yaml, content: "a: 1"}]\n`);
  await writeFolder(folder, {
    "key.pem": "-----BEGIN PRIVATE KEY-----\n",
    "ui.tar.gz": await tarGzipOf({ "index.html": "<p>" }),
  });
  const build = (ui: string) =>
    it.run(["-f", file, "-o", `${folder}/out`, "--custom-ui", `${folder}/${ui}`]);
  const refused = await build("key.pem");
  assertEquals(refused.status, 1);
  assertStringIncludes(refused.stderr, "of --custom-ui: it is no archive\nHint: ");
  assertEquals((await build("ui.tar.gz")).status, 0);
  const { stdout } = await it.home.run(["content", "definition", `${folder}/out/b.tar.zst`]);
  assertStringIncludes(stdout, "file: ui.tar.gz");
});
