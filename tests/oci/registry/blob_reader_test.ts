import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import type { Descriptor } from "../../../lib/oci/descriptor.ts";
import { verified } from "../../../lib/oci/verified.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { blobOf, noise, readAll, testRegistry } from "../../support/registry_client.ts";
import {
  blobResponse,
  cutBody,
  type Intercept,
  problem,
  StubRegistry,
} from "../../support/stub_registry.ts";

const KIB = 1024;
const bytes = noise(400 * KIB);

async function stubWithBlob() {
  const stub = new StubRegistry();
  await stub.addBlob(bytes);
  return { stub, layer: await blobOf(bytes) };
}

/** Breaks the first answers with a blob after so many bytes each. */
function cutting(lengths: number[]): Intercept {
  return (seen) => {
    if (seen.method !== "GET" || !seen.path.includes("/blobs/")) return null;
    const length = lengths.shift();
    if (length === undefined) return null;
    const from = Number(/\d+/.exec(seen.range ?? "0")?.[0]);
    return new Response(cutBody(bytes.slice(from, from + length)), {
      status: from > 0 ? 206 : 200,
      headers: from > 0
        ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }
        : {},
    });
  };
}

function ranges(stub: StubRegistry): (string | null)[] {
  return stub.requests.filter(({ path }) => path.includes("/blobs/")).map(({ range }) => range);
}

Deno.test("a blob is read on where its connection broke", async () => {
  const { stub, layer } = await stubWithBlob();
  await using _ = stub;
  stub.intercepts.push(cutting([100 * KIB, 50 * KIB]));
  using test = testRegistry(stub.host);
  assertEquals(await readAll(await test.client.source("a").open(layer)), bytes);
  assertEquals(ranges(stub), [null, `bytes=${100 * KIB}-`, `bytes=${150 * KIB}-`]);
  assertEquals(test.clock.sleeps.length, 2);
});

Deno.test("a reader that begins in the middle asks for the rest", async () => {
  const { stub, layer } = await stubWithBlob();
  await using _ = stub;
  using test = testRegistry(stub.host);
  assertEquals(
    await readAll(await test.client.source("a").open(layer, 300 * KIB)),
    bytes.subarray(300 * KIB),
  );
  assertEquals(ranges(stub), [`bytes=${300 * KIB}-`]);
});

const RANGE_LIES: [string, (request: Request) => Response][] = [
  ["answers 200 to a range", () => new Response(bytes)],
  ["answers 416 to a range", () => problem(416, "RANGE_INVALID")],
  [
    "gives another range",
    () =>
      new Response(bytes.slice(0, 10), {
        status: 206,
        headers: { "content-range": `bytes 0-9/${bytes.length}` },
      }),
  ],
  ["does not say which range it gives", () => new Response(bytes.slice(9), { status: 206 })],
  [
    "gives only a part of the range",
    () =>
      new Response(bytes.slice(100 * KIB, 100 * KIB + 9), {
        status: 206,
        headers: { "content-range": `bytes ${100 * KIB}-${100 * KIB + 8}/${bytes.length}` },
      }),
  ],
];

for (const [name, lie] of RANGE_LIES) {
  Deno.test(`a registry that ${name} is read from the start, and the start skipped`, async () => {
    const { stub, layer } = await stubWithBlob();
    await using _ = stub;
    stub.intercepts.push(
      cutting([100 * KIB]),
      (seen, request) =>
        seen.range === null || !seen.path.includes("/blobs/") ? null : lie(request),
    );
    using test = testRegistry(stub.host);
    assertEquals(await readAll(await test.client.source("a").open(layer)), bytes);
  });
}

Deno.test("a registry that never gets on is given up after the retries", async () => {
  const { stub, layer } = await stubWithBlob();
  await using _ = stub;
  stub.intercepts.push(cutting(new Array(50).fill(1)));
  using test = testRegistry(stub.host, { retries: 3 });
  const error = await assertRejects(
    async () => await readAll(await test.client.source("a").open(layer)),
    UserError,
  );
  assertEquals([error.code, error.message], [
    "network",
    `Cannot read blob ${layer.digest} of ${stub.host}/a: ${stub.host}: ` +
    "the connection was closed in the middle of an answer",
  ]);
  assertEquals(ranges(stub).length, 4);
});

const SIZE_LIES: [string, Intercept, string][] = [
  [
    "announces another size",
    (_, request) => request.method === "GET" ? blobResponse(request, bytes.slice(1)) : null,
    `${bytes.length - 1} bytes`,
  ],
  [
    "gives more than it should",
    () => new Response(cutBody(noise(bytes.length + 1))),
    `more than ${bytes.length} bytes`,
  ],
  [
    "changes the size between two ranges",
    (seen) =>
      seen.range === null
        ? new Response(cutBody(bytes.slice(0, 9)))
        : new Response(bytes.slice(9), {
          status: 206,
          headers: { "content-range": `bytes 9-${bytes.length}/${bytes.length + 1}` },
        }),
    `${bytes.length + 1} bytes`,
  ],
];

for (const [name, lie, found] of SIZE_LIES) {
  Deno.test(`a registry that ${name} is refused`, async () => {
    const { stub, layer } = await stubWithBlob();
    await using _ = stub;
    stub.intercepts.push((seen, request) =>
      seen.path.includes("/blobs/") ? lie(seen, request) : null
    );
    using test = testRegistry(stub.host);
    const error = await assertRejects(
      async () => await readAll(await test.client.source("a").open(layer)),
      UserError,
    );
    assertEquals([error.code, error.message], [
      "integrity",
      `Cannot read blob ${layer.digest} of ${stub.host}/a: ` +
      `the registry gives ${found} instead of ${bytes.length}`,
    ]);
  });
}

Deno.test("a registry that gives other bytes of the right size is found out by the digest", async () => {
  const { stub, layer } = await stubWithBlob();
  await using _ = stub;
  stub.blobs.set(layer.digest, noise(bytes.length, 9));
  using test = testRegistry(stub.host);
  const stream = await test.client.source("a").open(layer);
  const error = await assertRejects(
    () => readAll(verified(stream, layer, "the layer", systemCrypto())),
    UserError,
  );
  assertEquals(error.code, "integrity");
});

Deno.test("a foreign layer is read where its descriptor says, without credentials", async () => {
  await using stub = new StubRegistry();
  await using elsewhere = new StubRegistry();
  const digest = await elsewhere.addBlob(bytes);
  const url = `${elsewhere.url}/v2/x/blobs/${digest}`;
  stub.intercepts.push(({ authorization }) =>
    authorization === null ? problem(401, "UNAUTHORIZED", { "www-authenticate": "Basic" }) : null
  );
  const layer: Descriptor = { ...await blobOf(bytes), urls: ["ftp://x/", url] };
  using test = testRegistry(stub.host, { login: { username: "u", password: "p" } });
  assertEquals(await readAll(await test.client.source("a").open(layer)), bytes);
  assertEquals(elsewhere.requests.map(({ authorization }) => authorization), [null]);
  const gone = { ...layer, urls: [`${elsewhere.url}/gone`] };
  const error = await assertRejects(() => test.client.source("a").open(gone), UserError);
  assertEquals(error.code, "not-found");
});

Deno.test("a reader that stops lets go of its connection", async () => {
  const { stub, layer } = await stubWithBlob();
  await using _ = stub;
  using test = testRegistry(stub.host, { jobs: 1 });
  for (let count = 0; count < 3; count++) {
    const reader = (await test.client.source("a").open(layer)).getReader();
    await reader.read();
    await reader.cancel();
  }
  await (await test.client.source("a").open(layer)).cancel();
  assertEquals(await readAll(await test.client.source("a").open(layer)), bytes);
});

for (const insecure of [false, true]) {
  Deno.test(`a reader need not wait for what does not come, ${insecure ? "un" : ""}verified`, async () => {
    const { stub, layer } = await stubWithBlob();
    await using _ = stub;
    stub.intercepts.push((seen) =>
      seen.method === "GET" && seen.path.includes("/blobs/")
        ? new Response(
          new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, 9)) }),
        )
        : null
    );
    using test = testRegistry(stub.host, { jobs: 1, insecure });
    const startMs = performance.now();
    for (let count = 0; count < 2; count++) {
      const reader = (await test.client.source("a").open(layer)).getReader();
      assertEquals((await reader.read()).value?.length, 9);
      const waiting = reader.read();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await reader.cancel();
      assertEquals((await waiting).done, true);
    }
    assertEquals([performance.now() - startMs < 10_000, ranges(stub)], [true, [null, null]]);
  });
}

Deno.test("so many blobs at once, and no more", async () => {
  const { stub, layer } = await stubWithBlob();
  await using _ = stub;
  let open = 0;
  let most = 0;
  stub.intercepts.push(async (seen) => {
    if (seen.method !== "GET" || !seen.path.includes("/blobs/")) return null;
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve, 20));
    open--;
    return null;
  });
  using test = testRegistry(stub.host, { jobs: 3 });
  await Promise.all(
    Array.from({ length: 12 }, async () => readAll(await test.client.source("a").open(layer))),
  );
  assertEquals([most, ranges(stub).length], [3, 12]);
});

Deno.test("a stopped run ends a blob in the middle", async () => {
  const { stub, layer } = await stubWithBlob();
  await using _ = stub;
  stub.intercepts.push((seen) =>
    seen.path.includes("/blobs/")
      ? new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(bytes.slice(0, 10)),
        }),
      )
      : null
  );
  const stop = new AbortController();
  using test = testRegistry(stub.host, { signal: stop.signal });
  const stream = await test.client.source("a").open(layer);
  setTimeout(() => stop.abort(new Error("stopped")), 50);
  await assertRejects(() => readAll(stream), Error, "stopped");
});

Deno.test("a login page in place of a blob does not keep the next one waiting", async () => {
  const { stub, layer } = await stubWithBlob();
  await using _ = stub;
  stub.intercepts.push((seen) =>
    seen.path.includes("/blobs/") ? new Response("<html>Log in</html>") : null
  );
  const signal = AbortSignal.timeout(5_000);
  using test = testRegistry(stub.host, { jobs: 1, signal });
  const outcomes = Promise.all(
    [1, 2, 3].map(() => test.client.source("a").open(layer).then(() => "", (error) => error.code)),
  );
  const late = Promise.withResolvers<string[]>();
  const timer = setTimeout(() => late.resolve(["late"]), 3_000);
  assertEquals(await Promise.race([outcomes, late.promise]), [
    "integrity",
    "integrity",
    "integrity",
  ]);
  clearTimeout(timer);
});
