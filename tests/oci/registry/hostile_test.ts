/** Registries that lie, and places that must not get credentials. */

import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { certificates, startStrictServer } from "../../support/certificates.ts";
import { hasProgram } from "../../support/programs.ts";
import {
  artifactOf,
  blobOf,
  EMPTY,
  noise,
  opening,
  readAll,
  testRegistry,
  type TestRegistryOptions,
} from "../../support/registry_client.ts";
import { type Intercept, problem, StubRegistry } from "../../support/stub_registry.ts";

const LOGIN = { username: "user", password: "secret" };
const BASIC = `Basic ${btoa("user:secret")}`;
const bytes = noise(600 * 1024);
const needsOpenssl = { ignore: !hasProgram("openssl") };

/** Asks for Basic credentials. */
const guarded: Intercept = ({ authorization }) =>
  authorization === BASIC ? null : problem(401, "UNAUTHORIZED", { "www-authenticate": "Basic" });

function redirecting(pattern: RegExp, to: (path: string) => string, status = 307): Intercept {
  return ({ method, path }) =>
    pattern.test(`${method} ${path}`)
      ? new Response(null, { status, headers: { location: to(path) } })
      : null;
}

async function failureOf(work: () => Promise<unknown>): Promise<[string, string]> {
  const { code, message } = await assertRejects(work, UserError);
  return [code, message];
}

Deno.test("a blob on another host is read there, without credentials", async () => {
  await using stub = new StubRegistry();
  await using storage = new StubRegistry();
  const layer = await blobOf(bytes);
  await storage.addBlob(bytes);
  stub.intercepts.push(guarded, redirecting(/blobs/, (path) => `${storage.url}${path}?signed=x`));
  using test = testRegistry(stub.host, { login: LOGIN });
  assertEquals(await test.client.headBlob("a", layer.digest), bytes.length);
  assertEquals(await readAll(await test.client.source("a").open(layer, 9)), bytes.subarray(9));
  assertEquals(
    storage.requests.map(({ method, authorization, range }) => [method, authorization, range]),
    [
      ["HEAD", null, null],
      ["GET", null, "bytes=9-"],
    ],
  );
});

Deno.test("a signed address that refuses HEAD is asked for one byte", async () => {
  await using stub = new StubRegistry();
  await using storage = new StubRegistry();
  const layer = await blobOf(bytes);
  await storage.addBlob(bytes);
  stub.intercepts.push(redirecting(/blobs/, (path) => `${storage.url}${path}`));
  storage.intercepts.push(({ method, range }) =>
    method === "HEAD"
      ? new Response(null, { status: 403 })
      : range === "bytes=0-0"
      ? new Response(bytes.slice(0, 1), {
        status: 206,
        headers: { "content-range": `bytes 0-0/${bytes.length}` },
      })
      : null
  );
  using test = testRegistry(stub.host);
  assertEquals(await test.client.headBlob("a", layer.digest), bytes.length);
});

Deno.test("an upload that goes on at another host goes there without credentials", async () => {
  await using stub = new StubRegistry();
  await using storage = new StubRegistry();
  storage.uploads.set("/up", new Uint8Array());
  stub.intercepts.push(
    guarded,
    ({ method }) =>
      method === "POST"
        ? new Response(null, {
          status: 202,
          headers: { location: `${storage.url}/v2/a/blobs/uploads/x?state=a%2Bb` },
        })
        : null,
  );
  storage.uploads.set("/v2/a/blobs/uploads/x", new Uint8Array());
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host, { login: LOGIN, chunkBytes: 256 * 1024 });
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(storage.blobs.get(layer.digest), bytes);
  assertEquals(storage.requests.map(({ method, authorization }) => [method, authorization]), [
    ["PATCH", null],
    ["PATCH", null],
    ["PATCH", null],
    ["PUT", null],
  ]);
});

Deno.test({
  name: "nothing goes from https to http (needs openssl)",
  ...needsOpenssl,
  async fn() {
    const all = await certificates();
    await using stub = new StubRegistry({ tls: all.server });
    await using plain = new StubRegistry();
    const layer = await blobOf(bytes);
    await plain.addBlob(bytes);
    stub.intercepts.push(
      redirecting(/GET .*blobs/, (path) => `${plain.url}${path}`),
      redirecting(/POST/, (path) => `${plain.url}${path}x`, 202),
    );
    for (const insecure of [false, true]) {
      using test = testRegistry(stub.host, { caCertificates: [all.ca.cert], insecure });
      const reason = `${stub.host} does not answer like a registry: ` +
        `it redirects to http://${plain.host}, which is not safe`;
      assertEquals(await failureOf(() => test.client.source("a").open(layer)), [
        "api",
        `Cannot read blob ${layer.digest} of ${stub.host}/a: ${reason}`,
      ]);
      assertEquals(await failureOf(() => test.client.putBlob("a", layer, opening(bytes))), [
        "api",
        `Cannot upload blob ${layer.digest} to ${stub.host}/a: ${reason}`,
      ]);
    }
    assertEquals(plain.requests, []);
  },
});

Deno.test({
  name:
    "a registry behind a proxy that ends TLS names itself by http, and is reached by https (needs openssl)",
  ...needsOpenssl,
  async fn() {
    const all = await certificates();
    await using stub = new StubRegistry({ tls: all.server });
    stub.intercepts.push(({ method }) => {
      if (method !== "POST") return null;
      stub.uploads.set("/v2/a/blobs/uploads/x", new Uint8Array());
      const location = `http://${stub.host}/v2/a/blobs/uploads/x?state=a%2Bb`;
      return new Response(null, { status: 202, headers: { location } });
    });
    const layer = await blobOf(bytes);
    using test = testRegistry(stub.host, { caCertificates: [all.ca.cert] });
    assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  },
});

Deno.test({
  name: "a token realm on another host gets credentials by https (needs openssl)",
  ...needsOpenssl,
  async fn() {
    const all = await certificates();
    await using stub = new StubRegistry({ tls: all.server });
    await using realm = new StubRegistry({ tls: all.server });
    realm.intercepts.push(() => Response.json({ token: "t" }));
    stub.intercepts.push(({ authorization }) =>
      authorization === "Bearer t" ? null : problem(401, "UNAUTHORIZED", {
        "www-authenticate": `Bearer realm="${realm.url}/token"`,
      })
    );
    using test = testRegistry(stub.host, { caCertificates: [all.ca.cert], login: LOGIN });
    await test.client.checkLogin("a/b");
    assertEquals(realm.requests.map(({ path, authorization }) => [path, authorization]), [
      ["/token?scope=repository%3Aa%2Fb%3Apull&account=user", BASIC],
    ]);
    assertEquals(stub.requests.map(({ authorization }) => authorization), [null, null, "Bearer t"]);
  },
});

Deno.test({
  name: "a client certificate is shown to the registry that wants one (needs openssl)",
  ...needsOpenssl,
  async fn() {
    const all = await certificates();
    await using server = await startStrictServer(all);
    const clientCertificate = { certificate: all.server.cert, key: all.server.key };
    for (const insecure of [false, true]) {
      const trust = { caCertificates: [all.ca.cert], insecure, retries: 0 };
      using known = testRegistry(server.host, { ...trust, clientCertificate });
      await known.client.checkLogin();
      using unknown = testRegistry(server.host, trust);
      await assertRejects(() => unknown.client.checkLogin(), UserError);
    }
  },
});

const TRANSPORTS: [string, TestRegistryOptions][] = [
  ["by itself", {}],
  ["with --insecure", { insecure: true }],
  ["when http:// was written", { plainHttp: true }],
];

for (const [name, options] of TRANSPORTS) {
  Deno.test(`a registry of this machine without TLS is reached ${name}`, async () => {
    await using stub = new StubRegistry();
    using test = testRegistry(stub.host, options);
    await test.client.checkLogin();
    assertEquals(stub.lines(), options.plainHttp ? ["GET /v2/"] : ["GET /v2/", "GET /v2/"]);
  });
}

Deno.test("a registry without TLS that is out of order is told for that, not for its certificate", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push(() => new Response("down for maintenance", { status: 503 }));
  for (const insecure of [false, true]) {
    using test = testRegistry(stub.host, { insecure, retries: 0 });
    const error = await assertRejects(() => test.client.checkLogin(), UserError);
    assertEquals([error.code, error.message], [
      "api",
      `Cannot log in to ${stub.host}: ${stub.host} answered with status 503`,
    ]);
  }
});

Deno.test("a host that answers with web pages is told for that", async () => {
  await using stub = new StubRegistry();
  const types = ["text/html; charset=utf-8", "application/octet-stream"];
  for (const type of types) {
    stub.intercepts.splice(
      0,
      1,
      () => new Response("<!doctype html><p>Sign in", { headers: { "content-type": type } }),
    );
    using test = testRegistry(stub.host);
    const error = await assertRejects(() => test.client.headManifest("a", "v1"), UserError);
    assertEquals([error.code, error.message, error.hint], [
      "integrity",
      `Cannot use the manifest of ${stub.host}/a:v1: it is a web page`,
      "Check the address; a proxy or a login page may stand between",
    ]);
  }
});

Deno.test("redirects end", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push(
    redirecting(/GET .*blobs/, (path) => path),
    redirecting(/PUT .*manifests/, (path) => path),
    redirecting(/GET .*v1/, () => "http://user:x@example.com/"),
    redirecting(/GET .*v2$/, () => "file:///etc/passwd"),
  );
  using test = testRegistry(stub.host);
  const layer = await blobOf(bytes);
  const says = (action: string, where: string): [string, string] => [
    "api",
    `Cannot ${action}: ${stub.host} does not answer like a registry: it redirects to ${where}`,
  ];
  assertEquals(
    await failureOf(() => test.client.source("a").open(layer)),
    says(`read blob ${layer.digest} of ${stub.host}/a`, stub.host),
  );
  assertEquals(stub.lines(/blobs/).length, 6);
  const manifest = await artifactOf(layer);
  assertEquals(
    await failureOf(() => test.client.putManifest("a", "x", manifest)),
    says(`push ${stub.host}/a:x`, stub.host),
  );
  assertEquals(
    await failureOf(() => test.client.getManifest("a", "v1")),
    says(`read ${stub.host}/a:v1`, "http://example.com, which is not safe"),
  );
  assertEquals(
    await failureOf(() => test.client.getManifest("a", "v2")),
    says(`read ${stub.host}/a:v2`, "file://, which is not safe"),
  );
});

const MANIFESTS: [string, () => Response, string, string][] = [
  [
    "over the size limit",
    () => new Response(noise(4 * 1024 * 1024 + 1)),
    "integrity",
    "Cannot read HOST/a:v1: it is larger than 4 MiB",
  ],
  [
    "that never ends",
    () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(noise(64 * 1024)) }),
      ),
    "integrity",
    "Cannot read HOST/a:v1: it is larger than 4 MiB",
  ],
  [
    "that is a login page",
    () => new Response("<html>"),
    "integrity",
    "Cannot use the manifest of HOST/a:v1: ",
  ],
  [
    "with another digest than the answer says",
    () =>
      new Response('{"config":{"digest":"sha256:' + "0".repeat(64) + '","size":2}}', {
        headers: { "docker-content-digest": `sha256:${"1".repeat(64)}` },
      }),
    "integrity",
    "Cannot read HOST/a:v1: its bytes have digest ",
  ],
  [
    "of the retired schema",
    () =>
      new Response("{}", {
        headers: { "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws" },
      }),
    "validation",
    "Cannot read HOST/a:v1: it has the retired format of schema 1",
  ],
];

for (const [name, answer, code, message] of MANIFESTS) {
  Deno.test(`a manifest ${name} is refused`, async () => {
    await using stub = new StubRegistry();
    stub.intercepts.push(({ path }) => path.includes("manifests") ? answer() : null);
    using test = testRegistry(stub.host);
    const [found, said] = await failureOf(() => test.client.getManifest("a", "v1"));
    const wanted = message.replace("HOST", stub.host);
    assertEquals([found, said.slice(0, wanted.length)], [code, wanted]);
  });
}

Deno.test("a manifest asked for by digest has to have it", async () => {
  await using stub = new StubRegistry();
  using test = testRegistry(stub.host);
  const layer = await blobOf(EMPTY);
  const [right, wrong] = [await artifactOf(layer), await artifactOf(layer, { annotations: {} })];
  const { digest } = right.descriptor;
  stub.manifests.set(`a:${digest}`, { type: right.descriptor.mediaType, bytes: wrong.bytes });
  assertEquals(await failureOf(() => test.client.getManifest("a", digest)), [
    "integrity",
    `Cannot read ${stub.host}/a@${digest}: ` +
    `its bytes have digest ${wrong.descriptor.digest}, not ${digest}`,
  ]);
});

Deno.test("a manifest whose HEAD says too little is read", async () => {
  await using stub = new StubRegistry();
  using test = testRegistry(stub.host);
  const manifest = await artifactOf(await blobOf(EMPTY));
  await test.client.putManifest("a", "v1", manifest);
  stub.intercepts.push(({ method }) => method === "HEAD" ? new Response(null) : null);
  assertEquals(await test.client.headManifest("a", "v1"), manifest.descriptor);
});

Deno.test("lists follow their pages, and end", async () => {
  await using stub = new StubRegistry();
  using test = testRegistry(stub.host);
  const manifest = await artifactOf(await blobOf(EMPTY));
  for (const tag of ["e", "a", "d", "b", "c"]) await test.client.putManifest("x", tag, manifest);
  assertEquals(await test.client.listTags("x"), ["a", "b", "c", "d", "e"]);
  assertEquals(stub.lines(/tags/), [
    "GET /v2/x/tags/list?n=1000",
    "GET /v2/x/tags/list?n=2&last=b",
    "GET /v2/x/tags/list?n=2&last=d",
  ]);
  const link = { link: '</v2/loop/tags/list?again>; rel="next"' };
  stub.intercepts.push(({ path }) => {
    if (path.includes("loop")) return Response.json({ tags: ["a"] }, { headers: link });
    if (path.includes("html")) return new Response("<html>");
    if (path.includes("text")) return Response.json({ tags: "a" });
    return null;
  });
  const says = (name: string, reason: string): [string, string] => [
    "api",
    `Cannot list the tags of ${stub.host}/${name}: ` +
    `${stub.host} does not answer like a registry: ${reason}`,
  ];
  assertEquals(
    await failureOf(() => test.client.listTags("loop")),
    says("loop", "its list has no end"),
  );
  assertEquals(
    await failureOf(() => test.client.listTags("html")),
    says("html", "its JSON is not valid"),
  );
  assertEquals(
    await failureOf(() => test.client.listTags("text")),
    says("text", "tags is no list"),
  );
});

Deno.test("a registry that lists what is attached itself is not helped", async () => {
  await using stub = new StubRegistry();
  using test = testRegistry(stub.host);
  const image = await artifactOf(await blobOf(EMPTY));
  const attached = await artifactOf(await blobOf(EMPTY), { subject: image.descriptor });
  await test.client.putManifest("a", "v1", image);
  await test.client.putManifest("a", attached.descriptor.digest, attached);
  assertEquals(
    (await test.client.referrers("a", image.descriptor.digest)).map(({ digest }) => digest),
    [
      attached.descriptor.digest,
    ],
  );
  assertEquals(stub.lines(/PUT/).length, 2);
  // Another run must not have to ask twice: the tag is not looked for.
  assertEquals(stub.lines(/manifests\/sha256-/), []);
});

const STATUSES: [number, string, string, string][] = [
  [401, "UNAUTHORIZED", "credentials", "HOST wants credentials"],
  [403, "DENIED", "forbidden", "HOST does not allow it (denied)"],
  [413, "", "api", "HOST takes no request this large"],
  [429, "TOOMANYREQUESTS", "api", "HOST is asked too often (toomanyrequests)"],
  [500, "UNKNOWN", "api", "HOST answered with status 500 (unknown)"],
  [418, "", "api", "HOST answered with status 418"],
];

for (const [status, code, slug, reason] of STATUSES) {
  Deno.test(`status ${status} is told in plain words`, async () => {
    await using stub = new StubRegistry();
    stub.intercepts.push(({ path }) =>
      !path.includes("manifests")
        ? null
        : code === ""
        ? new Response("<html>", { status })
        : problem(status, code)
    );
    using test = testRegistry(stub.host, { retries: 2 });
    assertEquals(await failureOf(() => test.client.getManifest("a", "v1")), [
      slug,
      `Cannot read ${stub.host}/a:v1: ${reason.replaceAll("HOST", stub.host)}`,
    ]);
    const tries = status === 429 || status === 500 ? 3 : 1;
    assertEquals(stub.lines(/manifests/).length, tries);
    assertEquals(test.clock.sleeps, tries === 1 ? [] : [375, 750]);
  });
}

Deno.test("a registry that is not there is told at once", async () => {
  const stub = new StubRegistry();
  const { host } = stub;
  await stub[Symbol.asyncDispose]();
  using test = testRegistry(host);
  assertEquals(await failureOf(() => test.client.checkLogin()), [
    "network",
    `Cannot log in to ${host}: ${host}: connection refused`,
  ]);
  assertEquals(test.clock.sleeps, []);
});
