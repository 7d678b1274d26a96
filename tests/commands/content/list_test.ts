import { assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { plainPath } from "../../../lib/commands/content/list_local.ts";
import { writeArchive } from "../../../lib/content/archive/write_archive.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { errorOf, Home } from "../../support/home.ts";
import { artifactOf, blobOf } from "../../support/registry_client.ts";
import { DEFINITION_YAML, sampleBundle, tarOf } from "../../support/sample_bundle.ts";
import { problem, StubRegistry } from "../../support/stub_registry.ts";

async function addBundle(stub: StubRegistry, tag: string, definition: string): Promise<void> {
  const bytes = new TextEncoder().encode(definition);
  await stub.addBlob(bytes);
  const manifest = await artifactOf(await blobOf(bytes, "application/yaml"));
  const stored = { type: manifest.descriptor.mediaType, bytes: manifest.bytes };
  stub.manifests.set(`docs/bundle-definition:${tag}`, stored);
}

async function stubWithBundles(): Promise<StubRegistry> {
  const stub = new StubRegistry();
  await addBundle(stub, "zeta", "spec: {arch: [amd64]}");
  await addBundle(stub, "alpha", "spec: {arch: []}");
  await addBundle(stub, "middle", "spec:\n  arch:\n    - arm64\n    - amd64\n");
  await addBundle(stub, "foreign", "[");
  await addBundle(stub, "arm", "spec: {arch: [arm64]}");
  await addBundle(stub, `sha256-${"0".repeat(64)}`, "a: b");
  await addBundle(stub, `sha256-${"0".repeat(64)}.sig`, "a: b");
  return stub;
}

function names(host: string, ...tags: string[]): string {
  return ["Listing bundles", ...tags.map((tag) => `${host}/docs/bundle-definition:${tag}`)]
    .map((line) => `${line}\n`).join("");
}

for (
  const form of ["HOST/docs/bundle-definition", "HOST/docs", "http://HOST/docs/", "oci://HOST/docs"]
) {
  Deno.test(`content list -r ${form} lists its bundles by name`, async () => {
    await using stub = await stubWithBundles();
    await using home = await Home.make();
    const result = await home.run(["content", "list", "-r", form.replace("HOST", stub.host)]);
    assertEquals([result.status, result.stdout, result.stderr], [
      0,
      names(stub.host, "alpha", "arm", "foreign", "middle", "zeta"),
      "",
    ]);
    assertEquals(await home.files(), []);
  });
}

Deno.test("content list --arch keeps what fits, and what does not say", async () => {
  await using stub = await stubWithBundles();
  await using home = await Home.make();
  const repo = `${stub.host}/docs`;
  const amd = await home.run(["content", "list", "--repo", repo, "--arch", "amd64"]);
  assertEquals(amd.stdout, names(stub.host, "alpha", "foreign", "middle", "zeta"));
  const arm = await home.run(["content", "list", "--repo", repo, "-a", "arm64", "-o", "json"]);
  assertEquals(JSON.parse(arm.stdout), {
    items: ["alpha", "arm", "foreign", "middle"].map((name) => ({
      name,
      reference: `${stub.host}/docs/bundle-definition:${name}`,
    })),
    count: 4,
  });
});

Deno.test("content list of a repository that has nothing any more is a header", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push(({ path }) =>
    path.includes("/tags/") ? Response.json({ name: "docs", tags: null }) : null
  );
  await using home = await Home.make();
  const result = await home.run(["content", "list", "-r", `${stub.host}/docs`]);
  assertEquals([result.status, result.stdout, result.stderr], [0, "Listing bundles\n", ""]);
});

Deno.test("content list of a registry's root takes bundle-definition at its root", async () => {
  await using stub = new StubRegistry();
  await using home = await Home.make();
  const result = await home.run(["content", "list", "-r", stub.host]);
  assertEquals([result.status, result.stderr], [
    1,
    `Error: no bundles found in ${stub.host}/bundle-definition\n` +
    "Hint: Check the address; palette content push puts a bundle there\n",
  ]);
});

Deno.test("content list tells when a login is missing", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push(() => problem(401, "UNAUTHORIZED", { "www-authenticate": "Basic" }));
  await using home = await Home.make();
  const result = await home.run(["content", "list", "-r", `${stub.host}/docs`]);
  assertEquals([result.status, result.stdout, result.stderr], [
    1,
    "",
    `Error: cannot list the tags of ${stub.host}/docs/bundle-definition: ${stub.host} wants credentials\n` +
    `Hint: Run palette content registry-login --registry ${stub.host}\n`,
  ]);
});

Deno.test("content list uses Docker's logins, after Palette's own", async () => {
  const auth = btoa("docker:login");
  await using stub = await stubWithBundles();
  stub.intercepts.push(({ authorization }) =>
    authorization === `Basic ${auth}` ? null : problem(401, "", { "www-authenticate": "Basic" })
  );
  await using home = await Home.make();
  await Deno.mkdir(`${home.root}/.docker`);
  const file = `${home.root}/.docker/config.json`;
  await Deno.writeTextFile(file, JSON.stringify({ auths: { [`https://${stub.host}`]: { auth } } }));
  const list = () => home.run(["content", "list", "-r", `${stub.host}/docs`, "-o", "json"]);
  assertEquals((await list()).status, 0);
  await Deno.writeTextFile(file, JSON.stringify({ credHelpers: { [stub.host]: "a;b" } }));
  const odd = await list();
  assertEquals([odd.status, errorOf(odd)["code"], errorOf(odd)["message"]], [
    1,
    "validation",
    `Cannot use the credential helper "a;b" of "${file}"`,
  ]);
  assertEquals(await home.files(), [".docker/config.json"]);
});

Deno.test("content list shows nothing that a terminal would obey", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push(({ path }) =>
    path.includes("/tags/") ? Response.json({ tags: ["a\x1b[2J"] }) : null
  );
  await using home = await Home.make();
  const result = await home.run(["content", "list", "-r", `${stub.host}/docs`]);
  assertEquals(result.stdout.includes("\x1b"), false);
});

async function homeWithFolder(): Promise<{ home: Home; folder: string }> {
  const home = await Home.make();
  const folder = `${home.root}/bundles`;
  await Deno.mkdir(`${folder}/layout`, { recursive: true });
  await Deno.mkdir(`${folder}/other`);
  await Deno.writeTextFile(`${folder}/layout/oci-layout`, "{}");
  const tar = tarOf("index.json", new TextEncoder().encode("{}"));
  await Deno.writeFile(`${folder}/a.tar`, tar);
  await Deno.writeFile(`${folder}/c.tgz`, new Uint8Array(gzipSync(tar)));
  await write(`${folder}/b.tar.zst`);
  await write(`${folder}/split.tar.zst`, 5000);
  for (const name of ["notes.txt", "b.tar.sig.bin", "empty.tar", "x.tar.zst", "x.parts.json"]) {
    await Deno.writeTextFile(`${folder}/${name}`, name === "empty.tar" ? "" : "no bundle");
  }
  return { home, folder };
}

async function write(path: string, splitBytes?: number): Promise<void> {
  async function* members() {
    yield* sampleBundle({ layerBytes: 5000, plainBytes: 5000 }).members;
  }
  await writeArchive(path, members(), {
    level: 3,
    mtimeSeconds: 0,
    files: systemFiles(),
    crypto: systemCrypto(),
    ...(splitBytes === undefined ? {} : { splitBytes }),
  });
}

Deno.test("content list of a folder names its archives and layouts, and no other files", async () => {
  const { home, folder } = await homeWithFolder();
  await using _ = home;
  const names = ["a.tar", "b.tar.zst", "c.tgz", "layout", "split.tar.zst.parts.json"];
  const stdout = ["Listing bundles", ...names.map((name) => `file://${folder}/${name}`)]
    .map((line) => `${line}\n`).join("");
  for (
    const place of [folder, `file://${folder}`, `${folder}/.`, `${folder}/`, `${folder}/././`]
  ) {
    const result = await home.run(["content", "list", "-r", place]);
    assertEquals([result.status, result.stdout], [0, stdout], place);
  }
  const found = await home.run([
    "content",
    "definition",
    `file://${folder}/split.tar.zst.parts.json`,
  ]);
  assertEquals([found.status, found.stdout], [0, DEFINITION_YAML]);
});

Deno.test("paths that content list prints have no steps that stay where they are", () => {
  assertEquals(
    ["/.", "/./a", "/a/..b/.c/./d.", "/a/././b/.", "C:\\.\\a\\."].map(plainPath),
    ["/", "/a", "/a/..b/.c/d.", "/a/b", "C:\\a"],
  );
});

for (
  const [args, code, message] of [
    [[], "usage", "--repo is required when not running interactively"],
    [["-r", "/none"], "io", 'Cannot list "/none" of --repo: no such file or folder'],
    [
      ["-r", "example.com/x:v1"],
      "validation",
      'Cannot use "example.com/x:v1" of --repo: "x:v1" is no repository',
    ],
    [["-r", "exa mple"], "validation", 'Cannot use "exa mple" of --repo: "exa mple" is no host'],
  ] as const
) {
  Deno.test(`content list ${args.join(" ")} is refused`, async () => {
    await using home = await Home.make();
    const result = await home.run(["content", "list", ...args, "-o", "json"]);
    assertEquals([
      result.status,
      result.stdout,
      errorOf(result)["code"],
      errorOf(result)["message"],
    ], [
      1,
      "",
      code,
      message,
    ]);
  });
}
