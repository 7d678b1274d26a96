/** `content copy` in every direction, with a real registry. */

import { assertEquals, assertMatch } from "@std/assert";
import { writeArchive } from "../../../lib/content/archive/write_archive.ts";
import { REF_NAME } from "../../../lib/content/bundle.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { errorOf, Home } from "../../support/home.ts";
import { hasProgram } from "../../support/programs.ts";
import { memberOf, sampleBundle } from "../../support/sample_bundle.ts";

const ignore = !hasProgram("docker-registry");
const NEEDS = "(needs docker-registry)";
const bundle = sampleBundle({ layerBytes: 20_000, plainBytes: 30_000 });
const RULE = "-".repeat(29);

/** A home with a bundle whose nginx belongs to a shop. */
async function homeWithBundle(): Promise<Home> {
  const home = await Home.make();
  await writeBundleFile(`${home.root}/b.tar.zst`, bundle);
  const index = JSON.parse(new TextDecoder().decode(bundle.index));
  index.manifests[1].annotations.app = "shop";
  const bytes = new TextEncoder().encode(JSON.stringify(index));
  const members = bundle.members.map((member) =>
    member.name === "index.json" ? memberOf("index.json", bytes) : member
  );
  await writeArchive(`${home.root}/shop.tar.zst`, ReadableStream.from(members), {
    level: 3,
    mtimeSeconds: 0,
    files: systemFiles(),
    crypto: systemCrypto(),
  });
  return home;
}

async function refsIn(layout: string): Promise<string[]> {
  const { manifests } = JSON.parse(await Deno.readTextFile(`${layout}/index.json`));
  return manifests.map(({ annotations }: { annotations: Record<string, string> }) =>
    annotations[REF_NAME]
  );
}

Deno.test("content copy unpacks an archive into a layout, and packs it again", async () => {
  await using home = await homeWithBundle();
  const copy = (...args: string[]) => home.run(["content", "copy", ...args]);
  const { root } = home;
  const dry = await copy("-s", "~/b.tar.zst", "-d", "~/layout", "--dry-run", "--format", "json");
  const { blobs, bytes, ...rest } = JSON.parse(dry.stdout);
  assertEquals([blobs, bytes > 40_000, rest], [8, true, {
    source: `${root}/b.tar.zst`,
    destination: `${root}/layout`,
    dryRun: true,
    items: 3,
  }]);
  const before = await home.files();
  const out = await copy("-s", `file://${root}/b.tar.zst`, "-d", `file://${root}/layout/`);
  assertEquals([out.status, out.stdout, out.stderr], [
    0,
    `${RULE}\nCopy Summary\n${RULE}\nbundle ${root}/b.tar.zst copied to ${root}/layout\n`,
    "",
  ]);
  assertEquals((await home.files()).length > before.length, true);
  assertEquals((await home.run(["content", "verify", "~/layout"])).status, 0);
  for (const name of ["c.tar.zst", "d.tar"]) {
    assertEquals((await copy("-s", "~/layout", "-d", `~/${name}`)).status, 0);
    assertEquals((await home.run(["content", "verify", `~/${name}`])).status, 0);
  }
});

Deno.test("content copy --annotation-selector takes a part, and tells of that part", async () => {
  await using home = await homeWithBundle();
  const copy = (selector: string, to: string) =>
    home.run([
      ...["content", "copy", "-s", "~/shop.tar.zst", "-d", to],
      ...["--annotation-selector", selector],
    ]);
  assertEquals((await copy("app=shop", "~/shop")).status, 0);
  assertEquals(await refsIn(`${home.root}/shop`), [
    "bundle-definition:edge-site",
    "docker.io/library/nginx:1.27",
  ]);
  assertEquals((await home.run(["content", "verify", "~/shop"])).status, 0);
  assertEquals((await copy("app!=shop,palette.bundle.name", "~/rest.tar")).status, 0);
  const { stdout } = await home.run(["content", "definition", "~/rest.tar", "-o", "json"]);
  const { metadata, spec } = JSON.parse(stdout);
  assertEquals(metadata.name, "edge-site");
  assertEquals(spec.images.map(({ image }: { image: string }) => image), [
    "us-docker.pkg.dev/p/both:v1",
  ]);
});

Deno.test({
  name: `content copy between registries and files ${NEEDS}`,
  ignore,
  async fn() {
    await using registry = await startDockerRegistry();
    await using home = await homeWithBundle();
    const copy = (source: string, destination: string) =>
      home.run([
        ...["content", "copy", "-s", source, "-d", destination, "--format", "json"],
      ]);
    const { host } = registry;
    const planned = await home.run([
      ...["content", "copy", "-s", "~/b.tar.zst", "-d", `${host}/a`, "--dry-run"],
    ]);
    assertMatch(
      planned.stdout,
      / would be copied to \S+\/a: 8 blobs to upload \(\d+ bytes\), 0 to mount, 0 there\n$/,
    );
    const pushed = await copy("~/b.tar.zst", `${host}/a`);
    assertEquals(JSON.parse(pushed.stdout), {
      source: `${home.root}/b.tar.zst`,
      destination: `${host}/a`,
      dryRun: false,
      items: 3,
      uploaded: 8,
      uploadedBytes: JSON.parse(pushed.stdout).uploadedBytes,
      mounted: 0,
      there: 0,
      changedTags: [],
    });
    const within = JSON.parse((await copy(`${host}/a:edge-site`, `${host}/b`)).stdout);
    assertEquals([within.uploaded, within.mounted, within.there], [0, 8, 0]);
    assertEquals(within.source, `${host}/a/bundle-definition:edge-site`);

    await using other = await startDockerRegistry();
    const across = await copy(`${host}/b`, `${other.host}/bundle-definition:edge-site`);
    assertEquals(JSON.parse(across.stdout).uploaded, 8);
    for (const [source, name] of [[other.host, "back.tar.zst"], [`${host}/b`, "layout"]] as const) {
      const back = await copy(`${source}/bundle-definition:edge-site`, `~/${name}`);
      assertEquals([back.status, JSON.parse(back.stdout).blobs], [0, 8]);
      assertEquals((await home.run(["content", "verify", `~/${name}`])).status, 0);
    }
    assertEquals(
      await refsIn(`${home.root}/layout`),
      bundle.items.map(({ annotations }) => annotations?.[REF_NAME] ?? ""),
    );
    for (
      const [source, destination, code, message] of [
        [`${host}/a`, `${host}/a`, "usage", "--source and --destination are the same"],
        [
          `${host}/a`,
          `${host}/c:other`,
          "usage",
          'Cannot copy "edge-site" as "other": it keeps its name',
        ],
      ] as const
    ) {
      const refused = await copy(source, destination);
      const error = errorOf(refused);
      assertEquals([refused.status, error["code"], error["message"]], [1, code, message]);
    }
  },
});

for (
  const [args, code, message] of [
    [["-d", "~/x"], "usage", "--source is required"],
    [["-s", "~/b.tar.zst"], "usage", "--destination is required"],
    [
      ["-s", "/none.tar.zst", "-d", "~/x"],
      "not-found",
      'Cannot open "/none.tar.zst": no such file or folder',
    ],
    [
      ["-s", "~/b.tar.zst", "-d", "~/b.tar.zst"],
      "usage",
      "--source and --destination are the same",
    ],
    [
      ["-s", "~/b.tar.zst", "-d", "example.com/Base"],
      "validation",
      'Cannot use "example.com/Base" of --destination: "Base" is no repository',
    ],
    [
      ["-s", "~/b.tar.zst", "-d", "~/x", "--annotation-selector", "app=shop"],
      "not-found",
      'Nothing in "ROOT/b.tar.zst" is what was asked for',
    ],
  ] as const
) {
  Deno.test(`content copy ${args.join(" ")} is refused`, async () => {
    await using home = await homeWithBundle();
    const before = await home.files();
    const result = await home.run(["content", "copy", ...args, "--format", "json"]);
    const error = errorOf(result);
    assertEquals([result.status, result.stdout, error["code"], error["message"]], [
      1,
      "",
      code,
      message.replace("ROOT", home.root),
    ]);
    assertEquals(typeof error["hint"], "string");
    assertEquals(await home.files(), before);
  });
}
