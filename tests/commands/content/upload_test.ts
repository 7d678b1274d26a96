import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { writeArchive } from "../../../lib/content/archive/write_archive.ts";
import { formatSkippable } from "../../../lib/content/archive/zstd_frame.ts";
import { BUNDLE_ARCH, BUNDLE_REQUIRES } from "../../../lib/content/bundle.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { memberOf, sampleBundle, tarOf } from "../../support/sample_bundle.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { certificates } from "../../support/certificates.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { EDGE_TOKEN, type EdgeHostOptions, FakeEdgeHost } from "../../support/edge_host.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { errorOf, Home, type RunOptions, type RunResult } from "../../support/home.ts";
import { makeKeys, openssl } from "../../support/openssl.ts";
import { tarGzipOf } from "../../support/pack_folder.ts";
import { definitionArchive } from "../../support/palette/content_state.ts";
import { hasProgram } from "../../support/programs.ts";

const ignore = !hasProgram("openssl");
const MIB = 1024 * 1024;

/** Ten chunks of 1 MiB and a bit. */
const CONTENT = new Uint8Array(10 * MIB + 12_345).map((_, at) => (at * 31) ^ (at >> 11));
// One frame of zstd: an archive of another program, which is left to the host.
CONTENT.set(formatSkippable(CONTENT.subarray(8)).subarray(0, 8));

class Site implements AsyncDisposable {
  private constructor(readonly home: Home, readonly host: FakeEdgeHost) {}

  static async make(options: EdgeHostOptions = {}): Promise<Site> {
    const home = await Home.make();
    await Deno.writeFile(`${home.root}/b.tar.zst`, CONTENT);
    return new Site(home, await FakeEdgeHost.start(options));
  }

  async [Symbol.asyncDispose]() {
    await this.host[Symbol.asyncDispose]();
    await this.home[Symbol.asyncDispose]();
  }

  get file(): string {
    return `${this.home.root}/b.tar.zst`;
  }

  run(args: string[] = [], options: RunOptions = {}): Promise<RunResult> {
    return this.runWith(["--no-tls", "--file", this.file, ...args], options);
  }

  runWith(args: string[], { env, ...options }: RunOptions = {}): Promise<RunResult> {
    const { host } = this;
    const size = args.includes("--chunk-size") ? [] : ["--chunk-size", "1"];
    return this.home.run(
      ["content", "upload", "127.0.0.1", "-p", `${host.port}`, ...size, ...args],
      {
        clock: new FakeClock({ stepMs: 1 }),
        env: { PALETTE_UPLOAD_TOKEN: EDGE_TOKEN, PALETTE_ENCRYPTION_PASSWORD: undefined, ...env },
        ...options,
      },
    );
  }

  async notes(): Promise<Record<string, Record<string, unknown>>> {
    const path = `${this.home.workspace}/uploads.json`;
    return JSON.parse(await Deno.readTextFile(path).catch(() => "{}"));
  }
}

Deno.test("content upload sends chunks, waits until the host has unpacked them, and tells", async () => {
  await using site = await Site.make();
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertMatch(
    result.stdout,
    /^upload complete \(100%\): 10\.01 MiB transferred in [\d.]+m?s \([\d.]+ MB\/s\)\nserver: Uploaded content successfully\nextraction complete: content is ready on the host\n$/,
  );
  assertMatch(
    result.stderr,
    /^size=10\.01 MiB chunkSize=1 MiB chunks=11 connections=8 full-verify=false\nsession s-1-\w+ opened \(new, expires at 2026-01-03T15:04:05Z\)\nuploaded 0\/11 chunks 0 B \/ 10\.01 MiB 0\.00%\n/,
  );
  assertStringIncludes(
    result.stderr,
    "uploaded 11/11 chunks 10.01 MiB / 10.01 MiB 100.00%\n" +
      "the host is assembling the content\nthe host is extracting the content\n",
  );
  const [received] = site.host.received;
  assertEquals(received?.bytes, CONTENT);
  assertEquals([received?.kind, received?.fileName, received?.signature], [
    "content",
    "b.tar.zst",
    null,
  ]);
  assertEquals(
    site.host.stored.toSorted((a, b) => a - b),
    Array.from({ length: 11 }, (_, at) => at),
  );
  assertEquals(site.host.load.most <= 8, true);
  const [first] = site.host.requests.filter(({ method }) => method === "POST");
  assertEquals(first?.json, {
    kind: "content",
    fileName: "b.tar.zst",
    size: CONTENT.length,
    chunkSize: MIB,
  });
  assertEquals(await site.notes(), {});
  assertEquals(result.derivations, 0);
  assertEquals(
    site.host.requests.every(({ headers }) => headers.get("authorization") === EDGE_TOKEN),
    true,
  );
});

Deno.test("content upload -o json gives one document and nothing else", async () => {
  await using site = await Site.make();
  const result = await site.run(["-o", "json", "--full-verify", "--connections", "40"]);
  assertEquals([result.status, result.stderr], [0, ""]);
  const document = JSON.parse(result.stdout);
  assertEquals(document, {
    host: `127.0.0.1:${site.host.port}`,
    file: "b.tar.zst",
    size: CONTENT.length,
    protocol: "chunked",
    sentBytes: CONTENT.length,
    elapsedMs: document.elapsedMs,
    chunks: { count: 11, resumed: 0 },
    sha256: await hexOfContent(),
    message: "Uploaded content successfully",
  });
  const completed = site.host.requests.find(({ path }) => path.endsWith("/complete"));
  assertEquals(completed?.json, { sha256: document.sha256 });
});

async function hexOfContent(): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", CONTENT));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("content upload takes the chunk size that the host insists on", async () => {
  await using site = await Site.make({ chunkSize: 3 * MIB });
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "chunkSize=3 MiB chunks=4");
  assertEquals(site.host.received[0]?.bytes, CONTENT);
});

Deno.test("a stopped upload goes on with what the host does not have", async () => {
  await using site = await Site.make();
  site.host.inject({
    method: "PUT",
    path: /chunks/,
    after: 5,
    times: Infinity,
    answer: () => new Response(null, { status: 507 }),
  });
  const first = await site.run(["--connections", "1"]);
  assertEquals(first.status, 1);
  assertMatch(
    first.stderr,
    /\nError: 127\.0\.0\.1:\d+ has no space left for the upload: status 507\nHint: Free some below \/opt\/spectrocloud on the host, then run the command again: it goes on where it stopped\n/,
  );
  const [session] = site.host.sessions.values();
  assertEquals(site.host.stored, [0, 1, 2, 3, 4]);
  const note = (await site.notes())[`127.0.0.1|${site.host.port}|b.tar.zst`];
  const info = await Deno.stat(site.file);
  assertEquals(note, {
    session: session?.id,
    chunkSize: MIB,
    size: CONTENT.length,
    mtime: info.mtime?.getTime(),
    etag: null,
    headSha256: note?.["headSha256"],
  });
  if (Deno.build.os !== "windows") {
    const { mode } = await Deno.stat(`${site.home.workspace}/uploads.json`);
    assertEquals((mode ?? 0) & 0o777, 0o600);
  }
  assertEquals(JSON.stringify(note).includes(EDGE_TOKEN), false);
  // What the host says wins over the note: it has lost a chunk meanwhile.
  session?.chunks.delete(1);
  site.host.heal();
  const second = await site.run(["--chunk-size", "2"]);
  assertEquals(second.status, 0, second.stderr);
  assertStringIncludes(
    second.stderr,
    `session ${session?.id} opened (resumed, 4/11 chunks are there)`,
  );
  assertStringIncludes(second.stdout, "upload complete (100%): 6.01 MiB transferred");
  assertEquals(site.host.stored.slice(5).toSorted((a, b) => a - b), [1, 5, 6, 7, 8, 9, 10]);
  assertEquals(site.host.received[0]?.bytes, CONTENT);
  assertEquals(await site.notes(), {});
});

/** Begins an upload that stops after three chunks. */
async function begin(site: Site): Promise<string> {
  site.host.inject({
    method: "PUT",
    path: /chunks/,
    after: 3,
    times: Infinity,
    answer: () => new Response(null, { status: 507 }),
  });
  const { status } = await site.run(["--connections", "1"]);
  assertEquals(status, 1);
  site.host.heal();
  return [...site.host.sessions.keys()].at(-1) ?? "";
}

Deno.test("a source that changed starts afresh, and the old session is dropped", async () => {
  await using site = await Site.make();
  const id = await begin(site);
  const changed = CONTENT.slice();
  changed[100] = 1;
  await Deno.writeFile(site.file, changed);
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "b.tar.zst changed since the last run; starting afresh\n");
  assertEquals(site.host.sessions.has(id), false);
  assertEquals(site.host.received[0]?.bytes, changed);
});

Deno.test("an expired session starts afresh", async () => {
  await using site = await Site.make();
  site.host.sessions.delete(await begin(site));
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "the session of the last run has expired; starting afresh\n");
  assertStringIncludes(result.stdout, "10.01 MiB transferred");
});

Deno.test("a session that expires while chunks are sent starts afresh, once", async () => {
  await using site = await Site.make();
  site.host.inject({
    method: "PUT",
    path: /chunks/,
    after: 4,
    answer: () => {
      site.host.sessions.clear();
      return null;
    },
  });
  const result = await site.run(["--connections", "1"]);
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "the session has expired; starting afresh\n");
  assertEquals(site.host.received[0]?.bytes, CONTENT);
  site.host.inject({
    method: "PUT",
    path: /chunks/,
    times: Infinity,
    answer: () => new Response(null, { status: 410 }),
  });
  const again = await site.run(["-o", "json"]);
  assertEquals([again.status, errorOf(again)["code"]], [1, "api"]);
  assertStringIncludes(String(errorOf(again)["message"]), "forgot the upload twice");
});

for (const flag of ["--resume=false", "--no-resume"]) {
  Deno.test(`content upload ${flag} discards the session of before`, async () => {
    await using site = await Site.make();
    const id = await begin(site);
    const result = await site.run([flag]);
    assertEquals(result.status, 0, result.stderr);
    assertEquals(site.host.log.includes(`DELETE /content/uploads/${id} 204`), true);
    assertStringIncludes(result.stdout, "10.01 MiB transferred");
  });
}

Deno.test("an upload that is done but not unpacked is only waited for", async () => {
  await using site = await Site.make();
  const id = await begin(site);
  const session = site.host.sessions.get(id);
  if (session === undefined) throw new Error("no session");
  for (let at = 0; at < 11; at++) session.chunks.set(at, CONTENT.slice(at * MIB, (at + 1) * MIB));
  session.state = "extracting";
  const before = site.host.stored.length;
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertEquals(site.host.stored.length, before);
  assertEquals(site.host.received[0]?.bytes, CONTENT);
});

Deno.test("a chunk that arrives damaged is sent again, up to five times", async () => {
  await using site = await Site.make();
  const refuse = () =>
    Response.json({ code: "DigestMismatch", message: "differs" }, { status: 400 });
  site.host.inject({ method: "PUT", path: /chunks\/2$/, times: 4, answer: refuse });
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertEquals(site.host.log.filter((line) => line.includes("chunks/2 ")).length, 5);
  site.host.inject({ method: "PUT", path: /chunks\/2$/, times: 5, answer: refuse });
  const again = await site.run(["-o", "json"]);
  assertEquals(again.status, 1);
  assertEquals(errorOf(again)["code"], "integrity");
  assertStringIncludes(String(errorOf(again)["message"]), "refused chunk 2 5 times");
  assertNotEquals(await site.notes(), {});
});

Deno.test("a host that restarts is asked again, as it says", async () => {
  await using site = await Site.make();
  const clock = new FakeClock({ stepMs: 1 });
  site.host.inject({
    method: "PUT",
    path: /chunks\/7$/,
    answer: () => new Response(null, { status: 503, headers: { "retry-after": "17" } }),
  });
  site.host.inject({
    method: "POST",
    path: /complete$/,
    answer: () => new Response(null, { status: 502 }),
  });
  const result = await site.run([], { clock });
  assertEquals(result.status, 0, result.stderr);
  assertEquals(clock.sleeps.includes(17_000), true);
});

Deno.test("a chunk that the host lost is sent again before the end", async () => {
  await using site = await Site.make();
  site.host.inject({
    method: "POST",
    path: /complete$/,
    answer: () => {
      [...site.host.sessions.values()].at(-1)?.chunks.delete(4);
      return null;
    },
  });
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertEquals(site.host.stored.filter((index) => index === 4).length, 2);
  assertEquals(site.host.received[0]?.bytes, CONTENT);
});

Deno.test("a token is sent as the host knows it, found out once", async () => {
  await using site = await Site.make({ scheme: "Bearer " });
  const result = await site.run(["--connections", "1"]);
  assertEquals(result.status, 0, result.stderr);
  const statuses = site.host.requests.filter(({ status }) => status === 401);
  assertEquals(statuses.length, 1);
});

Deno.test("a stale token is told apart, and the upload goes on with the new one", async () => {
  await using site = await Site.make();
  site.host.inject({
    method: "PUT",
    path: /chunks/,
    after: 6,
    answer: () => {
      site.host.token = "edge-upload-token-2";
      return null;
    },
  });
  const result = await site.run(["--connections", "1"]);
  assertEquals(result.status, 1);
  assertMatch(
    result.stderr,
    /\nError: 127\.0\.0\.1:\d+ refused the upload token, which is another host's or no longer valid\nHint: Read \/opt\/spectrocloud\/\.upload-auth-token on the host again \(it changes whenever the host's agent restarts\), then run the command again: it goes on where it stopped\n/,
  );
  const path = `${site.home.root}/token`;
  await Deno.writeTextFile(path, "  edge-upload-token-2 \r\n");
  const again = await site.run(["--token-file", path]);
  assertEquals(again.status, 0, again.stderr);
  assertStringIncludes(again.stderr, "6/11 chunks are there");
});

Deno.test("a token is taken from every documented place, and never shown", async () => {
  await using site = await Site.make();
  const env = { PALETTE_UPLOAD_TOKEN: undefined };
  const flag = await site.run(["--token", EDGE_TOKEN], { env });
  assertEquals(flag.status, 0);
  assertStringIncludes(flag.stderr, "Warning: other users of this machine can see --token");
  assertEquals((await site.run(["--token", "-"], { env, stdin: `${EDGE_TOKEN}\n` })).status, 0);
  const answers = [{ kind: "secret" as const, label: "Upload token", answer: EDGE_TOKEN }];
  assertEquals((await site.run([], { env, answers })).status, 0);
  const log = await site.run(["--log-level", "trace"]);
  assertEquals(log.stderr.includes(EDGE_TOKEN), false);
  assertStringIncludes(log.stderr, "PUT http://127.0.0.1");
});

Deno.test("an older host gets one stream with an exact length", async () => {
  await using site = await Site.make({ isOld: true });
  await Deno.writeTextFile(`${site.home.root}/b.tar.sig.bin`, "signature\u0001");
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertEquals(result.stdout, "response: Uploaded content successfully\n");
  assertMatch(
    result.stderr,
    /^127\.0\.0\.1:\d+ does not take chunks: uploading in one stream\nuploading file b\.tar\.zst to appliance\n/,
  );
  assertStringIncludes(result.stderr, "10.01 MiB / 10.01 MiB 100.00%\n");
  assertEquals(site.host.received, [{
    kind: "content",
    fileName: "b.tar.zst",
    bytes: CONTENT,
    signature: new TextEncoder().encode("signature\u0001"),
  }]);
  assertEquals(site.host.log, [
    "POST /content/uploads 404",
    "POST /actions/upload-content 201",
  ]);
});

Deno.test("content upload --legacy --cluster-export uses the documented call alone", async () => {
  await using site = await Site.make();
  const path = `${site.home.root}/d"1.tgz`;
  const gzip = definitionArchive("spec: {}\n");
  await Deno.writeFile(path, gzip);
  const args = ["--no-tls", "--legacy", `--cluster-export=${path}`, "-o", "json"];
  const result = await site.runWith(args);
  assertEquals(result.status, 0, result.stderr);
  assertEquals(JSON.parse(result.stdout).protocol, "legacy");
  const [received] = site.host.received;
  assertEquals([received?.kind, received?.fileName], ["clusterconfig", "d%221.tgz"]);
  assertEquals(received?.bytes, gzip);
  assertEquals(site.host.log, ["POST /actions/upload-clusterconfig 201"]);
});

Deno.test("a bundle is no cluster definition", async () => {
  await using site = await Site.make();
  const result = await site.run(["--cluster-export"]);
  assertEquals(result.status, 1);
  assertEquals(
    result.stderr,
    `Error: "${site.file}" is no cluster definition: no gzip archive\n` +
      "Hint: Leave --cluster-export out for a bundle; a definition in it is taken by the host\n",
  );
  assertEquals(site.host.requests, []);
});

for (
  const [name, bytes, fault] of [
    [
      "garbage",
      new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3]),
      "it is no tar.gz archive, or a damaged one",
    ],
    ["a layout", new Uint8Array(gzipSync(tarOf("index.json", new Uint8Array()))), "it is a bundle"],
    ["a pack", await tarGzipOf({ "pack/pack.json": "{}" }), "there is no folder spc/ in it"],
    ["half of one", definitionArchive("x".repeat(3000)).slice(0, -9), "it is damaged or cut short"],
  ] as const
) {
  Deno.test(`content upload --cluster-export sends no ${name} in gzip`, async () => {
    await using site = await Site.make();
    const path = `${site.home.root}/d.tgz`;
    await Deno.writeFile(path, bytes);
    const result = await site.runWith(["--no-tls", `--cluster-export=${path}`]);
    assertEquals([result.status, result.stdout, result.stderr], [
      1,
      "",
      `Error: "${path}" is no cluster definition: ${fault}\n` +
      "Hint: Leave --cluster-export out for a bundle; a definition in it is taken by the host\n",
    ]);
    assertEquals(site.host.requests, []);
  });
}

Deno.test({
  name: "a host with a key gets only what is signed for it (needs openssl)",
  ignore,
  async fn() {
    await using keys = await makeKeys();
    await using site = await Site.make({ publicKey: await Deno.readTextFile(keys.at("rsa.pub")) });
    const none = await site.run(["-o", "json"]);
    assertEquals([none.status, errorOf(none)["code"]], [1, "prerequisite"]);
    assertMatch(
      String(errorOf(none)["message"]),
      /takes only signed content, and ".*" has no signature$/,
    );
    const signature = `${site.home.root}/b.tar.sig.bin`;
    await openssl("dgst", "-sha256", "-sign", keys.at("other.pem"), "-out", signature, site.file);
    const wrong = await site.run(["-o", "json"]);
    assertEquals([wrong.status, errorOf(wrong)["code"]], [1, "integrity"]);
    assertMatch(
      String(errorOf(wrong)["message"]),
      /^The signature of ".*\/b\.tar\.zst" does not fit the key of 127\.0\.0\.1:\d+$/,
    );
    assertEquals(site.host.log, []);
    await openssl("dgst", "-sha256", "-sign", keys.at("rsa.pem"), "-out", signature, site.file);
    const right = await site.run();
    assertEquals(right.status, 0, right.stderr);
    assertStringIncludes(right.stderr, "checking the signature with the key of the host\n");
    assertEquals(site.host.received[0]?.signature, await Deno.readFile(signature));
    const completed = site.host.requests.find(({ path }) => path.endsWith("/complete"));
    assertEquals(completed?.json, { sha256: await hexOfContent() });
  },
});

Deno.test("a host that cannot use the upload says why", async () => {
  await using site = await Site.make();
  site.host.inject({
    method: "GET",
    path: /uploads\//,
    answer: () =>
      Response.json({ state: "failed", received: [], message: "signature \u001b[31mnot valid" }),
  });
  const result = await site.run();
  assertEquals(result.status, 1);
  assertMatch(
    result.stderr,
    /\nError: 127\.0\.0\.1:\d+ could not use the upload: signature \^\[\[31mnot valid\nHint: The host takes only content signed with its key/,
  );
  assertEquals(await site.notes(), {});
});

Deno.test("a host that has another file than was sent is no success", async () => {
  await using site = await Site.make();
  site.host.inject({
    method: "GET",
    path: /details$/,
    answer: () => Response.json({ fileName: "b.tar.zst", sizeInBytes: 5 }),
  });
  const result = await site.run(["-o", "json"]);
  assertEquals([result.status, result.stdout, errorOf(result)["code"]], [1, "", "integrity"]);
});

Deno.test("a file that changes while it is sent is no success", async () => {
  await using site = await Site.make();
  site.host.inject({
    method: "PUT",
    path: /chunks\/10$/,
    answer: async () => {
      await Deno.utime(site.file, 1, 1);
      return null;
    },
  });
  const result = await site.run(["-o", "json"]);
  assertEquals([result.status, errorOf(result)["code"]], [1, "conflict"]);
  assertEquals(errorOf(result)["message"], `"${site.file}" changed while it was uploaded`);
  assertEquals(site.host.received, []);
});

Deno.test("a host that unpacks for ever is left, with nothing to send again", async () => {
  await using site = await Site.make();
  site.host.inject({
    method: "GET",
    path: /uploads\//,
    times: Infinity,
    answer: () => Response.json({ state: "extracting", received: [[0, 10]], message: "" }),
  });
  const result = await site.run(["-o", "json"]);
  assertEquals([result.status, errorOf(result)["code"]], [1, "timeout"]);
  assertMatch(String(errorOf(result)["message"]), /is still extracting the content after 4h$/);
});

Deno.test("a stop signal ends the upload, and what is there stays", async () => {
  await using site = await Site.make();
  let stop = (_signal: "SIGINT" | "SIGTERM") => {};
  site.host.inject({
    method: "PUT",
    path: /chunks/,
    after: 4,
    answer: () => {
      stop("SIGINT");
      return null;
    },
  });
  const result = await site.run(["--connections", "1"], {
    clock: systemClock(),
    onSignals: (way) => stop = way,
  });
  assertEquals(result.status, 130);
  assertStringIncludes(result.stderr, "Note: stopped; the same command goes on where it stopped\n");
  const again = await site.run();
  assertEquals(again.status, 0, again.stderr);
  assertMatch(again.stderr, /\(resumed, [45]\/11 chunks are there\)/);
});

Deno.test("an upload that was killed goes on, at most the chunks on their way are sent again", async () => {
  await using site = await Site.make();
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  site.host.inject({
    method: "PUT",
    path: /chunks/,
    after: 6,
    times: Infinity,
    answer: async () => {
      resolve();
      await new Promise((wait) => setTimeout(wait, 500));
      return new Response(null, { status: 503 });
    },
  });
  const main = decodeURIComponent(new URL("../../../main.ts", import.meta.url).pathname);
  const child = new Deno.Command(Deno.execPath(), {
    args: denoRunArgs(
      ["-A"],
      main,
      ...["content", "upload", "127.0.0.1", "-p", `${site.host.port}`, "--no-tls"],
      ...["--chunk-size", "1", "--connections", "2", "--file", site.file],
    ),
    env: { HOME: site.home.root, PALETTE_UPLOAD_TOKEN: EDGE_TOKEN, TMPDIR: site.home.root },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await reached;
  child.kill("SIGKILL");
  await child.status;
  site.host.heal();
  assertEquals(site.host.stored.length, 6);
  const result = await site.run();
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "(resumed, 6/11 chunks are there)");
  assertEquals(site.host.stored.length, 11);
  assertEquals(site.host.received[0]?.bytes, CONTENT);
});

Deno.test("notes that are damaged or cannot be written cost a fresh start, no more", async () => {
  await using site = await Site.make();
  await Deno.mkdir(site.home.workspace, { mode: 0o700 });
  await Deno.writeTextFile(`${site.home.workspace}/uploads.json`, "{ no JSON");
  assertEquals((await site.run()).status, 0);
  assertEquals(await site.notes(), {});
  const temporary = `${site.home.root}/tmp`;
  await Deno.mkdir(temporary);
  const args = ["-w", "/dev/null/workspace"];
  site.host.inject({
    method: "PUT",
    path: /chunks/,
    after: 3,
    times: Infinity,
    answer: () => new Response(null, { status: 507 }),
  });
  const env = { TMPDIR: temporary };
  assertEquals((await site.run([...args, "--connections", "1"], { env })).status, 1);
  site.host.heal();
  const note = JSON.parse(await Deno.readTextFile(`${temporary}/.palette-uploads.json`));
  assertEquals(Object.keys(note), [`127.0.0.1|${site.host.port}|b.tar.zst`]);
  const again = await site.run(args, { env });
  assertEquals(again.status, 0, again.stderr);
  assertStringIncludes(again.stderr, "3/11 chunks are there");
  const nowhere = await site.run(args, { env: { TMPDIR: "/dev/null/tmp" } });
  assertEquals(nowhere.status, 0, nowhere.stderr);
});

Deno.test({
  name:
    "hosts sign their certificates themselves: only --ca and --insecure=false check it (needs openssl)",
  ignore,
  async fn() {
    const all = await certificates();
    await using site = await Site.make({ tls: all.server });
    const upload = (...args: string[]) => site.runWith(["-f", site.file, ...args]);
    assertEquals((await upload()).status, 0);
    assertEquals((await upload("--ca", all.caFile)).status, 0);
    assertEquals(site.host.received.map(({ bytes }) => bytes.length), [
      CONTENT.length,
      CONTENT.length,
    ]);
    for (const flag of ["--insecure=false", "--no-insecure"]) {
      const refused = await upload(flag);
      assertEquals(refused.status, 1);
      assertMatch(
        refused.stderr,
        /^Error: certificate of 127\.0\.0\.1:\d+ not trusted: unknown issuer\nHint: Pass --ca FILE/,
      );
    }
    const legacy = await upload("--ca", all.caFile, "--legacy");
    assertEquals(legacy.status, 0, legacy.stderr);
  },
});

const WRONG: [string, string[], string, string][] = [
  ["nothing to upload", ["h"], "usage", "There is nothing to upload"],
  ["two files", ["h", "--file", "a", "--src-url", "http://x/y"], "usage", ""],
  ["no host", ["--file", "a"], "usage", ""],
  [
    "an odd host",
    ["a/b", "--file", "a"],
    "usage",
    'Cannot upload to "a/b": it is no host, or 5082 is no port',
  ],
  [
    "an odd port",
    ["h", "--file", "a", "--port", "70000"],
    "usage",
    'Cannot upload to "h": it is no host, or 70000 is no port',
  ],
  [
    "a file that is not there",
    ["h", "--file", "/none/b"],
    "not-found",
    'Cannot open "/none/b": no such file or folder',
  ],
  ["a folder", ["h", "--file", "/"], "io", 'Cannot read "/": it is a folder'],
  [
    "an empty file",
    ["h", "--file", "/dev/null"],
    "validation",
    'Cannot upload "/dev/null": it is empty',
  ],
  [
    "a signature that is not there",
    ["h", "--file", "/etc/passwd", "--signature", "/none/s"],
    "io",
    'Cannot read the signature "/none/s": no such file or folder',
  ],
  [
    "a CA file that is not there",
    ["h", "--file", "/etc/passwd", "--ca", "/none/ca"],
    "io",
    'Cannot read "/none/ca" of --ca: no such file or folder',
  ],
  [
    "huge chunks",
    ["h", "--file", "a", "--chunk-size", "5000"],
    "usage",
    "--chunk-size must be at most 4096",
  ],
  [
    "an address of another kind",
    ["h", "--src-url", "ftp://x/y"],
    "validation",
    "Cannot use the address of --src-url: ftp: is not taken",
  ],
  [
    "an address with a password",
    ["h", "--src-url", "http://a:b@x/y"],
    "validation",
    "Cannot use the address of --src-url: it holds a user name or password",
  ],
  [
    "an address without a file",
    ["h", "--src-url", "http://x/"],
    "validation",
    "Cannot upload from http://x/: it names no file",
  ],
];

for (const [name, args, code, message] of WRONG) {
  Deno.test(`content upload refuses ${name}`, async () => {
    await using home = await Home.make();
    const env = { PALETTE_UPLOAD_TOKEN: EDGE_TOKEN };
    const result = await home.run(["content", "upload", ...args, "-o", "json"], { env });
    assertEquals([result.status, errorOf(result)["code"]], [1, code]);
    if (message !== "") assertEquals(errorOf(result)["message"], message);
    assertEquals(await home.files(), []);
  });
}

for (
  const [text, message] of [
    ["", "The upload token is missing"],
    [" ", "The upload token is empty"],
    ["a b", "The upload token holds characters that no token has"],
  ]
) {
  Deno.test(`content upload refuses the token "${text}"`, async () => {
    await using site = await Site.make();
    const result = await site.run(["-o", "json"], { env: { PALETTE_UPLOAD_TOKEN: text } });
    assertEquals([result.status, errorOf(result)["message"]], [1, message]);
    assertEquals(site.host.requests, []);
  });
}

Deno.test("a port where nobody listens is told apart", async () => {
  await using home = await Home.make();
  await Deno.writeFile(`${home.root}/b`, formatSkippable(CONTENT.subarray(0, 100)));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const result = await home.run(
    ["content", "upload", "127.0.0.1", "-p", `${port}`, "-f", `${home.root}/b`],
    { env: { PALETTE_UPLOAD_TOKEN: EDGE_TOKEN } },
  );
  assertEquals(result, {
    ...result,
    status: 1,
    stdout: "",
    stderr: `Error: cannot reach 127.0.0.1:${port}: connection refused\n` +
      "Hint: Check the address and the route: hosts take uploads on port 5082 (5080 is the Local UI)\n",
  });
});

Deno.test("older flags are taken", async () => {
  await using site = await Site.make();
  const result = await site.runWith(["--tls=false", "--app", site.file]);
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "Warning: --app is an older name of --file\n");
});

/** Writes a bundle that this program made. */
async function writeBundle(path: string, annotations: Record<string, string>, splitBytes?: number) {
  const { members, index } = sampleBundle({ layerBytes: 200_000, plainBytes: 1000 });
  const fields = JSON.parse(new TextDecoder().decode(index));
  Object.assign(fields.annotations, annotations);
  async function* each() {
    for (const member of members) {
      yield member.name === "index.json"
        ? memberOf(member.name, new TextEncoder().encode(JSON.stringify(fields)))
        : member;
    }
  }
  await writeArchive(path, each(), {
    level: 3,
    mtimeSeconds: 0,
    files: systemFiles(),
    crypto: systemCrypto(),
    ...(splitBytes === undefined ? {} : { splitBytes }),
  });
}

Deno.test("a bundle is looked into before the host gets it", async () => {
  await using site = await Site.make({ archType: "amd64" });
  const refusal = async (annotations: Record<string, string>, ...args: string[]) => {
    await writeBundle(site.file, annotations);
    const result = await site.run(["-o", "json", ...args]);
    return result.status === 0 ? null : [errorOf(result)["code"], errorOf(result)["message"]];
  };
  assertEquals(await refusal({ [BUNDLE_ARCH]: "arm64" }), [
    "prerequisite",
    `"${site.file}" is for arm64, and 127.0.0.1:${site.host.port} is amd64`,
  ]);
  assertEquals(await refusal({ [BUNDLE_REQUIRES]: "sha256:1" }), [
    "prerequisite",
    `"${site.file}" is a thin bundle: what it shares with sha256:1 is not in it`,
  ]);
  assertEquals(site.host.log, []);
  assertEquals(await refusal({ [BUNDLE_REQUIRES]: "sha256:1" }, "--allow-thin"), null);
  assertEquals(await refusal({ [BUNDLE_ARCH]: "amd64" }), null);
  assertEquals(await refusal({ [BUNDLE_ARCH]: "multi" }), null);
  assertEquals(site.host.received.length, 3);
});

Deno.test("what is no bundle, or a damaged one, does not reach the host", async () => {
  await using site = await Site.make();
  await Deno.writeTextFile(site.file, "no archive");
  const text = await site.run(["-o", "json"]);
  assertEquals(errorOf(text)["message"], `"${site.file}" is no bundle: neither zstd nor tar`);
  await Deno.writeFile(site.file, gzipSync(tarOf("spc/profiles.json", new Uint8Array(10))));
  const definition = await site.run(["-o", "json"]);
  assertEquals(
    errorOf(definition)["message"],
    `"${site.file}" is a cluster definition, not a bundle`,
  );
  await writeBundle(site.file, {});
  const bytes = await Deno.readFile(site.file);
  bytes[bytes.length - 60] = 0xff;
  await Deno.writeFile(site.file, bytes);
  const damaged = await site.run(["-o", "json"]);
  assertEquals([damaged.status, errorOf(damaged)["code"]], [1, "integrity"]);
  assertEquals(site.host.log, []);
});

Deno.test("split parts are uploaded as the file that they were", async () => {
  await using site = await Site.make();
  const whole = `${site.home.root}/w.tar.zst`;
  await writeBundle(whole, {});
  const bytes = await Deno.readFile(whole);
  await Deno.remove(whole);
  await writeBundle(whole, {}, 100_000);
  await Deno.writeTextFile(`${site.home.root}/w.tar.sig.bin`, "signature\u0001");
  for (const name of [`${whole}.001`, `file://${whole}.parts.json`, whole]) {
    const result = await site.runWith(["--no-tls", "--file", name]);
    assertEquals(result.status, 0, result.stderr);
    const received = site.host.received.at(-1);
    assertEquals([received?.fileName, received?.bytes], ["w.tar.zst", bytes]);
    assertEquals(received?.signature, new TextEncoder().encode("signature\u0001"));
  }
});
