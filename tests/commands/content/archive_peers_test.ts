/** A bundle as the programs see it that know nothing of bundles. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { BuildSources, ONLY, WEB } from "../../support/build_sources.ts";
import { hasProgram, outputOf, runProgram } from "../../support/programs.ts";

const programs = ["skopeo", "zstd", "tar"];

Deno.test({
  name: `a bundle of a pack is the same twice, and whole to others (needs ${programs.join(", ")})`,
  ignore: !programs.every(hasProgram),
  async fn() {
    await using sources = await BuildSources.make();
    const { it, registry } = sources;
    const pack = await sources.pack(
      [`${WEB}:1`, `${ONLY}:2`],
      `, charts: [{repo: '${sources.chartRepository}', name: redis, version: 1.0.0}]`,
    );
    const archives = [];
    // Another machine: nothing in the cache, and one blob after the other.
    for (const [name, flags] of [["one", []], ["two", ["--jobs", "1", "--no-cache"]]] as const) {
      const out = `${it.home.root}/${name}`;
      const run = await it.run(["--packs", pack, "--name", "b", "--output", out, ...flags]);
      assertEquals([run.status, run.stderr], [0, ""]);
      archives.push(`${out}/b.tar.zst`);
    }
    const [one = "", two = ""] = archives;
    assertEquals(await Deno.readFile(two), await Deno.readFile(one));

    assertEquals((await runProgram("zstd", ["-q", "-t", one])).status, 0);
    const names = (await outputOf("tar", "--use-compress-program=zstd", "-tf", one)).split("\n");
    assertEquals(names.slice(0, 2), ["oci-layout", "index.json"]);
    assertEquals(
      names.slice(2, -1).every((name) => /^blobs\/sha256\/[0-9a-f]{64}$/.test(name)),
      true,
    );
    const listed = JSON.parse(
      await outputOf("tar", "--use-compress-program=zstd", "-xOf", one, "index.json"),
    ).manifests as { digest: string; annotations: Record<string, string> }[];
    const images = listed.filter(({ annotations }) =>
      annotations["io.image.ref.spectrocloud.type"] === "image"
    );
    assertEquals(images.map(({ annotations }) => annotations["io.containerd.image.name"]).sort(), [
      `${registry.host}/${ONLY}:2`,
      `${registry.host}/${WEB}:1`,
    ]);
    for (const { annotations, digest } of images) {
      const ref = annotations["org.opencontainers.image.ref.name"];
      const inspected = await outputOf(
        "skopeo",
        ...["inspect", "--format", "{{.Digest}} {{.Architecture}}"],
        `oci-archive:${one}:${ref}`,
      );
      assertEquals(inspected, `${digest} amd64\n`);
    }
    const folder = `${it.home.root}/unpacked`;
    await Deno.mkdir(folder);
    await outputOf("tar", "--use-compress-program=zstd", "-xf", one, "-C", folder);
    const raw = await outputOf(
      "skopeo",
      "inspect",
      "--raw",
      `oci:${folder}:${registry.host}/${WEB}:1`,
    );
    assertStringIncludes(raw, '"architecture":"arm64"');
  },
});
