/** Builds use what Palette knows of its registries, after every other login, and nowhere else. */

import { assertEquals } from "@std/assert";
import { startContentRegistry } from "../../support/content_registry.ts";
import { startGuardedServer } from "../../support/guarded_server.ts";
import { errorOf } from "../../support/home.ts";
import { MemoryContent } from "../../support/memory_content.ts";
import { tarGzipOf } from "../../support/pack_folder.ts";
import { clusterProfile, profilePack } from "../../support/palette/content_state.ts";
import { registryOf } from "../../support/palette/operations/registries.ts";
import type { PaletteState } from "../../support/palette/state.ts";
import { World } from "../../support/world.ts";

const BUILD = [
  ...["--profiles", "infra", "--no-include-service-images", "--name", "b", "--output", "/OUT"],
];
const LOGIN = "robot:Sekr3t-of-Palette";

function login(text: string): { type: "basic"; username: string; password: string } {
  const [username = "", password = ""] = text.split(":");
  return { type: "basic", username, password };
}

/** A registry with an image `app/web:1` that only a login sees. */
async function startGuardedRegistry(wanted = LOGIN) {
  const content = new MemoryContent();
  const web = await content.putImage(["web".repeat(1000)]);
  const inner = await startContentRegistry(content, [
    { repository: "app/web", tag: "1", descriptor: web },
  ]);
  const guard = startGuardedServer((given) => given === wanted, async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    return await fetch(`http://${inner.host}${pathname}${search}`, {
      method,
      headers: { accept: headers.get("accept") ?? "*/*" },
    });
  });
  return {
    ...guard,
    async [Symbol.asyncDispose]() {
      await guard[Symbol.asyncDispose]();
      await inner[Symbol.asyncDispose]();
    },
  };
}

function makeWorld(values: string, registries: PaletteState["registries"]): Promise<World> {
  return World.make(["content", "build"], {
    clusterProfiles: [
      clusterProfile("edge-infra", {
        uid: "infra",
        type: "infra",
        packs: [profilePack("edge-k3s", { layer: "k8s", values })],
      }),
    ],
    registries,
  });
}

function imagesAt(...hosts: string[]): string {
  return `pack: {content: {images: [${
    hosts.map((host) => `'${host}/bundle/app/web:1'`).join(", ")
  }]}}`;
}

function run(it: World, extra: string[] = [], env: Record<string, string> = {}) {
  const args = BUILD.map((word) => word === "/OUT" ? `${it.home.root}/out` : word);
  return it.run([...args, "--format", "json", ...extra], { env });
}

/** What of its registries Palette was asked for. */
function asked({ palette }: World): string[] {
  return palette.requests.map(({ path }) => path)
    .filter((path) => path.startsWith("/v1/registries/") && path !== "/v1/registries/oci/image");
}

Deno.test("an image comes from a registry whose login only Palette knows", async () => {
  await using registry = await startGuardedRegistry();
  const known = registryOf("basic", "ours", {
    endpoint: `http://${registry.host}`,
    auth: login(LOGIN),
  });
  const other = registryOf("basic", "other", {
    endpoint: "https://other.example.com",
    auth: login("other:Secret-9"),
  });
  await using it = await makeWorld(imagesAt(registry.host), [known, other]);
  const { status, stdout, stderr } = await run(it);
  assertEquals([status, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout).items, 2);
  // What nobody asks for is not read, and the lists are read once.
  assertEquals(asked(it).sort(), [
    "/v1/registries/helm/summary",
    `/v1/registries/oci/${known.uid}/basic`,
    "/v1/registries/oci/summary",
  ]);
  assertEquals([...new Set(registry.logins)], [null, LOGIN]);
});

Deno.test("no other host gets the login of a registry that Palette knows", async () => {
  await using registry = await startGuardedRegistry();
  await using stranger = await startGuardedRegistry();
  const known = registryOf("basic", "ours", {
    endpoint: `http://${registry.host}`,
    auth: login(LOGIN),
  });
  await using it = await makeWorld(imagesAt(registry.host, stranger.host), [known]);
  const result = await run(it);
  const { code, message, hint } = errorOf(result);
  assertEquals([result.status, result.stdout, code, message, hint], [
    1,
    "",
    "credentials",
    `Cannot fetch 1 of the items: ${stranger.host}/bundle/app/web:1 (pack:edge-k3s): ` +
    `Cannot read ${stranger.host}/bundle/app/web:1: ${stranger.host} wants credentials`,
    `Run palette content registry-login --registry ${stranger.host}`,
  ]);
  assertEquals([...new Set(stranger.logins)], [null]);
});

Deno.test("a stored login comes before that of Palette, right or wrong", async () => {
  await using registry = await startGuardedRegistry("mine:Own-Login-1");
  const known = registryOf("basic", "ours", {
    endpoint: `http://${registry.host}`,
    auth: login(LOGIN),
  });
  await using it = await makeWorld(imagesAt(registry.host), [known]);
  const docker = `${it.home.root}/docker`;
  await Deno.mkdir(docker);
  for (const [own, status] of [["mine:Own-Login-1", 0], ["mine:wrong", 1]] as const) {
    const auths = { [registry.host]: { auth: btoa(own) } };
    await Deno.writeTextFile(`${docker}/config.json`, JSON.stringify({ auths }));
    registry.logins.length = 0;
    const result = await run(it, ["--no-cache"], { DOCKER_CONFIG: docker });
    assertEquals([result.status, [...new Set(registry.logins)]], [status, [null, own]]);
    assertEquals(asked(it), []);
  }
});

Deno.test("charts of two repositories on one host come with the login of each", async () => {
  const chart = await tarGzipOf({ "redis/Chart.yaml": "name: redis\nversion: 1.0.0\n" });
  const users: Record<string, string> = { a: "a:Login-of-a-1", b: "b:Login-of-b-1" };
  await using server = startGuardedServer(
    (given, path) => given === users[path.split("/")[2] ?? ""],
    (request) =>
      request.url.endsWith(".tgz")
        ? new Response(chart)
        : new Response("entries: {redis: [{version: 1.0.0, urls: [redis-1.0.0.tgz]}]}\n"),
  );
  const repo = (name: string) => `http://${server.host}/helm/${name}`;
  const known = Object.entries(users).map(([name, text]) =>
    registryOf("helm", name, { endpoint: repo(name), auth: login(text) })
  );
  const charts = ["a", "b"].map((name) => `{repo: '${repo(name)}', name: redis, version: 1.0.0}`);
  await using it = await makeWorld(`pack: {content: {charts: [${charts.join(", ")}]}}`, known);
  const result = await run(it);
  assertEquals([result.status, result.stderr], [0, ""]);
  assertEquals(server.answered.sort(), [
    "GET /helm/a/index.yaml",
    "GET /helm/a/redis-1.0.0.tgz",
    "GET /helm/b/index.yaml",
    "GET /helm/b/redis-1.0.0.tgz",
  ]);
  assertEquals([...new Set(server.logins)].sort(), Object.values(users).sort());
});

for (
  const [what, auth] of [
    ["a password that Palette masks", { ...login(LOGIN), password: "********" }],
    ["no login at all", { type: "noAuth" as const }],
  ] as const
) {
  Deno.test(`${what} is not sent`, async () => {
    await using registry = await startGuardedRegistry();
    const known = registryOf("basic", "ours", { endpoint: `http://${registry.host}`, auth });
    await using it = await makeWorld(imagesAt(registry.host), [known]);
    const result = await run(it);
    assertEquals([result.status, errorOf(result)["code"]], [1, "credentials"]);
    assertEquals([...new Set(registry.logins)], [null]);
  });
}

Deno.test("who may not see the registries of Palette has none of their logins", async () => {
  await using registry = await startGuardedRegistry();
  await using it = await makeWorld(imagesAt(registry.host), []);
  for (const type of ["oci", "helm"]) {
    it.palette.inject({ kind: "status", status: 403, path: `/v1/registries/${type}/summary` });
  }
  const result = await run(it);
  assertEquals([result.status, errorOf(result)["code"]], [1, "credentials"]);
  assertEquals([...new Set(registry.logins)], [null]);
});
