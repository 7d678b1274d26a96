import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type FakePalette, startFakePalette } from "./fake_palette.ts";
import { ADMIN_KEY, DEFAULT_PROJECT, DEV_PROJECT, EXPIRED_KEY, USER_KEY } from "./state.ts";

interface Ask {
  method?: string;
  path: string;
  key?: string | null;
  headers?: Record<string, string>;
  body?: string;
}

async function ask(
  palette: FakePalette,
  { method = "GET", path, key = ADMIN_KEY, headers, body }: Ask,
) {
  const response = await fetch(`${palette.url}${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(key === null ? {} : { ApiKey: key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const json = text.startsWith("{") ? JSON.parse(text) : null;
  return { status: response.status, text, json };
}

const PROJECTS = "/v1/dashboard/projects";

const REFUSED: [string, Ask, number, string][] = [
  ["no credentials", { path: "/v1/users/info", key: null }, 401, "Unauthorized"],
  ["an unknown key", { path: "/v1/users/info", key: "x" }, 401, "InvalidApiKey"],
  ["an expired key", { path: "/v1/users/info", key: EXPIRED_KEY }, 401, "ApiKeyExpired"],
  ["an unknown query parameter", { path: "/v1/users/info?x=1" }, 400, "InvalidQuery"],
  ["limit=0", { path: "/v1/users?limit=0" }, 400, "InvalidQuery"],
  ["a limit above 50", { path: "/v1/users?limit=51" }, 400, "InvalidQuery"],
  ["a missing body", { method: "POST", path: PROJECTS }, 400, "MissingBody"],
  [
    "an unknown field of a body",
    { method: "POST", path: PROJECTS, body: '{"x":1}' },
    400,
    "InvalidBody",
  ],
  [
    "a field of another type",
    { method: "POST", path: PROJECTS, body: '{"filter":1}' },
    400,
    "InvalidBody",
  ],
  [
    "another content type",
    { method: "POST", path: PROJECTS, body: "{}", headers: { "content-type": "text/plain" } },
    415,
    "UnsupportedMediaType",
  ],
  [
    "a body that nobody asked for",
    { method: "POST", path: "/v1/users/info", body: "{}" },
    405,
    "NotInSpec",
  ],
  ["a method of a sibling path", { method: "DELETE", path: "/v1/users/info" }, 405, "NotInSpec"],
  ["a path that nobody modelled", { path: "/v1/spectroclusters" }, 501, "NotModelled"],
  ["a path outside the API", { path: "/favicon.ico" }, 404, "NotFound"],
  [
    "ProjectUid where it does not belong",
    { path: "/v1/users/info", headers: { ProjectUid: DEV_PROJECT.uid } },
    400,
    "UnexpectedProjectUid",
  ],
  [
    "an unknown ProjectUid",
    { path: "/v1/clustergroups/hostCluster/metadata", headers: { ProjectUid: "x" } },
    400,
    "InvalidProjectUid",
  ],
  [
    "a ProjectUid of others",
    {
      path: "/v1/clustergroups/hostCluster/metadata",
      key: USER_KEY,
      headers: { ProjectUid: DEFAULT_PROJECT.uid },
    },
    403,
    "OperationForbidden",
  ],
  [
    "the users to one who is no administrator",
    { path: "/v1/users", key: USER_KEY },
    403,
    "OperationForbidden",
  ],
  ["another tenant's banner", { path: "/v1/tenants/x/loginBanner" }, 404, "ResourceNotFound"],
  ["an unknown project", { path: "/v1/projects/x" }, 404, "ResourceNotFound"],
  [
    "the version to an API key",
    { path: "/v1/system/version/installed" },
    403,
    "OperationForbidden",
  ],
];

for (const [name, request, status, code] of REFUSED) {
  Deno.test(`the fake Palette refuses ${name}`, async () => {
    await using palette = await startFakePalette();
    const answer = await ask(palette, request);
    assertEquals([answer.status, answer.json.code], [status, code]);
  });
}

for (const path of ["/v1/health/ping", "/v1/auth/org", "/v1/system/loginBanner"]) {
  Deno.test(`the fake Palette answers ${path} without credentials`, async () => {
    await using palette = await startFakePalette();
    assertEquals((await ask(palette, { path, key: null })).status, 200);
  });
}

Deno.test("the fake Palette shows each user what that user may see", async () => {
  await using palette = await startFakePalette();
  const path = "/v1/dashboard/projects/metadata";
  assertEquals((await ask(palette, { path })).json.items.length, 3);
  assertEquals((await ask(palette, { path, key: USER_KEY })).json.items.length, 2);
  assertEquals((await ask(palette, { path: `${path}?name=staging` })).json.items.length, 1);
});

Deno.test("the fake Palette filters without regard to case, unless asked", async () => {
  await using palette = await startFakePalette();
  const filter = (name: unknown) =>
    ask(palette, { method: "POST", path: PROJECTS, body: JSON.stringify({ filter: { name } }) });
  assertEquals((await filter({ eq: "DEFAULT" })).json.items.length, 1);
  assertEquals((await filter({ eq: "DEFAULT", ignoreCase: false })).json.items.length, 0);
  assertEquals((await filter({ beginsWith: "dev" })).json.items.length, 1);
  assertEquals((await filter({ contains: "a", ne: "staging" })).json.items.length, 2);
});

Deno.test("the fake Palette cuts lists into pages", async () => {
  await using palette = await startFakePalette();
  const page = (query: string) =>
    ask(palette, { method: "POST", path: `${PROJECTS}?${query}`, body: "{}" });
  const first = await page("limit=2");
  assertEquals(first.json.listmeta, { continue: "page-2", count: 3, limit: 2, offset: 2 });
  const last = await page(`limit=2&continue=${first.json.listmeta.continue}`);
  assertEquals([last.json.items.length, last.json.listmeta.continue], [1, ""]);
});

Deno.test("the fake Palette records what arrives", async () => {
  await using palette = await startFakePalette();
  await ask(palette, { method: "POST", path: `${PROJECTS}?limit=5`, body: '{"sort":[]}' });
  const [request] = palette.requests;
  assertEquals(
    [request?.method, request?.path, request?.query.get("limit"), request?.body],
    ["POST", PROJECTS, "5", { sort: [] }],
  );
  assertEquals(request?.headers.get("apikey"), ADMIN_KEY);
});

Deno.test("an answer that does not fit its own schema fails the test that saw it", async () => {
  const palette = await startFakePalette();
  palette.state.tenant.orgName = 7 as unknown as string;
  assertEquals((await ask(palette, { path: "/v1/users/info" })).json.code, "FakeBug");
  await assertRejects(() => palette[Symbol.asyncDispose](), Error, "v1UsersInfoGet");
});

const INFO = "/v1/users/info";

Deno.test("faults hit what they name, as often as they say, in order", async () => {
  await using palette = await startFakePalette();
  palette.inject({ kind: "status", status: 503, path: INFO, times: 2 });
  palette.inject({ kind: "html", method: "GET", path: INFO });
  assertEquals((await ask(palette, { path: "/v1/health/ping" })).status, 200);
  const statuses = [];
  for (let at = 0; at < 4; at++) {
    statuses.push((await ask(palette, { path: INFO })).text.slice(0, 15));
  }
  assertEquals(statuses.map((text) => text.startsWith('{"code":"Inject')), [
    true,
    true,
    false,
    false,
  ]);
  assertStringIncludes(statuses[2] ?? "", "<!doctype html>");
});

Deno.test("a reset is a broken connection", async () => {
  await using palette = await startFakePalette();
  palette.inject({ kind: "reset" });
  await assertRejects(() => ask(palette, { path: INFO }), TypeError);
});

Deno.test("other faults answer what they promise", async () => {
  await using palette = await startFakePalette();
  palette.inject({ kind: "invalid-json" });
  assertMatch(await fetch(`${palette.url}${INFO}`).then((it) => it.text()), /^\{"items": \[$/);
  palette.inject({ kind: "wrong-type" });
  const wrong = await fetch(`${palette.url}${INFO}`);
  assertEquals(wrong.headers.get("content-type"), "text/plain");
  await wrong.body?.cancel();
  palette.inject({ kind: "redirect", location: "https://elsewhere.example.com/" });
  const redirect = await fetch(`${palette.url}${INFO}`, { redirect: "manual" });
  assertEquals(redirect.headers.get("location"), "https://elsewhere.example.com/");
  await redirect.body?.cancel();
  palette.inject({ kind: "huge", bytes: 3 * 1024 * 1024 });
  assertEquals((await ask(palette, { path: INFO })).text.length, 3 * 1024 * 1024);
  palette.inject({ kind: "answer", status: 202, body: { a: 1 } });
  assertEquals((await ask(palette, { path: INFO })).json, { a: 1 });
});
