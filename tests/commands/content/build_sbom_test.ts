/** `content build --sbom generate`: what a bundle holds, as a document of SPDX. */

import { assertEquals } from "@std/assert";
import { BuildSources, ONLY, WEB } from "../../support/build_sources.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { errorOf } from "../../support/home.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";
import { testRegistry } from "../../support/registry_client.ts";

const SPDX = "application/spdx+json";

interface Listed {
  digest: string;
  annotations: Record<string, string>;
}

/** The layout of an archive, unpacked. */
async function unpack(archive: string, home: { run(args: string[]): Promise<unknown> }) {
  const folder = `${archive}.layout`;
  await home.run(["content", "copy", "-s", archive, "-d", folder]);
  const read = async (digest: string) =>
    JSON.parse(await Deno.readTextFile(`${folder}/blobs/sha256/${digest.slice(7)}`));
  const { manifests }: { manifests: Listed[] } = JSON.parse(
    await Deno.readTextFile(`${folder}/index.json`),
  );
  return { manifests, read };
}

Deno.test("content build --sbom generate lists all items, attached to the definition, the same each time", async () => {
  await using sources = await BuildSources.make();
  const { it, registry } = sources;
  const { home } = it;
  const chart = `, charts: [{repo: '${sources.chartRepository}', name: redis, version: 1.0.0}]`;
  const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`], chart);
  const build = async (folder: string, ...flags: string[]) => {
    const out = `${home.root}/${folder}`;
    const run = await it.run(
      ["--packs", pack, "--name", "edge-1", "--output", out, ...flags],
      { env: { SOURCE_DATE_EPOCH: "1700000000" } },
    );
    assertEquals([run.status, run.stderr], [0, ""]);
    return `${out}/edge-1.tar.zst`;
  };
  const archive = await build("one", "--sbom", "generate");
  const again = await build("two", "--sbom", "generate", "--no-cache");
  assertEquals(await Deno.readFile(archive), await Deno.readFile(again));

  const { manifests, read } = await unpack(archive, home);
  const typeOf = ({ annotations }: Listed) => annotations["io.image.ref.spectrocloud.type"];
  const nameOf = ({ annotations }: Listed) =>
    annotations["org.opencontainers.image.ref.name"] ?? "";
  const sbom = manifests.filter((item) => typeOf(item) === "sbom");
  const [definition] = manifests;
  assertEquals([sbom.length, definition && typeOf(definition)], [1, "bundle"]);
  const artifact = await read(sbom[0]?.digest ?? "");
  assertEquals(
    [artifact.artifactType, artifact.subject.digest, artifact.layers.length],
    [SPDX, definition?.digest, 1],
  );
  assertEquals(artifact.layers[0].annotations, {
    "org.opencontainers.image.title": "bundle.spdx.json",
  });
  const document = await read(artifact.layers[0].digest);
  assertEquals(
    [document.spdxVersion, document.name, document.documentNamespace, document.creationInfo],
    [
      "SPDX-2.3",
      "edge-1",
      `urn:palette:bundle:edge-1:${definition?.digest.slice(7)}`,
      { created: "2023-11-14T22:13:20Z", creators: ["Tool: palette"] },
    ],
  );
  const items = manifests.filter((item) =>
    !["bundle", "sbom", "signature"].includes(typeOf(item) ?? "")
  );
  const [bundle, ...packages] = document.packages;
  assertEquals(
    [bundle.name, bundle.checksums],
    ["edge-1", [{ algorithm: "SHA256", checksumValue: definition?.digest.slice(7) }]],
  );
  assertEquals(
    packages.map((
      { name, checksums }: { name: string; checksums: { checksumValue: string }[] },
    ) => [
      name,
      `sha256:${checksums[0]?.checksumValue}`,
    ]),
    items.map((item) => [nameOf(item), item.digest]),
  );
  const web = packages.find(({ name }: { name: string }) => name.endsWith("/web:1"));
  assertEquals([web.versionInfo, web.primaryPackagePurpose, web.externalRefs], ["1", "CONTAINER", [{
    referenceCategory: "PACKAGE-MANAGER",
    referenceType: "purl",
    referenceLocator:
      `pkg:oci/web@${encodeURIComponent(`sha256:${web.checksums[0].checksumValue}`)}` +
      `?repository_url=${registry.host.replace(":", "%3A")}/${WEB}&tag=1`,
  }]]);
  assertEquals(
    document.relationships.map((
      { spdxElementId, relationshipType }: { spdxElementId: string; relationshipType: string },
    ) => `${spdxElementId} ${relationshipType}`),
    ["SPDXRef-DOCUMENT DESCRIBES", ...items.map(() => "SPDXRef-Bundle CONTAINS")],
  );

  const verified = await home.run(["content", "verify", archive]);
  assertEquals(verified.stdout, "Content OK, signature not checked\n");
  // A part of it is another bundle: the document does not tell of that.
  const part = `${home.root}/part.tar.zst`;
  await home.run([
    ...["content", "copy", "-s", archive, "-d", part, "--annotation-selector"],
    `org.opencontainers.image.ref.name=${registry.host}/${ONLY}:2`,
  ]);
  const rest = await unpack(part, home);
  assertEquals(rest.manifests.map(typeOf), ["bundle", "image"]);
});

Deno.test({
  name: "the SBOM of a bundle is valid to the tools of SPDX (needs pyspdxtools)",
  ignore: !hasProgram("pyspdxtools"),
  async fn() {
    await using sources = await BuildSources.make();
    const { it: { home } } = sources;
    const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
    const out = `${home.root}/out`;
    await sources.it.run(["--packs", pack, "--name", "b", "--output", out, "--sbom", "generate"]);
    const { manifests, read } = await unpack(`${out}/b.tar.zst`, home);
    const sbom = manifests.find(({ annotations }) =>
      annotations["io.image.ref.spectrocloud.type"] === "sbom"
    );
    const file = `${home.root}/bundle.spdx.json`;
    const { layers } = await read(sbom?.digest ?? "");
    await Deno.writeTextFile(file, JSON.stringify(await read(layers[0].digest)));
    const checked = await runProgram("pyspdxtools", ["-i", file]);
    assertEquals(checked.status, 0, checked.stdout + checked.stderr);
  },
});

Deno.test({
  name: "the SBOM of a bundle is found by its definition in a registry (needs docker-registry)",
  ignore: !hasProgram("docker-registry"),
  async fn() {
    await using sources = await BuildSources.make();
    await using target = await startDockerRegistry();
    const pack = await sources.pack([`${WEB}:1`]);
    const run = await sources.it.run([
      ...["--packs", pack, "--name", "b", "--build-type", "remote", "--sbom", "generate"],
      ...["--registry", `${target.host}/c`],
    ]);
    assertEquals([run.status, run.stderr], [0, ""]);
    using test = testRegistry(target.host);
    const definition = await test.client.headManifest("c/bundle-definition", "b");
    const referrers = await test.client.referrers(
      "c/bundle-definition",
      definition?.digest ?? "sha256:",
    );
    assertEquals(referrers.map(({ artifactType }) => artifactType), [SPDX]);
    const out = `${sources.it.home.root}/saved`;
    const saved = await sources.it.home.run([
      ...["content", "save", "-s", `${target.host}/c`, "-o", out],
    ]);
    assertEquals(saved.status, 0, saved.stderr);
    const { manifests } = await unpack(`${out}/b.tar.zst`, sources.it.home);
    const [sbom] = manifests.filter(({ digest }) => digest === referrers[0]?.digest);
    assertEquals(sbom?.annotations, { "io.image.ref.spectrocloud.type": "sbom" });
  },
});

Deno.test("content build --metadata-only --sbom generate is refused", async () => {
  await using sources = await BuildSources.make();
  const pack = await sources.pack([]);
  const run = await sources.it.run([
    ...["--packs", pack, "--metadata-only", "--sbom", "generate", "--format", "json"],
  ]);
  assertEquals([run.status, errorOf(run)["code"], errorOf(run)["message"]], [
    1,
    "usage",
    "--metadata-only and --sbom generate cannot be used together",
  ]);
});
