import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { blobOf, noise, opening, testRegistry } from "../../support/registry_client.ts";
import { type Intercept, problem, StubRegistry } from "../../support/stub_registry.ts";

const KIB = 1024;
const CHUNK = 256 * KIB;
const bytes = noise(1000 * KIB + 3);

/** Methods of the requests that upload, and the bytes they carried. */
function sent(stub: StubRegistry): [string, number][] {
  return stub.requests.filter(({ path }) => path.includes("/uploads/"))
    .map(({ method, bytes }) => [method, bytes]);
}

Deno.test("a small blob goes up in one request, its length announced", async () => {
  await using stub = new StubRegistry();
  const small = noise(100 * KIB);
  const layer = await blobOf(small);
  using test = testRegistry(stub.host, { chunkBytes: CHUNK });
  assertEquals(await test.client.putBlob("a", layer, opening(small)), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), small);
  assertEquals(stub.lines(/blobs/), [
    `HEAD /v2/a/blobs/${layer.digest}`,
    "POST /v2/a/blobs/uploads/",
    `PUT /v2/a/blobs/uploads/session-1?state=a%2Bb&digest=${encodeURIComponent(layer.digest)}`,
  ]);
  assertEquals(stub.requests.at(-1)?.contentLength, String(small.length));
});

Deno.test("an empty blob goes up", async () => {
  await using stub = new StubRegistry();
  const layer = await blobOf(new Uint8Array());
  using test = testRegistry(stub.host);
  assertEquals(await test.client.putBlob("a", layer, opening(new Uint8Array())), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), new Uint8Array());
});

Deno.test("a large blob goes up in parts of the size that is asked for", async () => {
  await using stub = new StubRegistry();
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host, { chunkBytes: CHUNK });
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), bytes);
  assertEquals(sent(stub), [
    ["POST", 0],
    ["PATCH", CHUNK],
    ["PATCH", CHUNK],
    ["PATCH", CHUNK],
    ["PATCH", bytes.length - 3 * CHUNK],
    ["PUT", 0],
  ]);
  assertEquals(
    stub.requests.filter(({ method }) => method === "PATCH").map((seen) => seen.contentRange)[1],
    `${CHUNK}-${2 * CHUNK - 1}`,
  );
  assertEquals(stub.requests.map((seen) => seen.contentLength).slice(-2), [
    String(bytes.length - 3 * CHUNK),
    "0",
  ]);
});

Deno.test("a registry may want larger parts", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push((seen) =>
    seen.method !== "POST"
      ? null
      : (stub.uploads.set("/v2/a/blobs/uploads/x", new Uint8Array()),
        new Response(null, {
          status: 202,
          headers: {
            location: "/v2/a/blobs/uploads/x?state=a%2Bb",
            "oci-chunk-min-length": String(2 * CHUNK),
          },
        }))
  );
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host, { chunkBytes: CHUNK });
  await test.client.putBlob("a", layer, opening(bytes));
  assertEquals(sent(stub).map(([, count]) => count), [0, 2 * CHUNK, bytes.length - 2 * CHUNK, 0]);
});

Deno.test("a part that breaks goes on where the registry stands", async () => {
  await using stub = new StubRegistry();
  const offsets: number[] = [];
  let parts = 0;
  // The second part is taken in half, then the registry fails.
  stub.intercepts.push((seen) => {
    if (seen.method !== "PATCH" || ++parts !== 2) return null;
    stub.uploads.set("/v2/a/blobs/uploads/session-1", bytes.slice(0, CHUNK + 1000));
    return problem(502, "UNKNOWN");
  });
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host, { chunkBytes: CHUNK });
  const open = (offset: number) => {
    offsets.push(offset);
    return opening(bytes)(offset);
  };
  assertEquals(await test.client.putBlob("a", layer, open), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), bytes);
  assertEquals(offsets, [0, CHUNK + 1000]);
  assertEquals(sent(stub).map(([method]) => method), [
    ...["POST", "PATCH", "PATCH", "GET", "PATCH", "PATCH", "PATCH", "PUT"],
  ]);
});

Deno.test("a session that the registry has lost begins again", async () => {
  await using stub = new StubRegistry();
  let parts = 0;
  stub.intercepts.push((seen) => {
    if (seen.method !== "PATCH" || ++parts !== 3) return null;
    stub.uploads.clear();
    return null;
  });
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host, { chunkBytes: CHUNK });
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), bytes);
});

for (const status of [404, 405, 501]) {
  Deno.test(`a registry that answers ${status} to a part gets the blob in one`, async () => {
    await using stub = new StubRegistry();
    stub.intercepts.push((seen) => seen.method === "PATCH" ? problem(status, "UNSUPPORTED") : null);
    const layer = await blobOf(bytes);
    using test = testRegistry(stub.host, { chunkBytes: CHUNK });
    assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
    assertEquals(stub.blobs.get(layer.digest), bytes);
    assertEquals(sent(stub), [
      ["POST", 0],
      ["PATCH", 0],
      ["DELETE", 0],
      ["POST", 0],
      ["PUT", bytes.length],
    ]);
  });
}

Deno.test("a mount spares the bytes; a refused one does not stop the upload", async () => {
  await using stub = new StubRegistry();
  const layer = await blobOf(bytes);
  await stub.addBlob(bytes);
  const isHidden: Intercept = (seen) =>
    seen.method === "HEAD" ? problem(404, "BLOB_UNKNOWN") : null;
  stub.intercepts.push(isHidden);
  using test = testRegistry(stub.host, { chunkBytes: CHUNK });
  const mountFrom = ["a", "b/c"];
  assertEquals(await test.client.putBlob("a", layer, opening(bytes), { mountFrom }), "mounted");
  assertEquals(sent(stub), [["POST", 0]]);
  stub.blobs.clear();
  stub.intercepts.push((seen) => seen.path.includes("from=denied") ? problem(403, "DENIED") : null);
  stub.requests.length = 0;
  const outcome = await test.client.putBlob("a", layer, opening(bytes), {
    mountFrom: ["denied", "absent", "absent/2"],
  });
  assertEquals(outcome, "uploaded");
  assertEquals(sent(stub).map(([method]) => method).slice(0, 4), [
    "POST",
    "POST",
    "POST",
    "DELETE",
  ]);
  assertEquals(stub.blobs.get(layer.digest), bytes);
});

Deno.test("a blob of size 0, left by an interrupted push of another tool, is sent again", async () => {
  await using stub = new StubRegistry();
  const layer = await blobOf(bytes);
  stub.blobs.set(layer.digest, new Uint8Array());
  using test = testRegistry(stub.host);
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), bytes);
});

const SOURCES: [string, Uint8Array, string][] = [
  ["ends early", bytes.slice(0, -5), "it ended 5 bytes early"],
  ["does not end", noise(bytes.length + 5), "it has more bytes than announced"],
];

for (const chunkBytes of [CHUNK, 4 * bytes.length]) {
  for (const [name, source, reason] of SOURCES) {
    Deno.test(`a source that ${name} is an error, sent in parts of ${chunkBytes}`, async () => {
      await using stub = new StubRegistry();
      const layer = { ...await blobOf(source.slice(0, bytes.length)), size: bytes.length };
      using test = testRegistry(stub.host, { chunkBytes });
      const error = await assertRejects(
        () => test.client.putBlob("a", layer, opening(source)),
        UserError,
      );
      assertEquals([error.code, error.message], [
        "integrity",
        `Cannot send blob ${layer.digest}: ${reason}`,
      ]);
    });
  }

  Deno.test(`what a source throws is not covered up, sent in parts of ${chunkBytes}`, async () => {
    await using stub = new StubRegistry();
    const layer = await blobOf(bytes);
    using test = testRegistry(stub.host, { chunkBytes });
    const open = () =>
      Promise.resolve(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            controller.enqueue(bytes.slice(0, 1000));
            controller.error(new UserError("integrity", "the cache is damaged"));
          },
        }),
      );
    const error = await assertRejects(() => test.client.putBlob("a", layer, open), UserError);
    assertEquals(error.message, "the cache is damaged");
    assertEquals([stub.blobs.size, test.clock.sleeps], [0, []]);
  });

  Deno.test(`other bytes than announced are refused, sent in parts of ${chunkBytes}`, async () => {
    await using stub = new StubRegistry();
    const layer = await blobOf(bytes);
    using test = testRegistry(stub.host, { chunkBytes });
    const error = await assertRejects(
      () => test.client.putBlob("a", layer, opening(noise(bytes.length, 7))),
      UserError,
    );
    assertEquals([error.code, error.message], [
      "integrity",
      `Cannot upload blob ${layer.digest} to ${stub.host}/a: ` +
      `${stub.host} got other bytes than announced (digest invalid)`,
    ]);
  });
}

Deno.test("a registry that says it stored something else is refused", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push((seen) =>
    seen.method === "PUT"
      ? new Response(null, { status: 201, headers: { "docker-content-digest": "sha256:0" } })
      : null
  );
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host);
  const error = await assertRejects(
    () => test.client.putBlob("a", layer, opening(bytes)),
    UserError,
  );
  assertEquals(error.code, "integrity");
});

Deno.test("a registry that fails for good is told with its own words", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push((seen) => seen.method === "PUT" ? problem(503, "DISK_FULL") : null);
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host, { retries: 2 });
  const error = await assertRejects(
    () => test.client.putBlob("a", layer, opening(bytes)),
    UserError,
  );
  assertEquals([error.code, error.message], [
    "api",
    `Cannot upload blob ${layer.digest} to ${stub.host}/a: ` +
    `${stub.host} answered with status 503 (disk full)`,
  ]);
  assertEquals(sent(stub).map(([method]) => method), ["POST", "PUT", "POST", "PUT", "POST", "PUT"]);
});

Deno.test("Retry-After is obeyed, by bodies too", async () => {
  await using stub = new StubRegistry();
  let isFirst = true;
  stub.intercepts.push((seen) => {
    if (seen.method !== "PUT" || !isFirst) return null;
    isFirst = false;
    return problem(429, "TOOMANYREQUESTS", { "retry-after": "7" });
  });
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host);
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(test.clock.sleeps, [7000]);
});
