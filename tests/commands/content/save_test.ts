/** `content save` of what `content push` brought to a real registry. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { openArchive } from "../../../lib/content/archive/open_archive.ts";
import { CONTAINERD_NAME } from "../../../lib/content/bundle.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { type DockerRegistry, startDockerRegistry } from "../../support/docker_registry.ts";
import { errorOf, Home } from "../../support/home.ts";
import { hasProgram } from "../../support/programs.ts";
import { artifactOf, blobOf, EMPTY, opening, testRegistry } from "../../support/registry_client.ts";
import { DEFINITION_YAML, sampleBundle } from "../../support/sample_bundle.ts";

const ignore = !hasProgram("docker-registry");
const bundle = sampleBundle({ layerBytes: 20_000, plainBytes: 30_000 });

function test(name: string, fn: (home: Home, registry: DockerRegistry) => Promise<void>) {
  Deno.test({
    name: `${name} (needs docker-registry)`,
    ignore,
    async fn() {
      await using registry = await startDockerRegistry();
      await using home = await Home.make();
      await writeBundleFile(`${home.root}/b.tar.zst`, bundle);
      const { status } = await home.run([
        ...["content", "push", "-f", "~/b.tar.zst", "-r", `${registry.host}/base`],
      ]);
      assertEquals(status, 0);
      await fn(home, registry);
    },
  });
}

async function itemsOf(path: string, home: Home): Promise<[string, string][]> {
  const opened = await openArchive(path, {
    files: systemFiles(),
    crypto: systemCrypto(),
    spoolFolder: `${home.root}/spool`,
  });
  try {
    return opened.items.map(({ ref, descriptor }) => [ref, descriptor.digest]);
  } finally {
    opened.close();
  }
}

test("content save gives back the bundle that was pushed", async (home, registry) => {
  const source = `${registry.host}/base/bundle-definition:edge-site`;
  const out = `${home.root}/out`;
  const { status, stdout, stderr } = await home.run([
    ...["content", "save", "-s", source, "-o", `${out}/`],
  ]);
  const path = `${out}/edge-site.tar.zst`;
  assertEquals([status, stdout, stderr], [
    0,
    [
      "-".repeat(29),
      "Save Summary",
      "-".repeat(29),
      `bundle ${source} copied to ${out}`,
      `bundle ${source} saved to ${path}`,
      "",
    ].join("\n"),
    "",
  ]);
  const pushed = bundle.items.map((item): [string, string] => [
    item.annotations?.["org.opencontainers.image.ref.name"] ?? "",
    item.digest,
  ]);
  assertEquals(await itemsOf(path, home), pushed);
  const opened = await openArchive(path, {
    files: systemFiles(),
    crypto: systemCrypto(),
    spoolFolder: `${home.root}/spool`,
  });
  const names = opened.items.map(({ descriptor }) => descriptor.annotations?.[CONTAINERD_NAME]);
  opened.close();
  assertEquals(names, [undefined, ...pushed.slice(1).map(([ref]) => ref)]);
  const verified = await home.run(["content", "verify", path]);
  assertEquals([verified.status, verified.stdout], [0, "Content OK, signature not checked\n"]);
  const cached = (await home.files()).filter((name) => name.startsWith(".cache/palette/blobs/"));
  assertEquals(cached.length, 8);
});

test(
  "content save has the same bytes each time, and needs no blob twice",
  async (home, registry) => {
    const save = (...args: string[]) =>
      home.run(["content", "save", "-s", `${registry.host}/base`, "--format", "json", ...args]);
    const dry = JSON.parse((await save("-o", "~/dry", "--dry-run")).stdout);
    assertEquals([dry.items, dry.blobs, dry.size, dry.dryRun], [3, 8, null, true]);
    const first = await save("-o", "~/a", "--jobs", "1", "--no-cache");
    assertEquals((await home.files()).filter((name) => /cache|dry/.test(name)), []);
    const second = await save("-o", "~/b", "--cache-dir", "~/kept");
    assertEquals([first.status, second.status], [0, 0]);
    assertEquals(JSON.parse(first.stdout).digest, JSON.parse(second.stdout).digest);
    // With every blob in the cache, the registry is asked for manifests alone.
    for await (const { path } of layerFiles(registry.storage)) {
      await Deno.writeTextFile(path, "damaged");
    }
    const third = await home.run(
      ["content", "save", "-s", `${registry.host}/base`, "--format", "json", "-o", "~/c"],
      { env: { PALETTE_CACHE_DIR: `${home.root}/kept` } },
    );
    assertEquals(JSON.parse(third.stdout).digest, JSON.parse(first.stdout).digest);
    const fourth = await save("-o", "~/d", "--no-cache");
    assertEquals([fourth.status, errorOf(fourth)["code"]], [1, "integrity"]);
    assertEquals((await home.files()).filter((name) => name.startsWith("d/")), []);
  },
);

/** The files of the gzip layers. */
async function* layerFiles(storage: string): AsyncGenerator<{ path: string }> {
  for (const { digest } of bundle.layers) {
    const hex = digest.slice(7);
    yield await Promise.resolve({
      path: `${storage}/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`,
    });
  }
}

test("content save writes a plain tar, or the definition alone", async (home, registry) => {
  const args = ["content", "save", "-s", `http://${registry.host}/base:edge-site`, "-o", "~/out"];
  const plain = await home.run([...args, "--compression-level", "0"]);
  assertStringIncludes(plain.stdout, ` saved to ${home.root}/out/edge-site.tar\n`);
  assertEquals((await itemsOf(`${home.root}/out/edge-site.tar`, home)).length, 3);
  const { status, stdout, stderr } = await home.run([...args, "--definition-only"]);
  const path = `${home.root}/out/bundle-definition.yaml`;
  assertEquals([status, stdout, stderr], [0, `${path}\n`, ""]);
  assertEquals(await Deno.readTextFile(path), DEFINITION_YAML);
});

test("content save --keep-layout leaves the layout, too", async (home, registry) => {
  const source = `${registry.host}/base/bundle-definition:edge-site`;
  const save = (...args: string[]) =>
    home.run(["content", "save", "-s", source, "--keep-layout", ...args]);
  const dry = await save("-o", "~/out", "--dry-run", "--format", "json");
  const out = `${home.root}/out`;
  assertEquals([dry.status, JSON.parse(dry.stdout).layout], [0, `${out}/edge-site`]);
  assertEquals((await home.files()).filter((name) => name.startsWith("out")), []);
  for (let run = 0; run < 2; run++) {
    const { status, stdout, stderr } = await save("-o", "~/out");
    assertEquals([status, stderr], [0, ""]);
    assertEquals(stdout.split("\n").slice(3), [
      `bundle ${source} copied to ${out}`,
      `bundle ${source} saved to ${out}/edge-site.tar.zst`,
      `bundle ${source} kept in ${out}/edge-site`,
      "",
    ]);
    const names = (await home.files()).filter((name) => name.startsWith("out/"));
    assertEquals(
      names,
      [
        "out/edge-site.tar.zst",
        "out/edge-site/index.json",
        "out/edge-site/oci-layout",
        ...[...bundle.blobs.keys()].map((digest) =>
          `out/edge-site/blobs/sha256/${digest.slice(7)}`
        ),
      ].sort(),
    );
  }
  const verified = await home.run(["content", "verify", `${out}/edge-site`]);
  assertEquals([verified.status, verified.stdout], [0, "Content OK, signature not checked\n"]);

  await Deno.mkdir(`${home.root}/other/edge-site`, { recursive: true });
  await Deno.writeTextFile(`${home.root}/other/edge-site/mine`, "");
  const refused = await save("-o", "~/other");
  assertEquals([refused.status, refused.stdout, refused.stderr], [
    1,
    "",
    `Error: cannot write a bundle into "${home.root}/other/edge-site": other files are in it\n` +
    "Hint: Name an empty folder, or one that holds a bundle already\n",
  ]);
  assertEquals((await home.files()).filter((name) => name.startsWith("other")), [
    "other/edge-site/mine",
  ]);
  const both = await save("--definition-only", "--format", "json");
  assertEquals([both.status, errorOf(both)["code"]], [1, "usage"]);
});

test(
  "content save takes signatures along, and so does a copy of a part",
  async (home, registry) => {
    using tested = testRegistry(registry.host);
    const { client } = tested;
    const [definition, nginx] = bundle.items;
    if (definition === undefined || nginx === undefined) throw new Error("no items");
    const layer = await blobOf(EMPTY);
    const attached: string[] = [];
    for (
      const [repository, subject] of [
        ["base/bundle-definition", definition],
        ["base/docker.io/library/nginx", nginx],
      ] as const
    ) {
      await client.putBlob(repository, layer, opening(EMPTY));
      const { mediaType, digest, size } = subject;
      const referrer = await artifactOf(layer, { subject: { mediaType, digest, size } });
      await client.putManifest(repository, referrer.descriptor.digest, referrer);
      const cosign = await artifactOf(layer, { annotations: { of: digest } });
      await client.putManifest(repository, `${digest.replace(":", "-")}.sig`, cosign);
      attached.push(referrer.descriptor.digest, cosign.descriptor.digest);
    }
    const saved = await home.run(["content", "save", "-s", `${registry.host}/base`, "-o", "~/out"]);
    assertEquals([saved.status, saved.stderr], [0, ""]);
    const path = `${home.root}/out/edge-site.tar.zst`;
    const found = (await itemsOf(path, home)).map(([, digest]) => digest);
    assertEquals(
      found.sort(),
      [...bundle.items.map(({ digest }) => digest as string), ...attached].sort(),
    );
    // Signatures of an image stay with it elsewhere; the definition of a part has none.
    const copied = await home.run([
      ...["content", "copy", "-s", path, "-d", `${registry.host}/part`],
      ...["--annotation-selector", `${CONTAINERD_NAME}=docker.io/library/nginx:1.27`],
    ]);
    assertEquals(copied.status, 0);
    const { digest } = nginx;
    const referrers = await client.referrers("part/docker.io/library/nginx", digest);
    const tags = await client.cosignTags("part/docker.io/library/nginx", digest);
    assertEquals(
      [...referrers.map((each) => each.digest), ...tags.map(({ descriptor }) => descriptor.digest)],
      attached.slice(2),
    );
    assertEquals(await client.listTags("part/bundle-definition"), ["edge-site"]);
  },
);

test("content save --arch takes what is for it, by what images say", async (home, registry) => {
  for (const [arch, count] of [["arm64", 2], ["amd64", 3]] as const) {
    const { stdout } = await home.run([
      ...["content", "save", "-s", `${registry.host}/base`, "-o", "~/out", "--arch", arch],
      ...["--format", "json"],
    ]);
    assertEquals(JSON.parse(stdout).items, count);
    const verified = await home.run(["content", "verify", "~/out/edge-site.tar.zst"]);
    assertEquals(verified.status, 0);
  }
});

for (
  const [args, code, message] of [
    [[], "usage", "--source is required"],
    [
      ["-s", "example.com/bundle:x", "--compression-level", "20"],
      "usage",
      "--compression-level must be from 0 to 19",
    ],
    [
      ["-s", "exa mple/bundle:x"],
      "validation",
      'Cannot use "exa mple/bundle" of --source: "exa mple" is no host',
    ],
  ] as const
) {
  Deno.test(`content save ${args.join(" ")} is refused`, async () => {
    await using home = await Home.make();
    const result = await home.run(["content", "save", ...args, "--format", "json"]);
    const error = errorOf(result);
    assertEquals([result.status, result.stdout, error["code"], error["message"]], [
      1,
      "",
      code,
      message,
    ]);
    assertEquals(typeof error["hint"], "string");
  });
}
