import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type ArchiveMember, writeArchive } from "../../../lib/content/archive/write_archive.ts";
import { BUNDLE_REQUIRES } from "../../../lib/content/bundle.ts";
import { Layout } from "../../../lib/oci/layout.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { errorOf, Home, type RunResult } from "../../support/home.ts";
import { type Keys, makeKeys, openssl } from "../../support/openssl.ts";
import {
  clusterProfile,
  definitionArchive,
  profilePack,
} from "../../support/palette/content_state.ts";
import { hasProgram } from "../../support/programs.ts";
import { BuildSources, WEB } from "../../support/build_sources.ts";
import { tarGzipOf } from "../../support/pack_folder.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { startPushRegistry } from "../../support/push_registry.ts";
import { problem, StubRegistry } from "../../support/stub_registry.ts";
import { World } from "../../support/world.ts";
import { memberOf, sampleBundle, sha256, tarOf } from "../../support/sample_bundle.ts";

const ignore = !hasProgram("openssl");
const files = systemFiles();
const crypto = systemCrypto();
const bundle = sampleBundle({ layerBytes: 300_000, plainBytes: 300_000 });
const BYTES = [...bundle.blobs].reduce((sum, [, { length }]) => sum + length, 0);
const MANIFESTS = 5;

async function write(
  path: string,
  members: ArchiveMember[] = bundle.members,
  options: { level?: number; splitBytes?: number } = {},
): Promise<void> {
  async function* each() {
    yield* members;
  }
  await writeArchive(path, each(), { level: 3, mtimeSeconds: 0, files, crypto, ...options });
}

/** A member replaced, or left out. */
function changed(name: string, bytes: Uint8Array | null): ArchiveMember[] {
  return bundle.members.flatMap((member) => {
    if (!member.name.endsWith(name)) return [member];
    return bytes === null ? [] : [memberOf(member.name, bytes)];
  });
}

/** The index with something else in it. */
function withIndex(change: (index: Record<string, unknown>) => void): ArchiveMember[] {
  const index = JSON.parse(new TextDecoder().decode(bundle.index));
  change(index);
  return changed("index.json", new TextEncoder().encode(JSON.stringify(index)));
}

function verify(home: Home, ...args: string[]): Promise<RunResult> {
  return home.run(["content", "verify", ...args]);
}

/** With a real registry. */
function test(name: string, fn: () => Promise<void>): void {
  const needed = `${name} (needs docker-registry)`;
  Deno.test({ name: needed, ignore: !hasProgram("docker-registry"), fn });
}

interface Verdict {
  verified: boolean;
  definition: string;
  problems: { what: string; problem: string; items: string[] }[];
  [name: string]: unknown;
}

async function verdictOn(members: ArchiveMember[], status = 2): Promise<Verdict> {
  await using home = await Home.make();
  const path = `${home.root}/b.tar.zst`;
  await write(path, members);
  const result = await verify(home, path, "-o", "json");
  assertEquals(result.status, status, result.stderr);
  if (status === 2) assertEquals(errorOf(result)["code"], "checks-failed");
  return JSON.parse(result.stdout);
}

Deno.test("content verify reads every blob, whatever form a bundle has", async () => {
  await using home = await Home.make();
  await write(`${home.root}/b.tar.zst`);
  await write(`${home.root}/b.tar`, bundle.members, { level: 0 });
  await write(`${home.root}/parts.tar.zst`, bundle.members, { splitBytes: 100_000 });
  const layout = await Layout.make(`${home.root}/layout`, { files, crypto });
  for (const bytes of bundle.blobs.values()) {
    const descriptor = { mediaType: "", digest: sha256(bytes), size: bytes.length };
    await layout.putBlob(descriptor, () => memberOf("", bytes).open(), "a blob");
  }
  await layout.list(bundle.items);
  for (const name of ["b.tar.zst", "b.tar", "parts.tar.zst.001", "parts.tar.zst", "layout"]) {
    const result = await verify(home, `${home.root}/${name}`);
    assertEquals([result.status, result.stdout], [0, "Content OK, signature not checked\n"], name);
  }
  const { stdout } = await verify(home, `${home.root}/b.tar.zst`, "-o", "json");
  const manifestBytes = JSON.parse(stdout).bytes;
  assertEquals(JSON.parse(stdout), {
    file: `${home.root}/b.tar.zst`,
    kind: "bundle",
    verified: true,
    name: "edge-site",
    signature: null,
    images: null,
    items: 3,
    blobs: bundle.blobs.size - MANIFESTS,
    bytes: manifestBytes,
    definition: "complete",
    problems: [],
  });
  assertEquals(manifestBytes < BYTES && manifestBytes > BYTES - 5_000, true);
});

let made: Promise<Keys> | undefined;
function keys(): Promise<Keys> {
  return made ??= makeKeys().then((all) => {
    globalThis.addEventListener("unload", () => Deno.removeSync(all.folder, { recursive: true }));
    return all;
  });
}

Deno.test({
  name:
    "content verify checks the signature that OpenSSL made, beside the file or named (needs openssl)",
  ignore,
  async fn() {
    const { at } = await keys();
    await using home = await Home.make();
    const path = `${home.root}/b.tar.zst`;
    await write(path);
    const none = await verify(home, path, "--key", at("rsa.pub"));
    assertEquals([none.status, none.stdout], [1, ""]);
    assertEquals(
      none.stderr,
      `Error: there is no signature of "${path}" beside it\n` +
        `Hint: Pass --signature FILE; ${home.root}/b.tar.sig.bin was looked for\n`,
    );
    const signature = `${home.root}/b.tar.sig.bin`;
    await openssl("dgst", "-sha256", "-sign", at("rsa.pem"), "-out", signature, path);
    const right = await verify(home, path, "--key", at("rsa.pub"));
    assertEquals([right.status, right.stdout], [0, "Verified OK\n"], right.stderr);
    const elsewhere = `${home.root}/s`;
    await Deno.rename(signature, elsewhere);
    const args = [path, "--key", at("rsa.pub"), "--signature", elsewhere, "-o", "json"];
    const document = JSON.parse((await verify(home, ...args)).stdout);
    assertEquals(document.signature, {
      fits: true,
      file: elsewhere,
      algorithm: "RSA-PKCS1v15-SHA256",
      keyAlgorithm: "RSA-PKCS1v15-SHA256",
      keyId: document.signature.keyId,
      digest: sha256(await Deno.readFile(path)),
    });
    const wrong = await verify(home, path, "--key", at("ec.pub"), "--signature", elsewhere);
    assertEquals(wrong.status, 2);
    assertMatch(
      wrong.stdout,
      /^WHAT +PROBLEM +ITEMS\n\S+\/s +does not fit the key and the file +-\n$/,
    );
    const errorLines = ({ stderr }: RunResult) =>
      stderr.split("\n").filter((line) => /^(Error|Hint): /.test(line));
    assertEquals(errorLines(wrong), [
      `Error: the signature of "${path}" does not fit the key "${at("ec.pub")}"`,
      "Hint: It is made with another kind of key (RSA-PKCS1v15-SHA256, not ECDSA-P256-SHA256): " +
      "pass the key of whoever signed it with --key",
    ]);
    await openssl("dgst", "-sha256", "-sign", at("ec.pem"), "-out", signature, path);
    const kinds = await verify(home, path, "--key", at("rsa.pub"), "-o", "json");
    const { algorithm, keyAlgorithm } = JSON.parse(kinds.stdout).signature;
    assertEquals([algorithm, keyAlgorithm], ["ECDSA-P256-SHA256", "RSA-PKCS1v15-SHA256"]);
    await openssl("dgst", "-sha256", "-sign", at("rsa.pem"), "-out", signature, path);
    const another = await verify(home, path, "--key", at("other.pub"));
    assertEquals(errorLines(another), [
      `Error: the signature of "${path}" does not fit the key "${at("other.pub")}"`,
      "Hint: Check that --key is the key of whoever signed it; if it is, the bundle or its " +
      "signature is another one: copy both again",
    ]);
  },
});

Deno.test({
  name: "a signature over split parts is one over the whole (needs openssl)",
  ignore,
  async fn() {
    const { at } = await keys();
    await using home = await Home.make();
    const whole = `${home.root}/whole.tar.zst`;
    await write(whole);
    await write(`${home.root}/b.tar.zst`, bundle.members, { splitBytes: 100_000 });
    const signature = `${home.root}/b.tar.sig.bin`;
    await openssl("dgst", "-sha256", "-sign", at("ec.pem"), "-out", signature, whole);
    for (const name of ["b.tar.zst.001", "b.tar.zst.parts.json", "b.tar.zst"]) {
      const result = await verify(home, `${home.root}/${name}`, "--key", at("ec.pub"));
      assertEquals([result.status, result.stdout], [0, "Verified OK\n"], result.stderr);
    }
  },
});

Deno.test({
  name: "one flipped byte anywhere fails signature and content (needs openssl)",
  ignore,
  async fn() {
    const { at } = await keys();
    await using home = await Home.make();
    const path = `${home.root}/b.tar.zst`;
    await write(path);
    const whole = await Deno.readFile(path);
    const signature = `${home.root}/b.tar.sig.bin`;
    await openssl("dgst", "-sha256", "-sign", at("ec.pem"), "-out", signature, path);
    for (const place of [5, 900, whole.length >> 2, whole.length >> 1, whole.length - 100]) {
      const bytes = whole.slice();
      bytes[place] = (bytes[place] ?? 0) ^ 0x10;
      await Deno.writeFile(path, bytes);
      const result = await verify(home, path, "--key", at("ec.pub"), "-o", "json");
      assertEquals(result.status, 2, `at ${place}: ${result.stderr}`);
      const { signature: report, verified } = JSON.parse(result.stdout);
      assertEquals([report.fits, verified], [false, false]);
    }
  },
});

Deno.test("a blob that is damaged, missing or of another length names itself and its items", async () => {
  const [shared] = bundle.layers;
  if (shared === undefined) throw new Error("no layer");
  const bytes = bundle.blobs.get(shared.digest);
  if (bytes === undefined) throw new Error("no blob");
  const item = "us-docker.pkg.dev/p/both:v1";
  const other = bytes.slice();
  other[1000] = (other[1000] ?? 0) ^ 1;
  const hex = shared.digest.slice(7);
  const damaged = await verdictOn(changed(hex, other));
  assertEquals(damaged.problems, [{
    what: shared.digest,
    problem: `digest ${sha256(other)}, not what it was announced as`,
    items: [item],
  }]);
  const missing = await verdictOn(changed(hex, null));
  assertEquals(missing.problems, [{ what: shared.digest, problem: "missing", items: [item] }]);
  const short = await verdictOn(changed(hex, bytes.slice(0, 5000)));
  assertEquals(short.problems.map(({ what }) => what), [shared.digest]);
  assertStringIncludes(short.problems[0]?.problem ?? "", `5000 of ${bytes.length} bytes`);
});

Deno.test("a manifest that is missing or damaged is named, and the rest is still read", async () => {
  const [, nginx] = bundle.items;
  const hex = nginx?.digest.slice(7) ?? "";
  const missing = await verdictOn(changed(hex, null));
  assertEquals(missing.problems, [{
    what: nginx?.digest ?? "",
    problem: "missing",
    items: ["docker.io/library/nginx:1.27"],
  }]);
  const damaged = await verdictOn(changed(hex, new TextEncoder().encode("{}")));
  assertEquals(damaged.problems.map(({ what }) => what), [nginx?.digest ?? ""]);
});

Deno.test("an item that the definition names and the index does not is a problem", async () => {
  const verdict = await verdictOn(withIndex((index) => {
    (index["manifests"] as unknown[]).splice(1, 1);
  }));
  assertEquals(verdict.definition, "incomplete");
  assertEquals(verdict.problems, [{
    what: "docker.io/library/nginx:1.27",
    problem: "not in the bundle, although its definition names it",
    items: ["docker.io/library/nginx:1.27"],
  }]);
});

Deno.test("a bundle without a definition is verified by its index, and that is said", async () => {
  await using home = await Home.make();
  const path = `${home.root}/b.tar.zst`;
  await write(
    path,
    withIndex((index) => {
      (index["manifests"] as unknown[]).shift();
    }),
  );
  const result = await verify(home, path);
  assertEquals([result.status, result.stdout], [0, "Content OK, signature not checked\n"]);
  assertStringIncludes(
    result.stderr,
    "Note: there is no definition in it: only what its index lists could be looked for\n",
  );
});

Deno.test("what a thin bundle leaves out is named with the bundle that has it", async () => {
  const requires = `sha256:${"a".repeat(64)}`;
  const [layer] = bundle.layers;
  const members = withIndex((index) => {
    (index["annotations"] as Record<string, string>)[BUNDLE_REQUIRES] = requires;
  }).filter(({ name }) => !name.endsWith(layer?.digest.slice(7) ?? ""));
  const { problems } = await verdictOn(members);
  assertEquals(problems.map(({ problem }) => problem), [
    `missing; in the bundle with the definition ${requires}`,
  ]);
});

Deno.test("content verify finds the cluster definition and the widget of a bundle", async () => {
  await using it = await World.make(["content", "build"], {
    clusterProfiles: [clusterProfile("infra", {
      uid: "infra",
      type: "infra",
      packs: [profilePack("os", { layer: "os", values: "pack: {}\n" })],
    })],
    clusterDefinition: definitionArchive("spec: {}\n"),
  });
  const { root } = it.home;
  await Deno.writeTextFile(
    `${root}/d.yaml`,
    "apiVersion: content.palette.dev/v1\nkind: BundleDefinition\nmetadata: {name: b}\n" +
      'spec: {rawFiles: [{path: manifests/x.yaml, content: "a: 1"}]}\n',
  );
  await Deno.writeFile(`${root}/ui.tar`, tarOf("index.html", new Uint8Array(10)));
  const built = await it.run([
    ...["-f", `${root}/d.yaml`, "-o", root, "--custom-ui", `${root}/ui.tar`],
    ...["--cluster-definition-name", "Edge", "--cluster-definition-profile-ids", "infra"],
  ]);
  assertEquals(built.status, 0, built.stderr);
  const result = await verify(it.home, `${root}/b.tar.zst`);
  assertEquals([result.status, result.stdout], [0, "Content OK, signature not checked\n"]);
});

Deno.test("a layer that others give away only themselves may be missing", async () => {
  const [layer] = bundle.layers;
  const members = withIndex((index) => {
    (index["manifests"] as unknown[]).push({
      mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      digest: `sha256:${"b".repeat(64)}`,
      size: layer?.size,
      urls: ["https://example.com/layer"],
    });
  });
  assertEquals((await verdictOn(members, 0)).problems, []);
});

Deno.test({
  name: "content verify takes a cluster definition, and its signature (needs openssl)",
  ignore,
  async fn() {
    const { at } = await keys();
    await using home = await Home.make();
    const path = `${home.root}/d.tgz`;
    const bytes = definitionArchive("spec: {}\n".repeat(500));
    await Deno.writeFile(path, bytes);
    const plain = await verify(home, path);
    assertEquals([plain.status, plain.stdout, plain.stderr], [
      0,
      "Cluster definition OK, signature not checked\n",
      "",
    ]);
    await openssl(
      "dgst",
      "-sha256",
      "-sign",
      at("rsa.pem"),
      "-out",
      `${home.root}/d.sig.bin`,
      path,
    );
    const signed = await verify(home, path, "--key", at("rsa.pub"));
    assertEquals([signed.status, signed.stdout], [0, "Verified OK\n"]);
    const json = JSON.parse((await verify(home, path, "--key", at("ec.pub"), "-o", "json")).stdout);
    assertEquals([json.kind, json.verified, json.name, json.definition], [
      "cluster-definition",
      false,
      null,
      null,
    ]);
    assertEquals([json.items, json.blobs, json.bytes, json.signature.file], [
      1,
      0,
      4500,
      `${home.root}/d.sig.bin`,
    ]);
  },
});

for (
  const [name, bytes, problem] of [
    ["cut short", definitionArchive("x".repeat(3000)).slice(0, -9), "it is damaged or cut short"],
    [
      "with a path that leads out",
      await tarGzipOf({ "spc/a": "", "../x": "" }),
      '"../x" leads out of it',
    ],
  ] as const
) {
  Deno.test(`content verify of a cluster definition ${name} is negative`, async () => {
    await using home = await Home.make();
    const path = `${home.root}/d.tgz`;
    await Deno.writeFile(path, bytes);
    const result = await verify(home, path, "-o", "json");
    assertEquals([result.status, errorOf(result)["code"]], [2, "checks-failed"]);
    assertEquals(JSON.parse(result.stdout).problems, [{ what: path, problem, items: [] }]);
  });
}

test("content verify reads all of a bundle in a registry", async () => {
  await using registry = await startDockerRegistry();
  await using home = await Home.make();
  await write(`${home.root}/b.tar.zst`);
  const place = `${registry.host}/base`;
  const push = await home.run(["content", "push", "-f", "~/b.tar.zst", "-r", place]);
  assertEquals(push.status, 0, push.stderr);
  const before = await home.files();
  for (const reference of [place, `${place}/bundle-definition:edge-site`]) {
    const result = await verify(home, reference);
    assertEquals([result.status, result.stdout], [0, "Content OK, signature not checked\n"]);
  }
  const document = JSON.parse((await verify(home, place, "-o", "json")).stdout);
  assertEquals(document.file, `${place}/bundle-definition:edge-site`);
  assertEquals([document.verified, document.items, document.blobs, document.definition], [
    true,
    3,
    bundle.blobs.size - MANIFESTS,
    "complete",
  ]);
  assertEquals(document.bytes < BYTES && document.bytes > BYTES - 5_000, true);

  const [first, second] = bundle.layers;
  const dataOf = (digest = "") =>
    `${registry.storage}/docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${
      digest.slice(7)
    }/data`;
  await Deno.remove(dataOf(first?.digest));
  const bytes = await Deno.readFile(dataOf(second?.digest));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await Deno.writeFile(dataOf(second?.digest), bytes);
  const bad = await verify(home, place, "-o", "json");
  assertEquals([bad.status, errorOf(bad)["code"]], [2, "checks-failed"]);
  const { problems } = JSON.parse(bad.stdout) as Verdict;
  assertEquals(
    problems.map(({ what, items }) => [what, ...items]).sort(),
    [first, second].map((layer) => [layer?.digest, "us-docker.pkg.dev/p/both:v1"]).sort(),
  );

  await Deno.remove(dataOf(bundle.items[1]?.digest));
  const none = await verify(home, place, "-o", "json");
  assertEquals([none.status, JSON.parse(none.stdout).definition], [2, "incomplete"]);
  assertEquals(await home.files(), before);
});

Deno.test({
  name: "content verify --key checks the signature of what was pushed (needs openssl)",
  ignore,
  async fn() {
    const { at } = await keys();
    await using sources = await BuildSources.make();
    await using target = await startPushRegistry();
    const { it: { home } } = sources;
    const pack = await sources.pack([`${WEB}:1`]);
    const place = `${target.host}/base`;
    const build = (...args: string[]) =>
      sources.it.run([
        ...["--packs", pack, "-n", "edge-1", "--build-type", "remote", ...args],
      ]);
    assertEquals((await build("-r", place)).status, 0);
    const unsigned = await verify(home, place, "--key", at("rsa.pub"), "-o", "json");
    assertEquals([unsigned.status, errorOf(unsigned)["code"], errorOf(unsigned)["message"]], [
      1,
      "not-found",
      `There is no signature of "${place}/bundle-definition:edge-1" beside it`,
    ]);
    // The definition names the key: it is another one, in another place.
    const signed = `${target.host}/signed`;
    assertEquals(
      (await build("-r", signed, "--private-key", at("rsa.pem"))).status,
      0,
    );
    const right = await verify(home, signed, "--key", at("rsa.pub"));
    assertEquals([right.status, right.stdout], [0, "Verified OK\n"]);
    const wrong = await verify(home, signed, "--key", at("ec.pub"), "-o", "json");
    assertEquals([wrong.status, errorOf(wrong)["code"]], [2, "checks-failed"]);
    const { problems } = JSON.parse(wrong.stdout) as Verdict;
    assertMatch(problems[0]?.what ?? "", /^\S+\/signed\/bundle-definition@sha256:[0-9a-f]{64}$/);
    assertEquals(problems[0]?.problem, "does not fit the key and the file");
    const file = await verify(home, signed, "--key", at("rsa.pub"), "--signature", at("rsa.pub"));
    assertEquals([file.status, file.stderr], [
      1,
      `Error: --signature is for files, and "${signed}" is none\n` +
      "Hint: A bundle in a registry has its signature beside it: leave --signature out\n",
    ]);
  },
});

Deno.test("what cannot be checked is a failure, not a verdict", async () => {
  await using home = await Home.make();
  const path = `${home.root}/b.tar.zst`;
  const absent = await verify(home, path, "-o", "json");
  assertEquals([absent.status, errorOf(absent)["code"]], [1, "not-found"]);
  await write(path);
  const key = await verify(home, path, "--key", "/none/k.pem", "-o", "json");
  assertEquals([key.status, errorOf(key)["code"]], [1, "io"]);
  assertEquals(
    errorOf(key)["message"],
    'Cannot read "/none/k.pem" of --key: no such file or folder',
  );
  const alone = await verify(home, path, "--signature", "/none/s", "-o", "json");
  assertEquals([alone.status, errorOf(alone)["code"]], [1, "usage"]);
  assertEquals(await home.files(), ["b.tar.zst"]);
});

Deno.test("content verify tells what is no archive from a damaged one", async () => {
  await using home = await Home.make();
  const { root } = home;
  await write(`${root}/two.tar.zst`, bundle.members, { splitBytes: 100_000 });
  await Deno.writeTextFile(`${root}/def.yaml`, "apiVersion: v1\n".repeat(100));
  await Deno.mkdir(`${root}/empty`);
  await Deno.mkdir(`${root}/folder/sub`, { recursive: true });
  await write(`${root}/folder/b.tar.zst`);
  const layoutHint = "A layout has index.json and blobs in it";
  const partHint = `Name "${root}/two.tar.zst.parts.json": the others are read with it`;
  for (
    const [name, reason, hint] of [
      ["folder", `cannot open "${root}/folder": there is no OCI layout in it`, layoutHint],
      ["empty", `cannot open "${root}/empty": there is no OCI layout in it`, layoutHint],
      [
        "def.yaml",
        `cannot verify "${root}/def.yaml": it is no bundle`,
        "Give the archive that palette content build wrote, its list of parts, or a layout folder",
      ],
      [
        "two.tar.zst.002",
        `cannot open "${root}/two.tar.zst.002": it is one of several parts`,
        partHint,
      ],
    ] as const
  ) {
    const { status, stdout, stderr } = await verify(home, `${root}/${name}`);
    assertEquals([status, stdout, stderr], [1, "", `Error: ${reason}\nHint: ${hint}\n`], name);
  }
  await Deno.remove(`${root}/two.tar.zst.002`);
  const { status, stderr } = await verify(home, `${root}/two.tar.zst`);
  assertEquals([status, stderr], [
    1,
    `Error: cannot open "${root}/two.tar.zst.002": no such file or folder\n` +
    "Hint: Copy that part here, too: the list beside it names all that belong together\n",
  ]);
});

Deno.test("content verify shows how far it is where it is asked for, and on a terminal", async () => {
  await using home = await Home.make();
  const path = `${home.root}/b.tar.zst`;
  await write(path);
  assertEquals((await verify(home, path)).stderr, "");
  assertMatch((await verify(home, path, "--progress")).stderr, /^content .* 100\.00%$/m);
  const shown = (...args: string[]) =>
    home.run(["content", "verify", path, ...args], { isTerminal: true });
  assertMatch((await shown()).stderr, /content .* 100\.00%/);
  assertEquals((await shown("--no-progress")).stderr, "");
});

Deno.test("content verify tries again as often as --retries says", async () => {
  await using stub = new StubRegistry();
  await using home = await Home.make();
  stub.intercepts.push(({ path }) => path === "/v2/" ? null : problem(503, "UNAVAILABLE"));
  const run = await verify(home, `${stub.host}/a/bundle-definition:v1`, "--retries", "0");
  assertEquals(run.status, 1);
  assertEquals(stub.lines(/manifests/).length, 1);
});
