import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EDGE_TOKEN, FakeEdgeHost } from "../../support/edge_host.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { errorOf, Home, type RunResult } from "../../support/home.ts";
import { tarGzipOf } from "../../support/pack_folder.ts";
import { definitionArchive } from "../../support/palette/content_state.ts";
import { RangeServer } from "../../support/range_server.ts";

const MIB = 1024 * 1024;
const CONTENT = new Uint8Array(5 * MIB + 77).map((_, at) => (at * 13) ^ (at >> 9));
/** What signs the address must not be shown. */
const QUERY = "X-Amz-Signature=0123456789abcdef";

interface Parties extends AsyncDisposable {
  home: Home;
  host: FakeEdgeHost;
  store: RangeServer;
  run(args?: string[], url?: string): Promise<RunResult>;
}

async function meet(content = CONTENT): Promise<Parties> {
  const [home, host, store] = await Promise.all([
    Home.make(),
    FakeEdgeHost.start(),
    RangeServer.start(content),
  ]);
  return {
    home,
    host,
    store,
    run: (args = [], url = `${store.origin}/bundles/b%20c.tar.zst?${QUERY}`) =>
      home.run(
        [
          ...["content", "upload", "127.0.0.1", "-p", `${host.port}`, "--no-tls"],
          ...["--chunk-size", "1", "--connections", "1", "--src-url", url, ...args],
        ],
        { clock: new FakeClock({ stepMs: 1 }), env: { PALETTE_UPLOAD_TOKEN: EDGE_TOKEN } },
      ),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function hint(result: RunResult): unknown {
  return errorOf(result)["hint"];
}

Deno.test("content upload --src-url relays parts, and keeps nothing here", async () => {
  await using it = await meet();
  const result = await it.run();
  assertEquals(result.status, 0, result.stderr);
  const [received] = it.host.received;
  assertEquals([received?.fileName, received?.bytes], ["b c.tar.zst", CONTENT]);
  assertEquals(it.store.requests, [
    "GET bytes=0-1048575",
    'GET bytes=0-1048575 "1"',
    'GET bytes=1048576-2097151 "1"',
    'GET bytes=2097152-3145727 "1"',
    'GET bytes=3145728-4194303 "1"',
    'GET bytes=4194304-5242879 "1"',
    'GET bytes=5242880-5242956 "1"',
  ]);
  assertEquals(it.store.headers.some((headers) => headers.has("authorization")), false);
  assertEquals((await it.home.files()).filter((path) => !/uploads\.json/.test(path)), []);
});

Deno.test("content upload --cluster-export looks at the beginning of what is elsewhere", async () => {
  const definition = definitionArchive("spec: {}\n");
  await using it = await meet(definition);
  const result = await it.run(["--cluster-export"]);
  assertEquals(result.status, 0, result.stderr);
  assertEquals([it.host.received[0]?.kind, it.host.received[0]?.bytes], [
    "clusterconfig",
    definition,
  ]);

  const layout = await tarGzipOf({ "index.json": "{}", "spc/a": "" });
  for (
    const [bytes, fault] of [
      [layout, "it does not begin with a folder spc/"],
      [CONTENT, "no gzip archive"],
    ] as const
  ) {
    await using other = await meet(bytes);
    const refused = await other.run(["--cluster-export", "-o", "json"]);
    const { code, message } = errorOf(refused);
    assertEquals([refused.status, code], [1, "validation"]);
    assertMatch(String(message), new RegExp(`is no cluster definition: ${fault}$`));
    assertEquals(other.host.requests, []);
  }
});

Deno.test("parts that break off are asked for from where they stopped", async () => {
  await using it = await meet();
  it.store.cutAfter = 700_000;
  const result = await it.run();
  assertEquals(result.status, 0, result.stderr);
  assertEquals(it.host.received[0]?.bytes, CONTENT);
  assertEquals(it.store.requests.slice(0, 2), [
    "GET bytes=0-1048575",
    'GET bytes=700000-1048575 "1"',
  ]);
});

Deno.test("a legacy upload from an address is one stream of an exact length", async () => {
  await using it = await meet();
  it.store.cutAfter = 2 * MIB;
  const result = await it.run(["--legacy"]);
  assertEquals(result.status, 0, result.stderr);
  assertEquals(it.host.received[0]?.bytes, CONTENT);
});

Deno.test("an address that expires stops the upload, and a new one goes on", async () => {
  await using it = await meet();
  it.store.inject({
    after: 3,
    times: Infinity,
    answer: () => new Response("expired", { status: 403 }),
  });
  const result = await it.run(["-o", "json"]);
  assertEquals([result.status, errorOf(result)["code"]], [1, "forbidden"]);
  assertEquals(
    errorOf(result)["message"],
    `${it.store.origin}/bundles/b%20c.tar.zst refused to send the file: the address has expired, or is not for you`,
  );
  assertEquals(
    hint(result),
    "Sign it again and run the command with the new one: it goes on where it stopped",
  );
  assertEquals(`${result.stderr}${result.stdout}`.includes("0123456789abcdef"), false);
  await using fresh = await RangeServer.start(CONTENT);
  const again = await it.run([], `${fresh.origin}/other/b%20c.tar.zst?X-Amz-Signature=fedcba`);
  assertEquals(again.status, 0, again.stderr);
  assertStringIncludes(again.stderr, "(resumed, 2/6 chunks are there)");
  assertEquals(it.host.received[0]?.bytes, CONTENT);
});

Deno.test("an address whose content changes stops the upload; the next run starts afresh", async () => {
  await using it = await meet();
  it.host.inject({
    method: "PUT",
    path: /chunks\/2$/,
    answer: () => {
      it.store.etag = '"2"';
      it.store.content = CONTENT.toReversed();
      return null;
    },
  });
  const result = await it.run(["-o", "json"]);
  assertEquals([result.status, errorOf(result)["code"]], [1, "conflict"]);
  assertMatch(
    String(errorOf(result)["message"]),
    /b%20c\.tar\.zst" changed while it was uploaded$/,
  );
  const again = await it.run();
  assertEquals(again.status, 0, again.stderr);
  assertStringIncludes(again.stderr, "b c.tar.zst changed since the last run; starting afresh\n");
  assertEquals(it.host.received[0]?.bytes, CONTENT.toReversed());
});

Deno.test("a store that is busy is asked again, one that breaks for good is named", async () => {
  await using it = await meet();
  it.store.inject({ after: 2, times: 2, answer: () => new Response(null, { status: 503 }) });
  const result = await it.run();
  assertEquals(result.status, 0, result.stderr);
  it.store.inject({ times: Infinity, answer: () => new Response(null, { status: 503 }) });
  const again = await it.run(["-o", "json"]);
  assertEquals([again.status, errorOf(again)["code"]], [1, "network"]);
});

const REFUSED: [string, (store: RangeServer) => void, string, RegExp][] = [
  [
    "sends only whole files",
    (store) => store.isWhole = true,
    "validation",
    /does not send parts of the file$/,
  ],
  [
    "sends another part",
    (store) =>
      store.inject({
        answer: () =>
          new Response("x", { status: 206, headers: { "content-range": "bytes 5-5/9" } }),
      }),
    "api",
    /sent another part than it was asked for$/,
  ],
  [
    "does not tell the size",
    (store) =>
      store.inject({
        answer: () =>
          new Response("x", { status: 206, headers: { "content-range": "bytes 0-0/*" } }),
      }),
    "api",
    /sent another part than it was asked for$/,
  ],
  [
    "does not have it",
    (store) => store.inject({ answer: () => new Response(null, { status: 404 }) }),
    "not-found",
    /does not have the file$/,
  ],
  ["has an empty file", (store) => store.content = new Uint8Array(), "validation", /it is empty$/],
  [
    "redirects for ever",
    (store) =>
      store.inject({
        times: Infinity,
        answer: () => new Response(null, { status: 302, headers: { location: "/again" } }),
      }),
    "api",
    /redirects to http:\/\/127\.0\.0\.1:\d+$/,
  ],
  [
    "redirects to another kind of address",
    (store) =>
      store.inject({
        answer: () => new Response(null, { status: 302, headers: { location: "file:///etc" } }),
      }),
    "api",
    /redirects to file:\/\/$/,
  ],
];

for (const [name, spoil, code, message] of REFUSED) {
  Deno.test(`a store that ${name} is refused before anything is sent`, async () => {
    await using it = await meet();
    spoil(it.store);
    const result = await it.run(["-o", "json"]);
    assertEquals([result.status, errorOf(result)["code"]], [1, code]);
    assertMatch(String(errorOf(result)["message"]), message);
    assertEquals(it.host.requests, []);
  });
}

Deno.test("a redirect of the store is followed, without anything secret", async () => {
  await using it = await meet();
  await using other = await RangeServer.start(CONTENT);
  it.store.inject({
    times: Infinity,
    answer: () =>
      new Response(null, { status: 307, headers: { location: `${other.origin}/moved` } }),
  });
  const result = await it.run();
  assertEquals(result.status, 0, result.stderr);
  assertEquals([it.host.received[0]?.fileName, it.host.received[0]?.bytes], [
    "b c.tar.zst",
    CONTENT,
  ]);
  assertEquals(other.headers.some((headers) => headers.has("authorization")), false);
});
