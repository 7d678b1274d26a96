/** Archives that nobody made by accident, as every command meets them that reads one. */

import { assertEquals } from "@std/assert";
import { zstdCompressSync } from "node:zlib";
import { checksumOf, formatTarHeader, paddingOf } from "../../../lib/content/archive/tar_header.ts";
import { concatBytes } from "../../../lib/runtime/streams.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { EDGE_TOKEN, FakeEdgeHost } from "../../support/edge_host.ts";
import { errorOf, Home, type RunResult } from "../../support/home.ts";
import { packFiles, writeFolder } from "../../support/pack_folder.ts";
import { sampleBundle } from "../../support/sample_bundle.ts";
import { StubRegistry } from "../../support/stub_registry.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const bundle = sampleBundle({ layerBytes: 20_000, plainBytes: 30_000 });
const GIB = 2 ** 30;

function headerOf(name: string, size: number, type = "0", link = ""): Bytes {
  const block = formatTarHeader({ name, size, mtimeSeconds: 0 });
  block[156] = type.charCodeAt(0);
  block.set(new TextEncoder().encode(link), 157);
  block.set(new TextEncoder().encode(`${checksumOf(block).toString(8).padStart(6, "0")}\0 `), 148);
  return block;
}

function memberOf(name: string, bytes: Uint8Array): Bytes {
  return concatBytes([
    headerOf(name, bytes.length),
    bytes,
    new Uint8Array(paddingOf(bytes.length)),
  ]);
}

/** The bundle as any tar would hold it. */
function membersOf(index: Uint8Array = bundle.index): Bytes {
  return concatBytes([
    memberOf("oci-layout", new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}')),
    memberOf("index.json", index),
    ...[...bundle.blobs].map(([digest, bytes]) =>
      memberOf(`blobs/sha256/${digest.slice(7)}`, bytes)
    ),
  ]);
}

const END = new Uint8Array(1024);

/** A bundle whose first image is said to have a manifest of 1 GiB, and has it. */
async function writeHugeManifest(path: string): Promise<void> {
  const index = JSON.parse(new TextDecoder().decode(bundle.index));
  const digest = "a".repeat(64);
  index.manifests[1].digest = `sha256:${digest}`;
  index.manifests[1].size = GIB;
  const head = concatBytes([
    membersOf(new TextEncoder().encode(JSON.stringify(index))),
    headerOf(`blobs/sha256/${digest}`, GIB),
  ]);
  // Zeros that take no room on the disk.
  await Deno.writeFile(path, head);
  await Deno.truncate(path, head.length + GIB + END.length);
}

function flipped(bytes: Bytes, digest: string): Bytes {
  const name = new TextEncoder().encode(`blobs/sha256/${digest.slice(7)}`);
  const at = bytes.findIndex((_, start) =>
    name.every((byte, offset) => bytes[start + offset] === byte)
  );
  return bytes.with(at + 512 + 100, (bytes[at + 512 + 100] ?? 0) ^ 1);
}

/** What is wrong, how it is made, and what is said of it. */
const ARCHIVES: [string, (path: string) => Promise<unknown>, string][] = [
  [
    "a member outside its folder",
    (path) => Deno.writeFile(path, concatBytes([memberOf("../evil", END), membersOf(), END])),
    'Cannot open "PATH": it has a member named "../evil", outside its folder',
  ],
  [
    "a symbolic link",
    (path) =>
      Deno.writeFile(path, concatBytes([headerOf("x", 0, "2", "/etc/passwd"), membersOf(), END])),
    'Cannot open "PATH": its member "x" is a link',
  ],
  [
    "no end",
    async (path) => {
      await writeBundleFile(path, bundle);
      const bytes = await Deno.readFile(path);
      await Deno.writeFile(path, bytes.subarray(0, bytes.length * 0.6));
    },
    'Cannot open "PATH": it is cut short',
  ],
  [
    "no end, as other programs pack it",
    (path) => {
      const whole = zstdCompressSync(concatBytes([membersOf(), END]));
      return Deno.writeFile(path, whole.subarray(0, whole.length * 0.6));
    },
    'Cannot open "PATH": it is cut short',
  ],
];

/** Every command that reads an archive, into a folder `out` if it writes. */
const COMMANDS: [string, (path: string, places: Places) => string[]][] = [
  ["definition", (path) => [path]],
  ["serve", (path) => ["-b", path, "--host", "127.0.0.1", "-p", "0"]],
  ["push", (path, { registry }) => ["-f", path, "-r", `${registry}/base`]],
  ["copy", (path, { root }) => ["-s", path, "-d", `${root}/out`]],
  ["diff", (path) => [path, path]],
  ["build", (path, { pack, root }) => [
    ...["--packs", pack, "--name", "b", "--output", `${root}/out`, "--existing-bundles", path],
  ]],
  ["upload", (path, { port }) => ["127.0.0.1", "-p", port, "--no-tls", "-f", path]],
];

interface Places {
  /** What a registry was asked to take. */
  sent: () => string[];
  root: string;
  registry: string;
  pack: string;
  port: string;
}

async function inPlaces(
  work: (
    run: (...args: string[]) => Promise<RunResult>,
    home: Home,
    places: Places,
  ) => Promise<void>,
): Promise<void> {
  await using home = await Home.make();
  await using stub = new StubRegistry();
  await using host = await FakeEdgeHost.start();
  const pack = await writeFolder(`${home.root}/pack`, packFiles({ "values.yaml": "" }));
  const sent = () => stub.lines(/^(POST|PATCH|PUT) /);
  const places = { sent, root: home.root, registry: stub.host, pack, port: `${host.port}` };
  const env = { PALETTE_UPLOAD_TOKEN: EDGE_TOKEN };
  await work((...args) => home.run(["content", ...args], { env }), home, places);
  // Blobs alone are nothing that anybody finds.
  assertEquals(stub.manifests.size, 0);
  assertEquals(host.received, []);
  assertEquals(host.stored, []);
}

for (const [what, write, message] of ARCHIVES) {
  Deno.test(`an archive with ${what} is refused by every command, and nothing is written`, () =>
    inPlaces(async (run, home, places) => {
      const path = `${home.root}/b.tar.zst`;
      await write(path);
      const before = await home.files();
      for (const [command, argsOf] of COMMANDS) {
        const result = await run(command, ...argsOf(path, places), "--format", "json");
        assertEquals(
          [result.status, result.stdout, errorOf(result)["message"]],
          [1, "", message.replace("PATH", path)],
          command,
        );
        const plain = await run(command, ...argsOf(path, places));
        assertEquals(plain.stderr.split("\n").filter((line) => /^Error: /.test(line)).length, 1);
        assertEquals(await home.files(), before, command);
      }
      const verified = await run("verify", path, "--format", "json");
      assertEquals([verified.status, errorOf(verified)["code"]], [2, "checks-failed"]);
      assertEquals(JSON.parse(verified.stdout).problems[0].problem, message.replace("PATH", path));
      assertEquals(await home.files(), before);
      assertEquals(places.sent(), []);
    }));
}

Deno.test("an archive with a manifest of 1 GiB is refused", () =>
  inPlaces(async (run, home, places) => {
    const path = `${home.root}/b.tar`;
    await writeHugeManifest(path);
    const before = await home.files();
    const reason = "Cannot use docker.io/library/nginx:1.27: 1073741824 bytes are more than " +
      "4194304, not what it was announced as";
    for (const [command, argsOf] of COMMANDS) {
      // These do not look at manifests before somebody asks for one.
      if (["definition", "serve", "build", "upload"].includes(command)) continue;
      const result = await run(command, ...argsOf(path, places), "--format", "json");
      assertEquals(
        [result.status, result.stdout, errorOf(result)["code"]],
        [1, "", "integrity"],
        command,
      );
      assertEquals(
        String(errorOf(result)["message"]).replace(` of "${path}"`, ""),
        reason,
        command,
      );
      assertEquals(await home.files(), before, command);
    }
    const verified = await run("verify", path, "--format", "json");
    assertEquals(verified.status, 2);
  }));

Deno.test("a blob with another digest than its name ends what needs it, and the target is not there", () =>
  inPlaces(async (run, home, places) => {
    const path = `${home.root}/b.tar`;
    const [layer] = bundle.layers;
    const digest = layer?.digest ?? "sha256:";
    await Deno.writeFile(path, flipped(concatBytes([membersOf(), END]), digest));
    const before = await home.files();
    const target = ["-d", `${places.root}/new.tar.zst`];
    const copied = await run("copy", "-s", path, ...target, "--format", "json");
    assertEquals([copied.status, copied.stdout, errorOf(copied)["code"]], [1, "", "integrity"]);
    assertEquals(String(errorOf(copied)["message"]).includes(digest), true, copied.stderr);
    assertEquals(await home.files(), before);
    const pushed = await run("push", "-f", path, "-r", `${places.registry}/c`, "--format", "json");
    assertEquals([pushed.status, pushed.stdout, errorOf(pushed)["code"]], [1, "", "integrity"]);
    const verified = await run("verify", path, "--format", "json");
    assertEquals([verified.status, JSON.parse(verified.stdout).problems[0].what], [2, digest]);
    assertEquals(await home.files(), before);
  }));
