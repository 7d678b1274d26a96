import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import type { CredentialSource } from "../../../lib/oci/credentials/credentials.ts";
import { Secret } from "../../../lib/secrets/secret.ts";
import { certificates } from "../../support/certificates.ts";
import { hasProgram } from "../../support/programs.ts";
import { blobOf, noise, opening, readAll, testRegistry } from "../../support/registry_client.ts";
import { cutBody, problem, StubRegistry } from "../../support/stub_registry.ts";
import { TokenRealm } from "../../support/token_realm.ts";

const LOGIN = { username: "user", password: "p:ä" };
const BASIC = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("user:p:ä")))}`;
const bytes = noise(300 * 1024);

async function worldWithRealm() {
  const realm = new TokenRealm();
  const stub = new StubRegistry();
  realm.guard(stub);
  await stub.addBlob(bytes);
  return {
    realm,
    stub,
    layer: await blobOf(bytes),
    async [Symbol.asyncDispose]() {
      await stub[Symbol.asyncDispose]();
      await realm[Symbol.asyncDispose]();
    },
  };
}

Deno.test("Basic credentials go out once the registry has asked for them", async () => {
  await using stub = new StubRegistry();
  stub.intercepts.push(({ authorization }) =>
    authorization === BASIC ? null : problem(401, "UNAUTHORIZED", {
      "www-authenticate": 'Basic realm="x"',
    })
  );
  const layer = await blobOf(bytes);
  using test = testRegistry(stub.host, { login: LOGIN });
  await test.client.putBlob("a", layer, opening(bytes));
  assertEquals(stub.requests.map(({ method, authorization }) => [method, authorization]), [
    // The look for TLS on this machine ends in plain HTTP.
    ["GET", null],
    ["HEAD", null],
    ["HEAD", BASIC],
    ["POST", BASIC],
    ["PUT", BASIC],
  ]);
});

Deno.test({
  name: "credentials that cannot be had leave no timer behind, which would hold the program",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using stub = new StubRegistry();
    stub.intercepts.push(() =>
      problem(401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="x"' })
    );
    const credentials = { find: () => Promise.reject(new UserError("decrypt-failed", "No")) };
    using test = testRegistry(stub.host, { credentials });
    await assertRejects(() => test.client.listTags("a"), UserError, "No");
  },
});

Deno.test("a token is asked for once a scope, by whoever comes first", async () => {
  await using world = await worldWithRealm();
  const { stub, realm, layer } = world;
  using test = testRegistry(stub.host, { login: LOGIN });
  const source = test.client.source("a/b");
  await Promise.all(
    Array.from(
      { length: 4 },
      async () => assertEquals(await readAll(await source.open(layer)), bytes),
    ),
  );
  assertEquals(realm.requests, [{
    method: "GET",
    authorization: BASIC,
    service: "stub",
    scopes: ["repository:a/b:pull"],
    account: "user",
    grant: null,
    refresh: null,
  }]);
  await test.client.putBlob("c", await blobOf(noise(10)), opening(noise(10)), {
    mountFrom: ["a/b"],
  });
  assertEquals(realm.requests.slice(1).map(({ scopes }) => scopes), [
    ["repository:c:pull"],
    ["repository:c:pull,push", "repository:a/b:pull"],
    ["repository:c:pull,push"],
  ]);
  assertEquals(test.secrets, realm.issued);
});

Deno.test("anybody's token will do where nothing is private", async () => {
  await using world = await worldWithRealm();
  using test = testRegistry(world.stub.host);
  assertEquals(await readAll(await test.client.source("a").open(world.layer)), bytes);
  assertEquals(world.realm.requests.map(({ authorization }) => authorization), [null]);
});

Deno.test("an identity token is exchanged at the realm, and goes nowhere else", async () => {
  await using world = await worldWithRealm();
  const credentials: CredentialSource = {
    find: () =>
      Promise.resolve({ kind: "identity-token", username: "", token: new Secret("refresh-me") }),
  };
  using test = testRegistry(world.stub.host, { credentials });
  assertEquals(await readAll(await test.client.source("a").open(world.layer)), bytes);
  const [{ method, grant, refresh, scopes } = {}] = world.realm.requests;
  assertEquals([method, grant, refresh, scopes], [
    "POST",
    "refresh_token",
    "refresh-me",
    ["repository:a:pull"],
  ]);
  assertEquals(
    world.stub.requests.some((seen) => seen.authorization?.includes("refresh-me")),
    false,
  );
});

Deno.test("a token that expires in the middle of a blob is renewed without a word", async () => {
  await using world = await worldWithRealm();
  const { stub, realm, layer } = world;
  stub.intercepts.push((seen) => {
    if (!seen.path.includes("/blobs/") || seen.range !== null) return null;
    realm.revoke();
    return new Response(cutBody(bytes.slice(0, 1000)));
  });
  using test = testRegistry(stub.host, { login: LOGIN });
  assertEquals(await readAll(await test.client.source("a").open(layer)), bytes);
  assertEquals(realm.requests.length, 2);
});

Deno.test("a token that expires in the middle of an upload is renewed, and the upload goes on", async () => {
  await using world = await worldWithRealm();
  const { stub, realm } = world;
  const large = noise(1000 * 1024);
  const layer = await blobOf(large);
  let parts = 0;
  stub.intercepts.unshift((seen) => {
    if (seen.method === "PATCH" && ++parts === 2) realm.revoke();
    return null;
  });
  using test = testRegistry(stub.host, { login: LOGIN, chunkBytes: 256 * 1024 });
  assertEquals(await test.client.putBlob("a", layer, opening(large)), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), large);
});

Deno.test("a token is replaced before it expires", async () => {
  await using world = await worldWithRealm();
  const { stub, realm, layer } = world;
  using test = testRegistry(stub.host, { login: LOGIN });
  await test.client.headBlob("a", layer.digest);
  test.clock.advance(294_000);
  await test.client.headBlob("a", layer.digest);
  assertEquals(realm.requests.length, 1);
  test.clock.advance(2_000);
  await test.client.headBlob("a", layer.digest);
  assertEquals(realm.requests.length, 2);
  assertEquals(stub.requests.filter(({ authorization }) => authorization === null).length, 2);
});

const REFUSALS: [
  string,
  (realm: TokenRealm) => void,
  string,
  (host: string, realm: string) => string,
][] = [
  [
    "rejects the password",
    (realm) => realm.answer = () => problem(401, "UNAUTHORIZED"),
    "credentials",
    (host, realm) =>
      `Cannot get a token of ${host} from ${realm}: ${host} rejected the credentials`,
  ],
  [
    "gives no token",
    (realm) => realm.answer = () => Response.json({}),
    "api",
    (_, realm) => `Cannot get a token from ${realm}: there is none in its answer`,
  ],
  [
    "gives a token with a line break",
    (realm) => realm.answer = () => Response.json({ token: "a\r\nx: y" }),
    "api",
    (_, realm) => `Cannot get a token from ${realm}: there is none in its answer`,
  ],
  [
    "answers with more than a token",
    (realm) => realm.answer = () => new Response(noise(2 * 1024 * 1024)),
    "api",
    (host, realm) =>
      `Cannot get a token of ${host} from ${realm}: ${host} does not answer like a registry: ` +
      "more than 1048576 bytes",
  ],
  [
    "gives tokens that are worth nothing",
    (realm) => realm.answer = () => Response.json({ token: "worthless" }),
    "credentials",
    (host) => `Cannot log in to ${host}: ${host} rejected the credentials`,
  ],
];

for (const [name, prepare, code, message] of REFUSALS) {
  Deno.test(`a realm that ${name} ends the run`, async () => {
    await using world = await worldWithRealm();
    prepare(world.realm);
    using test = testRegistry(world.stub.host, { login: LOGIN });
    const error = await assertRejects(() => test.client.checkLogin(), UserError);
    assertEquals([error.code, error.message], [code, message(world.stub.host, world.stub.host)]);
  });
}

Deno.test("a realm that redirects gets no credentials there", async () => {
  await using world = await worldWithRealm();
  await using thief = new StubRegistry();
  world.realm.answer = () => new Response(null, { status: 302, headers: { location: thief.url } });
  using test = testRegistry(world.stub.host, { login: LOGIN });
  const error = await assertRejects(() => test.client.checkLogin(), UserError);
  assertEquals(error.message.endsWith("it redirects, and credentials do not follow"), true);
  assertEquals(thief.requests, []);
});

const REALMS: [string, string][] = [
  ["", "is no address"],
  ["token", "is no address"],
  ["file:///etc/passwd", "is not https"],
  ["https://user:x@example.com/", "holds a user"],
  ["http://token.example.com/", "is another host without https, which gets no credentials"],
];

for (const [realm, reason] of REALMS) {
  Deno.test(`a token realm "${realm}" gets no credentials`, async () => {
    await using stub = new StubRegistry();
    const challenge = `Bearer realm="${realm}",service="x"`;
    stub.intercepts.push(() => problem(401, "UNAUTHORIZED", { "www-authenticate": challenge }));
    using test = testRegistry(stub.host, { login: LOGIN });
    const error = await assertRejects(() => test.client.checkLogin(), UserError);
    assertEquals(
      error.message,
      `Cannot log in to ${stub.host}: its token realm "${realm}" ${reason}`,
    );
    assertEquals(stub.requests.some(({ authorization }) => authorization !== null), false);
  });
}

Deno.test({
  name: "a registry with TLS cannot send credentials to a realm without (needs openssl)",
  ignore: !hasProgram("openssl"),
  async fn() {
    const all = await certificates();
    await using stub = new StubRegistry({ tls: all.server });
    await using thief = new StubRegistry();
    const challenge = `Bearer realm="${thief.url}/token"`;
    stub.intercepts.push(() => problem(401, "UNAUTHORIZED", { "www-authenticate": challenge }));
    for (const login of [{ login: LOGIN }, {}]) {
      using test = testRegistry(stub.host, { ...login, caCertificates: [all.ca.cert] });
      const error = await assertRejects(() => test.client.checkLogin(), UserError);
      assertEquals(error.message.endsWith("is not https"), true, error.message);
    }
    assertEquals(thief.requests, []);
  },
});
