/** Our server as other programs of registries see it. */

import { assertEquals } from "@std/assert";
import type { Descriptor } from "../../../lib/oci/descriptor.ts";
import { hexOf } from "../../../lib/oci/digest.ts";
import { certificates } from "../../support/certificates.ts";
import { startContentRegistry } from "../../support/content_registry.ts";
import { MemoryContent } from "../../support/memory_content.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";

const NGINX = "docker.io/library/nginx";

/** Runs skopeo, which must succeed. */
async function skopeo(args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram("skopeo", args);
  if (status !== 0) throw new Error(`skopeo ${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "palette-skopeo-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Hexadecimal digits of the blobs in a layout. */
function blobsOf(layout: string): Set<string> {
  return new Set([...Deno.readDirSync(`${layout}/blobs/sha256`)].map(({ name }) => name));
}

const needsSkopeo = { ignore: !hasProgram("skopeo") };

Deno.test("skopeo copies an image of many platforms, every byte of it", needsSkopeo, async () => {
  const content = new MemoryContent();
  const index = await content.putMultiArch("x".repeat(200_000));
  await using registry = await startContentRegistry(content, [
    { repository: NGINX, tag: "1.25", descriptor: index },
  ]);
  await withFolder(async (folder) => {
    const source = `docker://${registry.host}/bundle/${NGINX}:1.25`;
    const target = `oci:${folder}/layout:copied`;
    await skopeo(["copy", "--all", "--src-tls-verify=false", source, target]);
    const { manifests: [copied] } = JSON.parse(
      await Deno.readTextFile(`${folder}/layout/index.json`),
    );
    assertEquals(copied.digest, index.digest);
    const { manifests } = JSON.parse(new TextDecoder().decode(content.bytes(index)));
    const expected = new Set([hexOf(index.digest)]);
    for (const platform of manifests as Descriptor[]) {
      expected.add(hexOf(platform.digest));
      const { config, layers } = JSON.parse(new TextDecoder().decode(content.bytes(platform)));
      for (const { digest } of [config, ...layers]) expected.add(hexOf(digest));
    }
    assertEquals(blobsOf(`${folder}/layout`), expected);
    for (const hex of expected) {
      const bytes = await Deno.readFile(`${folder}/layout/blobs/sha256/${hex}`);
      const digest = `sha256:${hex}` as const;
      assertEquals(bytes, content.bytes({ digest, size: bytes.length, mediaType: "" }));
    }
  });
  assertEquals(registry.warnings, []);
});

Deno.test("skopeo inspects an image and lists its tags over TLS", needsSkopeo, async () => {
  const { server, ca } = await certificates();
  const content = new MemoryContent();
  const image = await content.putImage(["hello", "world"]);
  await using registry = await startContentRegistry(
    content,
    ["1.25", "1.26"].map((tag) => ({ repository: NGINX, tag, descriptor: image })),
    server,
  );
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/ca.crt`, ca.cert);
    const name = `${registry.host}/bundle/${NGINX}`;
    const { layers } = JSON.parse(new TextDecoder().decode(content.bytes(image)));
    const inspected = JSON.parse(
      await skopeo(["inspect", "--cert-dir", folder, `docker://${name}:1.25`]),
    );
    assertEquals(inspected, {
      ...inspected,
      Name: name,
      Digest: image.digest,
      RepoTags: ["1.25", "1.26"],
      Architecture: "amd64",
      Layers: layers.map(({ digest }: Descriptor) => digest),
    });
    const listed = await skopeo(["list-tags", "--cert-dir", folder, `docker://${name}`]);
    assertEquals(JSON.parse(listed), { Repository: name, Tags: ["1.25", "1.26"] });
  });
});

Deno.test(
  "skopeo uses it as a mirror of the hosts that images come from",
  needsSkopeo,
  async () => {
    const content = new MemoryContent();
    const image = await content.putImage(["mirrored"]);
    await using registry = await startContentRegistry(content, [
      { repository: NGINX, tag: "1.25", descriptor: image },
      { repository: "quay.example/a/b", tag: "1", descriptor: image },
    ]);
    await withFolder(async (folder) => {
      await Deno.writeTextFile(
        `${folder}/registries.conf`,
        `[[registry]]
prefix = "docker.io"
location = "${registry.host}/bundle/docker.io"
insecure = true
[[registry]]
prefix = "quay.example"
location = "${registry.host}"
insecure = true
`,
      );
      const mirrored = ["--registries-conf", `${folder}/registries.conf`, "copy"];
      await skopeo([...mirrored, "docker://nginx:1.25", `oci:${folder}/a:x`]);
      await skopeo([...mirrored, "docker://quay.example/a/b:1", `oci:${folder}/b:x`]);
      assertEquals(blobsOf(`${folder}/a`), blobsOf(`${folder}/b`));
      assertEquals(blobsOf(`${folder}/a`).has(hexOf(image.digest)), true);
    });
    assertEquals(registry.requests.filter((line) => line.includes("/manifests/")), [
      `GET /v2/bundle/${NGINX}/manifests/1.25 200`,
      "GET /v2/a/b/manifests/1 200",
    ]);
  },
);

Deno.test("skopeo takes no damaged blob", needsSkopeo, async () => {
  const content = new MemoryContent();
  const image = await content.putImage(["x".repeat(1000)]);
  const { layers: [layer] } = JSON.parse(new TextDecoder().decode(content.bytes(image)));
  content.replace(layer, new Uint8Array(layer.size));
  await using registry = await startContentRegistry(content, [
    { repository: NGINX, tag: "1.25", descriptor: image },
  ]);
  await withFolder(async (folder) => {
    const source = `docker://${registry.host}/bundle/${NGINX}:1.25`;
    const args = ["copy", "--src-tls-verify=false", source, `oci:${folder}/layout:x`];
    assertEquals((await runProgram("skopeo", args)).status !== 0, true);
  });
  assertEquals(registry.warnings[0]?.startsWith(`Cannot use blob ${layer.digest}: `), true);
});
