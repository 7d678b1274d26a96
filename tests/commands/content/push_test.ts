/** `content push` to a real registry, read back by another program. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { errorOf, Home } from "../../support/home.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { hasProgram, outputOf } from "../../support/programs.ts";
import { startPushRegistry } from "../../support/push_registry.ts";
import { sampleBundle } from "../../support/sample_bundle.ts";

const ignore = !hasProgram("docker-registry") || !hasProgram("skopeo");
const bundle = sampleBundle({ layerBytes: 20_000, plainBytes: 30_000 });

async function homeWithBundle(): Promise<Home> {
  const home = await Home.make();
  await writeBundleFile(`${home.root}/b.tar.zst`, bundle);
  return home;
}

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name: `${name} (needs docker-registry, skopeo)`, ignore, fn });
}

function inspectRaw(reference: string): Promise<string> {
  return outputOf("skopeo", "inspect", "--raw", "--tls-verify=false", `docker://${reference}`);
}

test("content push brings a bundle that others read; once more it sends nothing", async () => {
  await using registry = await startDockerRegistry();
  await using home = await homeWithBundle();
  const place = `${registry.host}/base`;
  const push = (...args: string[]) =>
    home.run(["content", "push", "-f", "~/b.tar.zst", "-r", place, ...args]);
  const dry = await push("--dry-run", "--format", "json");
  const { uploaded, uploadedBytes } = JSON.parse(dry.stdout);
  assertEquals([uploaded, uploadedBytes > 40_000], [8, true]);

  const { status, stdout, stderr } = await push();
  assertEquals([status, stdout, stderr], [
    0,
    `${"-".repeat(29)}\nPush Summary\n${
      "-".repeat(29)
    }\nlocal bundle edge-site pushed to ${place}\n`,
    `Note: successfully copied all artifacts from local bundle ${home.root}/b.tar.zst to remote ` +
    `bundle ${place}/bundle-definition:edge-site\n`,
  ]);
  const both = bundle.items[2];
  const bytes = both === undefined ? undefined : bundle.blobs.get(both.digest);
  assertEquals(
    await inspectRaw(`${place}/us-docker.pkg.dev/p/both:v1`),
    new TextDecoder().decode(bytes),
  );
  await outputOf(
    ...["skopeo", "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false"] as const,
    `docker://${place}/docker.io/library/nginx:1.27`,
    `oci:${home.root}/copied:x`,
  );

  const again = await push("--no-clobber", "--format", "json");
  assertEquals(JSON.parse(again.stdout), {
    bundle: "edge-site",
    registry: place,
    dryRun: false,
    uploaded: 0,
    uploadedBytes: 0,
    mounted: 0,
    there: 8,
    changedTags: [],
  });
});

Deno.test("content push again only asks, and brings back a manifest that was lost below its tag", async () => {
  await using registry = await startPushRegistry();
  await using home = await homeWithBundle();
  const push = async () => {
    const { status } = await home.run([
      ...["content", "push", "-f", "~/b.tar.zst", "-r", `http://${registry.host}/bundle`],
    ]);
    assertEquals(status, 0);
    return registry.requests.splice(0).filter((request) => !/^(HEAD|GET) /.test(request));
  };
  assertEquals((await push()).length > 8, true);
  assertEquals(await push(), []);
  const both = bundle.items[2];
  const index = JSON.parse(new TextDecoder().decode(bundle.blobs.get(both?.digest ?? "sha256:")));
  const lost: string = index.manifests[0].digest;
  await Deno.remove(`${registry.folder}/blobs/${lost.replace(":", "/")}`);
  assertEquals(await push(), [
    `PUT /v2/bundle/us-docker.pkg.dev/p/both/manifests/${lost} 201`,
  ]);
});

test("content push tells of tags that point elsewhere, and keeps them when asked", async () => {
  await using registry = await startDockerRegistry();
  await using home = await homeWithBundle();
  const args = ["content", "push", "-r", `http://${registry.host}`, "-f"];
  assertEquals((await home.run([...args, "~/b.tar.zst"])).status, 0);
  await writeBundleFile(`${home.root}/c.tar.zst`, sampleBundle({ layerBytes: 9, plainBytes: 9 }));
  const nginx = `${registry.host}/docker.io/library/nginx:1.27`;
  const before = await inspectRaw(nginx);
  const kept = await home.run([...args, "~/c.tar.zst", "--no-clobber"]);
  assertEquals([kept.status, kept.stdout, kept.stderr], [
    1,
    "",
    `Error: cannot push: 2 tags point elsewhere, among them ${nginx}\n` +
    "Hint: Leave --no-clobber out to overwrite them\n",
  ]);
  assertEquals(await inspectRaw(nginx), before);
  const pushed = await home.run([...args, "~/c.tar.zst"]);
  assertEquals(pushed.status, 0);
  assertStringIncludes(pushed.stderr, `${nginx} pointed to other content and is overwritten`);
  assertEquals(await inspectRaw(nginx) === before, false);
});

test("content push --arch pushes a part, and a definition of that part", async () => {
  await using registry = await startDockerRegistry();
  await using home = await homeWithBundle();
  const { status } = await home.run([
    ...["content", "push", "-f", "~/b.tar.zst", "-r", registry.host, "--arch", "arm64"],
  ]);
  assertEquals(status, 0);
  const { layers } = JSON.parse(await inspectRaw(`${registry.host}/bundle-definition:edge-site`));
  const response = await fetch(
    `${registry.url}/v2/bundle-definition/blobs/${layers[0].digest}`,
  );
  const text = await response.text();
  assertEquals([text.includes("both:v1"), text.includes("nginx:1.27")], [true, false]);
});

for (
  const [name, args] of [
    ["push", (host: string) => ["push", "-f", "~/b.tar.zst", "-r", `${host}/base`]],
    ["copy", (host: string) => ["copy", "-s", "~/b.tar.zst", "-d", `${host}/base`]],
    ["copy to a layout", () => ["copy", "-s", "~/b.tar.zst", "-d", "~/layout"]],
    ["serve --disk", () => ["serve", "-b", "~/b.tar.zst", "-d", "~/layout", "-p", "0"]],
  ] as const
) {
  Deno.test(`content ${name} of a damaged bundle names file and blob, and how to find out more`, async () => {
    await using registry = await startPushRegistry();
    await using home = await homeWithBundle();
    const path = `${home.root}/b.tar.zst`;
    const [layer] = bundle.layers;
    const bytes = await Deno.readFile(path);
    const at = indexOf(bytes, bundle.blobs.get(layer?.digest ?? "sha256:")?.subarray(0, 64));
    bytes[at + 50] = (bytes[at + 50] ?? 0) ^ 1;
    await Deno.writeFile(path, bytes);
    const { status, stdout, stderr } = await home.run(["content", ...args(registry.host)]);
    assertEquals([status, stdout], [1, ""]);
    const blob = name.includes("layout") || name.includes("disk") ? "blob " : "";
    assertEquals(
      stderr.replace(/digest sha256:[0-9a-f]{64}, not/, "digest ..., not"),
      `Error: cannot use ${blob}${layer?.digest} of "${path}": digest ..., not what it was ` +
        `announced as\nHint: palette content verify "${path}" tells all that is damaged; copy it ` +
        "again\n",
    );
    assertEquals(registry.requests.filter((request) => /^PUT .*manifests/.test(request)), []);
  });
}

function indexOf(bytes: Uint8Array, wanted = new Uint8Array()): number {
  return bytes.findIndex((_, at) => wanted.every((byte, offset) => bytes[at + offset] === byte));
}

for (
  const [args, code, message] of [
    [[], "usage", "--file is required"],
    [["-f", "~/b.tar.zst"], "usage", "--registry is required"],
    [
      ["-f", "~/b.tar.zst", "-r", "exa mple"],
      "validation",
      'Cannot use "exa mple" of --registry: "exa mple" is no host',
    ],
    [
      ["-f", "/none.tar.zst", "-r", "example.com"],
      "not-found",
      'Cannot open "/none.tar.zst": no such file or folder',
    ],
    [
      ["-f", "~/b.tar.zst", "-r", "example.com", "--arch", "mips"],
      "usage",
      'Unsupported architecture "mips": use amd64 or arm64',
    ],
    [
      ["-f", "~/b.tar.zst", "-r", "example.com", "--annotation-selector", "=x"],
      "usage",
      '--annotation-selector does not take "=x"',
    ],
    [
      ["-f", "~/b.tar.zst", "-r", "example.com", "--annotation-selector", "app=shop"],
      "not-found",
      'Nothing in "ROOT/b.tar.zst" is what was asked for',
    ],
  ] as const
) {
  Deno.test(`content push ${args.join(" ")} is refused`, async () => {
    await using home = await homeWithBundle();
    const result = await home.run(["content", "push", ...args, "--format", "json"]);
    const error = errorOf(result);
    assertEquals([result.status, result.stdout, error["code"], error["message"]], [
      1,
      "",
      code,
      message.replace("ROOT", home.root),
    ]);
  });
}
