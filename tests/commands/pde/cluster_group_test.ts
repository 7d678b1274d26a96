import { assertEquals, assertStringIncludes } from "@std/assert";
import { startFakePalette } from "../../support/palette/fake_palette.ts";
import { DEV_PROJECT, STAGING_PROJECT } from "../../support/palette/state.ts";
import { errorOf, Home } from "../../support/home.ts";

const LIST = ["pde", "cluster-group", "list"];
const SWITCH = ["pde", "cluster-group", "switch"];
const SHARED = { name: "shared", uid: "635669ba4583891d109fe6c2", scope: "tenant" };
const SYSTEM = { name: "beehive", uid: "635669ba4583891d109fe6c1", scope: "system" };
const OF_PROJECT = { name: "beehive", uid: "635669ba4583891d109fe6c0", scope: "project" };

async function world() {
  const palette = await startFakePalette();
  const home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT, clusterGroup: SHARED });
  return {
    palette,
    home,
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await palette[Symbol.asyncDispose]();
    },
  };
}

Deno.test("cluster-group list prints name and scope, the scope last", async () => {
  await using it = await world();
  const { stdout, stderr, status } = await it.home.run(LIST);
  assertEquals(
    stdout,
    "NAME     SCOPE\nbeehive  project\nbeehive  system\nshared   tenant\n",
  );
  assertEquals({ stderr, status }, { stderr: "", status: 0 });
  const [request] = it.palette.requests.filter(({ path }) => path.startsWith("/v1/clustergroups"));
  assertEquals(request?.headers.get("projectuid"), DEV_PROJECT.uid);
});

Deno.test("cluster-group list --wide keeps the scope in the last cell", async () => {
  await using it = await world();
  const { stdout } = await it.home.run([...LIST, "--wide"]);
  assertEquals(
    stdout,
    "NAME     ACTIVE  CPU  MEMORY-GB  STORAGE-GB  SCOPE\n" +
      "beehive  -       12   12         20          project\n" +
      "beehive  -       12   12         20          system\n" +
      "shared   *       12   12         20          tenant\n",
  );
});

Deno.test("cluster-group list -o json has limits, and what is active", async () => {
  await using it = await world();
  const { stdout } = await it.home.run([...LIST, "-o", "json"]);
  const { items, count } = JSON.parse(stdout);
  assertEquals(count, 3);
  assertEquals(items[2], {
    ...SHARED,
    active: true,
    limits: { cpu: 12, memory: 12, storage: 20 },
  });
});

Deno.test("cluster-group list leaves out what the tenant hides", async () => {
  await using it = await world();
  it.palette.state.hidesSystemGroups = true;
  const { stdout } = await it.home.run(LIST);
  assertEquals(stdout, "NAME     SCOPE\nbeehive  project\nshared   tenant\n");
});

Deno.test("cluster-group list --project looks into another project", async () => {
  await using it = await world();
  const { stdout } = await it.home.run([...LIST, "--project", "staging"]);
  assertEquals(stdout, "NAME     SCOPE\nbeehive  system\nshared   tenant\n");
});

Deno.test("cluster-group list says when there is none", async () => {
  await using it = await world();
  it.palette.state.clusterGroups = [];
  const { stdout, stderr, status } = await it.home.run(LIST);
  assertEquals({ stdout, stderr, status }, {
    stdout: "NAME  SCOPE\n",
    stderr: "Note: No Cluster Groups found\n",
    status: 0,
  });
});

Deno.test("cluster-group switch writes the group and nothing else, without a passphrase", async () => {
  await using it = await world();
  const before = await it.home.config();
  const result = await it.home.run([...SWITCH, "--name", "beehive", "--scope", "system"]);
  assertEquals(result.stdout, "Switched to Cluster Group beehive (system)\n");
  assertEquals(
    await it.home.config(),
    before.replace('"shared"', '"beehive"').replace(SHARED.uid, SYSTEM.uid)
      .replace('clusterGroupScope: "tenant"', 'clusterGroupScope: "system"'),
  );
});

Deno.test("cluster-group switch takes org for tenant, and a uid for a name", async () => {
  await using it = await world();
  const org = await it.home.run([...SWITCH, "--name", "shared", "--scope", "org", "-o", "json"]);
  assertEquals(JSON.parse(org.stdout), { clusterGroup: SHARED });
  const uid = await it.home.run([...SWITCH, "--uid", OF_PROJECT.uid, "-o", "json"]);
  assertEquals(JSON.parse(uid.stdout), { clusterGroup: OF_PROJECT });
});

Deno.test("cluster-group switch without a scope takes the nearest of a name", async () => {
  await using it = await world();
  const { stdout } = await it.home.run([...SWITCH, "--name", "beehive", "-o", "json"]);
  assertEquals(JSON.parse(stdout), { clusterGroup: OF_PROJECT });
});

Deno.test("cluster-group switch without a name offers a list at a terminal", async () => {
  await using it = await world();
  const answers = [{ kind: "select" as const, label: "Cluster Group", answer: SYSTEM.uid }];
  const { stdout, prompter } = await it.home.run(SWITCH, { answers });
  assertEquals(stdout, "Switched to Cluster Group beehive (system)\n");
  const [question] = prompter.questions;
  assertEquals(question?.kind === "select" && question.options.map(({ label }) => label), [
    "beehive (project)",
    "beehive (system)",
    "shared (tenant)",
  ]);
});

for (
  const [title, args, env, code, message] of [
    ["without a name", [], {}, "usage", "--name is required when not running interactively"],
    [
      "for an unknown name",
      ["--name", "beehiv"],
      {},
      "not-found",
      'Cluster Group "beehiv" not found in project "dev-team"',
    ],
    [
      "for a scope that is none",
      ["--name", "beehive", "--scope", "all"],
      {},
      "usage",
      '--scope must be one of project, tenant, system, org, not "all"',
    ],
    [
      "for an unknown project",
      ["--name", "beehive", "--project", "nowhere"],
      {},
      "not-found",
      'Project "nowhere" of --project not found',
    ],
    [
      "for name and uid",
      ["--name", "beehive", "--uid", SYSTEM.uid],
      {},
      "usage",
      'Option "--uid" conflicts with option "--name"',
    ],
    [
      "when the session has no file",
      ["--name", "beehive"],
      { PALETTE_API_KEY: "c0ffee00admin/key+of=the&tests", PALETTE_PROJECT: "dev-team" },
      "usage",
      "The session comes from PALETTE_API_KEY, no file says what is active",
    ],
  ] as const
) {
  Deno.test(`cluster-group switch changes nothing ${title}`, async () => {
    await using it = await world();
    const before = await it.home.config();
    const result = await it.home.run([...SWITCH, ...args, "-o", "json"], {
      env: { PALETTE_CONSOLE_URL: it.palette.url, ...env },
    });
    assertEquals(result.status, 1);
    assertEquals(result.stdout, "");
    assertEquals({ code: errorOf(result)["code"], message: errorOf(result)["message"] }, {
      code,
      message,
    });
    assertEquals(await it.home.config(), before);
  });
}

Deno.test("an inactive group counts as not found", async () => {
  await using it = await world();
  for (const group of it.palette.state.clusterGroups) group.isInactive = true;
  const result = await it.home.run([...SWITCH, "--name", "shared"]);
  assertEquals(result.status, 1);
  assertStringIncludes(result.stderr, 'Cluster Group "shared" not found');
  assertStringIncludes(result.stderr, "not active");
});

Deno.test("without an active project the commands of pde say what to do", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(LIST);
  assertEquals(result.status, 1);
  assertEquals(
    result.stderr.split("\n").slice(0, 2),
    ["Error: no project is active", "Hint: Run palette project switch, or pass --project"],
  );
  const other = await home.run([...LIST, "--project", STAGING_PROJECT.uid]);
  assertEquals(other.status, 0);
});
