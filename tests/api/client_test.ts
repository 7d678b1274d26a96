import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ApiError } from "../../lib/api/api_error.ts";
import { listProjectNames, listProjects } from "../../lib/api/projects.ts";
import { getServerVersion, getSystemBanner, ping } from "../../lib/api/system.ts";
import { getUserInfo, isTenantAdmin, listOrganizations } from "../../lib/api/users.ts";
import { listClusterGroups } from "../../lib/api/cluster_groups.ts";
import { UserError } from "../../lib/errors.ts";
import type { Fault } from "../support/palette/faults.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { ADMIN_KEY, DEV_PROJECT, USER_KEY } from "../support/palette/state.ts";
import { testClient } from "../support/api_client.ts";

const INFO = { method: "GET", path: "/v1/users/info" };

Deno.test("a request carries the key, and the project only where it belongs", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url, { project: DEV_PROJECT });
  await getUserInfo(it.client);
  await listProjectNames(it.client);
  await listClusterGroups(it.client);
  await it.client.call({
    method: "GET",
    path: "/v1/clustergroups/hostCluster/metadata",
    inTenant: true,
  });
  await ping(it.client);
  const sent = palette.requests.map(({ headers }) => [
    headers.get("apikey"),
    headers.get("projectuid"),
  ]);
  assertEquals(sent, [
    [ADMIN_KEY, null],
    [ADMIN_KEY, null],
    [ADMIN_KEY, DEV_PROJECT.uid],
    [ADMIN_KEY, null],
    [null, null],
  ]);
});

Deno.test("an error answer carries status, code and ref", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({
    kind: "status",
    status: 422,
    body: { code: "InvalidName", message: "name is taken", ref: "r-1", details: { a: 1 } },
  });
  const error = await assertRejects(() => it.client.call(INFO), ApiError);
  assertEquals(error.status, 422);
  assertEquals(error.code, "validation");
  assertEquals(
    error.message,
    "Palette refused the request: name is taken (InvalidName, ref r-1)",
  );
});

const STATUSES: [number, string, number][] = [
  [400, "validation", 1],
  [401, "auth-invalid", 1],
  [403, "forbidden", 1],
  [404, "not-found", 1],
  [405, "api", 1],
  [409, "conflict", 1],
  [422, "validation", 1],
  [429, "api", 4],
  [500, "api", 1],
  [501, "api", 4],
  [502, "api", 4],
  [503, "api", 4],
  [504, "api", 4],
];

for (const [status, code, tries] of STATUSES) {
  Deno.test(`status ${status} becomes ${code} after ${tries} tries`, async () => {
    await using palette = await startFakePalette();
    using it = await testClient(palette.url);
    palette.inject({ kind: "status", status, times: Infinity });
    const error = await assertRejects(() => it.client.call(INFO), ApiError);
    assertEquals({ status: error.status, code: error.code }, { status, code });
    assertEquals(palette.requests.length, tries);
  });
}

Deno.test("pauses between tries double, with a random part", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({ kind: "status", status: 503, times: 3 });
  await it.client.call(INFO);
  assertEquals(it.clock.sleeps, [2000, 4500, 10125]);
});

for (
  const [header, slept] of [["7", 7000], ["0", 0], ["soon", 2000], [
    "Fri, 02 Jan 2026 15:04:35 GMT",
    30_000,
  ]] as const
) {
  Deno.test(`Retry-After: ${header} is ${slept} ms`, async () => {
    await using palette = await startFakePalette();
    using it = await testClient(palette.url);
    palette.inject({ kind: "status", status: 429, headers: { "retry-after": header } });
    await it.client.call(INFO);
    assertEquals(it.clock.sleeps, [slept]);
  });
}

Deno.test("a Retry-After that nobody would wait for fails at once", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({ kind: "status", status: 429, headers: { "retry-after": "3600" } });
  await assertRejects(() => it.client.call(INFO), ApiError);
  assertEquals(palette.requests.length, 1);
});

Deno.test("a broken connection is tried again", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({ kind: "reset", times: 2 });
  await getUserInfo(it.client);
  assertEquals(palette.requests.length, 3);
});

Deno.test("a connection that keeps breaking is a network error", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({ kind: "reset", times: Infinity });
  const error = await assertRejects(() => it.client.call(INFO), UserError);
  assertEquals(error.code, "network");
  assertStringIncludes(error.message, `Cannot reach ${palette.url}: `);
  assertEquals(palette.requests.length, 4);
});

Deno.test("a slow answer is a network error, and is not tried again", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url, { timeoutMs: 50 });
  palette.inject({ kind: "slow", delayMs: 500 });
  const error = await assertRejects(() => it.client.call(INFO), UserError);
  assertEquals(error.message, `Cannot reach ${palette.url}: no answer in time`);
  assertEquals(palette.requests.length, 1);
});

Deno.test("a stopped run ends a request with the reason of the stop", async () => {
  await using palette = await startFakePalette();
  const controller = new AbortController();
  using it = await testClient(palette.url, { signal: controller.signal });
  palette.inject({ kind: "slow", delayMs: 200 });
  const pending = it.client.call(INFO);
  controller.abort(new Error("stopped"));
  await assertRejects(() => pending, Error, "stopped");
});

const NOT_PALETTE: [string, Fault, RegExp][] = [
  ["a proxy's page", { kind: "html" }, /text\/html instead of JSON/],
  ["invalid JSON", { kind: "invalid-json" }, /its JSON is not valid/],
  ["another content type", { kind: "wrong-type" }, /text\/plain instead of JSON/],
  ["100 MB", { kind: "huge", bytes: 100 * 1024 * 1024 }, /more than \d+ bytes/],
  ["a missing field", { kind: "answer", body: { orgName: "x" } }, /tenantUid is missing/],
  [
    "a field of another type",
    { kind: "answer", body: { tenantUid: 7 } },
    /tenantUid is not a text/,
  ],
  ["a list instead of an object", { kind: "answer", body: [] }, /tenantUid is missing/],
  ["a redirect to nowhere", { kind: "redirect", location: "http://" }, /redirects to nowhere/],
];

for (const [name, fault, reason] of NOT_PALETTE) {
  Deno.test(`${name} is not an answer of Palette`, async () => {
    await using palette = await startFakePalette();
    using it = await testClient(palette.url);
    palette.inject(fault);
    const error = await assertRejects(() => getUserInfo(it.client), ApiError);
    assertEquals(error.code, "api");
    assertStringIncludes(error.message, `${palette.url} did not answer like a Palette API: `);
    assertMatch(error.message, reason);
  });
}

Deno.test("unknown fields of an answer are ignored", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({
    kind: "answer",
    body: { orgName: "o", tenantUid: "t", userUid: "u", new: { a: [1] } },
  });
  assertEquals(await getUserInfo(it.client), { organization: "o", tenantUid: "t", userUid: "u" });
});

Deno.test("no credential follows a redirect to another origin", async () => {
  await using palette = await startFakePalette();
  await using thief = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({ kind: "redirect", location: `${thief.url}/v1/users/info` });
  const error = await assertRejects(() => it.client.call(INFO), ApiError);
  assertStringIncludes(error.message, `it redirects to ${thief.url}/v1/users/info`);
  assertEquals(thief.requests, []);
});

Deno.test("a redirect within the origin is followed five times", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({ kind: "redirect", location: "/v1/users/info", times: 5 });
  await getUserInfo(it.client);
  assertEquals(palette.requests.length, 6);
  palette.inject({ kind: "redirect", location: "/v1/users/info", times: 6 });
  await assertRejects(() => getUserInfo(it.client), ApiError, "redirects to");
});

Deno.test("a POST is never redirected", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({ kind: "redirect", status: 307, location: "/v1/dashboard/projects" });
  await assertRejects(() => listProjects(it.client), ApiError, "redirects to");
  assertEquals(palette.requests.length, 1);
});

Deno.test("nobody listening is a network error", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  using it = await testClient(`http://127.0.0.1:${port}`);
  const error = await assertRejects(() => it.client.call(INFO), UserError);
  assertEquals(error.message, `Cannot reach http://127.0.0.1:${port}: connection refused`);
  assertEquals(error.code, "network");
});

Deno.test("more than the burst waits for its turn, a group of paths at a time", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  for (let at = 0; at < 50; at++) await getUserInfo(it.client);
  assertEquals(it.clock.sleeps, []);
  await listOrganizations(it.client);
  assertEquals(it.clock.sleeps, []);
  await getUserInfo(it.client);
  await getUserInfo(it.client);
  assertEquals(it.clock.sleeps, [100, 100]);
});

Deno.test("the clusters' paths may be asked more often", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  const request = { method: "GET", path: "/v1/spectroclusters/x" };
  palette.inject({ kind: "answer", body: {}, times: Infinity });
  for (let at = 0; at < 251; at++) await it.client.call(request);
  assertEquals(it.clock.sleeps, [20]);
});

Deno.test("listProjects() ends when the server repeats itself", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  const page = { items: [], listmeta: { continue: "again" } };
  palette.inject({ kind: "answer", body: page, times: Infinity });
  assertEquals(await listProjects(it.client), []);
  assertEquals(palette.requests.length, 2);
});

Deno.test("listProjects() takes a missing listmeta for the last page", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url);
  palette.inject({ kind: "answer", body: { items: [] } });
  assertEquals(await listProjects(it.client), []);
});

Deno.test("isTenantAdmin() tells by what the user may do", async () => {
  await using palette = await startFakePalette();
  using admin = await testClient(palette.url);
  using user = await testClient(palette.url, { apiKey: USER_KEY });
  assertEquals([await isTenantAdmin(admin.client), await isTenantAdmin(user.client)], [
    true,
    false,
  ]);
});

for (const status of [401, 403, 404]) {
  Deno.test(`a banner or version that answers ${status} is none`, async () => {
    await using palette = await startFakePalette();
    using it = await testClient(palette.url);
    palette.inject({ kind: "status", status, times: 2 });
    assertEquals(await getSystemBanner(it.client), null);
    assertEquals(await getServerVersion(it.client), null);
  });
}

Deno.test("a key that the server echoes reaches no message unredacted by the command line", async () => {
  const { Home } = await import("../support/home.ts");
  await using palette = await startFakePalette();
  await using home = await Home.make();
  palette.inject({
    kind: "status",
    status: 400,
    path: "/v1/users/info",
    body: { message: `bad key ${ADMIN_KEY}, ${btoa(`x:${ADMIN_KEY}`)}` },
  });
  const result = await home.run(["login", "--console-url", palette.url, "--log-level", "trace"], {
    env: { PALETTE_API_KEY: ADMIN_KEY },
  });
  assertEquals(result.status, 1);
  assert(!result.stderr.includes(ADMIN_KEY));
  assertStringIncludes(result.stderr, "[redacted]");
});
