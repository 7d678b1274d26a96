import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startFakePalette } from "../../support/palette/fake_palette.ts";
import {
  ADMIN_KEY,
  DEFAULT_PROJECT,
  DEV_PROJECT,
  STAGING_PROJECT,
  USER_KEY,
} from "../../support/palette/state.ts";
import { errorOf, Home } from "../../support/home.ts";

const NO_PASSPHRASE = { PALETTE_ENCRYPTION_PASSWORD: undefined };

Deno.test("project list prints a table that scripts can read, sorted, the active one marked", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  const result = await home.run(["project", "list"]);
  assertEquals(
    result.stdout,
    "NAME      ACTIVE  UID\n" +
      "Default   -       6342eab2faa0813ead9082e0\n" +
      "dev-team  *       6342eab2faa0813ead9082e1\n" +
      "staging   -       6342eab2faa0813ead9082e2\n",
  );
  assertEquals(result.derivations, 1);
});

Deno.test("project list -o json has descriptions and tags", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const { stdout } = await home.run(["project", "list", "-o", "json"]);
  const { items, count } = JSON.parse(stdout);
  assertEquals(count, 3);
  assertEquals(items[0], {
    ...DEFAULT_PROJECT,
    description: "Where everybody starts",
    tags: ["legacy", "owner:platform"],
    active: false,
  });
});

Deno.test("project list reads every page", async () => {
  await using palette = await startFakePalette();
  palette.state.projects = Array.from({ length: 120 }, (_, at) => ({
    uid: at.toString(16).padStart(24, "0"),
    name: `project-${String(at).padStart(3, "0")}`,
    description: "",
    labels: {},
  }));
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const { stdout } = await home.run(["project", "list", "--format", "json"]);
  assertEquals(JSON.parse(stdout).count, 120);
  assertEquals(palette.requests.map(({ query }) => query.get("continue")), [
    null,
    "page-50",
    "page-100",
  ]);
});

Deno.test("project list prints only the header when there is none, and says so", async () => {
  await using palette = await startFakePalette();
  palette.state.projects = [];
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["project", "list"]);
  assertEquals(result.stdout, "NAME  ACTIVE  UID\n");
  assertEquals(result.stderr, "Note: there is no project that you can see\n");
});

Deno.test("project list cannot be made to write to the terminal", async () => {
  await using palette = await startFakePalette();
  palette.state.projects = [{
    uid: "6342eab2faa0813ead9082e9",
    name: "\x1b]0;owned\x07evil\u009b31m\u202Egnp\nsecond line",
    description: "",
    labels: {},
  }];
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const table = await home.run(["project", "list"]);
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(table.stdout), false);
  assertEquals(table.stdout.split("\n").length, 3);
  const json = await home.run(["project", "list", "-o", "json"]);
  assertEquals(JSON.parse(json.stdout).items[0].name, palette.state.projects[0]?.name);
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(json.stdout), false);
});

Deno.test("project switch writes the project and nothing else, without a passphrase for writing", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  const before = await home.config();
  const result = await home.run(["project", "switch", "--name", "staging"]);
  assertEquals(result.stdout, "Switched to project staging\n");
  assertEquals(
    await home.config(),
    before.replace('projectName: "dev-team"', 'projectName: "staging"')
      .replace(DEV_PROJECT.uid, STAGING_PROJECT.uid),
  );
});

Deno.test("project switch tells JSON what was active", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const args = ["project", "switch", "-o", "json"];
  const first = await home.run([...args, "--name", "dev-team"]);
  assertEquals(JSON.parse(first.stdout), { project: DEV_PROJECT, previous: null });
  const second = await home.run([...args, "--uid", STAGING_PROJECT.uid]);
  assertEquals(JSON.parse(second.stdout), { project: STAGING_PROJECT, previous: DEV_PROJECT });
});

for (
  const [name, scope, stays] of [
    ["beehive", "project", false],
    ["shared", "tenant", true],
    ["beehive", "system", true],
  ] as const
) {
  Deno.test(`project switch ${stays ? "keeps" : "clears"} a cluster group of scope ${scope}`, async () => {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    const clusterGroup = { name, scope, uid: "635669ba4583891d109fe6c0" };
    await home.seed({ endpoint: palette.url, project: DEV_PROJECT, clusterGroup });
    await home.run(["project", "switch", "--name", "staging"]);
    const { stdout } = await home.run(["project", "current", "-o", "json"]);
    assertEquals(JSON.parse(stdout).clusterGroup, stays ? clusterGroup : null);
  });
}

Deno.test("project switch names what is near, and writes nothing", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  const before = await home.config();
  const result = await home.run(["project", "switch", "--name", "stagng", "-o", "json"]);
  assertEquals(result.status, 1);
  assertEquals(errorOf(result), {
    code: "not-found",
    message: 'Project "stagng" not found',
    hint: 'Did you mean "staging"?',
    status: null,
    logFile: `${home.workspace}/logs/palette.log`,
  });
  assertEquals(await home.config(), before);
});

Deno.test("project switch without a name shows a list, the active one first chosen", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  const result = await home.run(["project", "switch"], {
    answers: [{ kind: "select", label: "Spectro Cloud Project", answer: STAGING_PROJECT.uid }],
  });
  assertEquals(result.stdout, "Switched to project staging\n");
  const [question] = result.prompter.questions;
  assert(question?.kind === "select");
  assertEquals(question.default, DEV_PROJECT.uid);
  assertEquals(question.options.map(({ label }) => label), [
    "None (TenantAdmin)",
    "Default",
    "dev-team",
    "staging",
  ]);
});

Deno.test("project switch --name shows the projects that contain it", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["project", "switch", "--name", "TEAM"], {
    answers: [{ kind: "select", label: "Spectro Cloud Project", answer: DEV_PROJECT.uid }],
  });
  const [question] = result.prompter.questions;
  assert(question?.kind === "select");
  assertEquals(question.options.map(({ label }) => label), ["dev-team"]);
});

Deno.test("project switch needs a name when it cannot ask", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["project", "switch"]);
  assertEquals(result.status, 1);
  assertStringIncludes(result.stderr, "--name is required when not running interactively");
});

Deno.test("project switch shows no list to somebody who sees no project", async () => {
  await using palette = await startFakePalette();
  for (const user of palette.state.users) user.projectUids = [];
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, apiKey: USER_KEY });
  const before = await home.config();
  const result = await home.run(["project", "switch", "-o", "json"], { answers: [] });
  assertEquals(errorOf(result), {
    code: "not-found",
    message: "There is no project that you can see",
    hint: "Ask a tenant administrator to add you to a project",
    status: null,
    logFile: `${home.workspace}/logs/palette.log`,
  });
  assertEquals([result.status, result.stdout, await home.config()], [1, "", before]);
});

Deno.test("project switch offers the tenant's scope alone when there is no project", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  palette.state.projects = [];
  const result = await home.run(["project", "switch"], {
    answers: [{ kind: "select", label: "Spectro Cloud Project", answer: "" }],
  });
  assertEquals(result.stdout, "Deactivated project dev-team; scope is now tenant\n");
  const [question] = result.prompter.questions;
  assert(question?.kind === "select");
  assertEquals(question.options, [{ value: "", label: "None (TenantAdmin)" }]);
});

Deno.test("project deactivate goes back to the tenant's scope", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  const result = await home.run(["project", "deactivate"]);
  assertEquals(result.stdout, "Deactivated project dev-team; scope is now tenant\n");
  const { stdout } = await home.run(["project", "current", "-o", "json"]);
  assertEquals(JSON.parse(stdout), { ...JSON.parse(stdout), scope: "tenant", project: null });
  assertEquals(palette.requests.map(({ method, path }) => `${method} ${path}`), ["GET /v1/users"]);
});

Deno.test("project deactivate is for tenant administrators", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT, apiKey: USER_KEY });
  const before = await home.config();
  const result = await home.run(["project", "deactivate", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "forbidden");
  assertEquals(await home.config(), before);
});

Deno.test("project deactivate says when there is nothing to do, and asks nobody", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["project", "deactivate"], { env: NO_PASSPHRASE });
  assertEquals(result, { ...result, status: 0, stdout: "No project is active; scope is tenant\n" });
  assertEquals(palette.requests, []);
});

Deno.test("project current needs neither network nor passphrase", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  const result = await home.run(["project", "current"], { env: NO_PASSPHRASE });
  assertMatch(result.stdout, /^Project: +dev-team$/m);
  assertEquals(result.derivations, 0);
  assertEquals(palette.requests, []);
});

for (const args of [["list"], ["switch", "--name", "x"], ["current"], ["deactivate"]]) {
  Deno.test(`project ${args[0]} needs a login, and leaves no file behind`, async () => {
    await using home = await Home.make();
    const result = await home.run(["project", ...args, "-o", "json"]);
    assertEquals(result.status, 1);
    assertEquals(errorOf(result)["code"], "not-logged-in");
    assertEquals(await home.files(), []);
  });
}

Deno.test("pde project is the same command", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  assertEquals(
    (await home.run(["pde", "project", "switch", "--name", "staging"])).stdout,
    "Switched to project staging\n",
  );
  assertEquals(
    (await home.run(["pde", "project", "list"])).stdout,
    (await home.run(["project", "list"])).stdout,
  );
});

Deno.test("project switch encrypts a key that was typed by hand, and says so", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await Deno.mkdir(home.workspace, { mode: 0o700 });
  const text = `paletteConfig: { mgmt: { apikey: "${ADMIN_KEY}", endpoint: "${palette.url}" } }\n`;
  await Deno.writeTextFile(home.configFile, text, { mode: 0o600 });
  const result = await home.run(["project", "switch", "--name", "staging"]);
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "is plain text; the next write encrypts it");
  assertEquals((await home.config()).includes(ADMIN_KEY), false);
  assertEquals((await home.run(["whoami"])).status, 0);
});

Deno.test("project switch encrypts a password that was typed by hand, and says so", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const scar = "  scarConfig: { scarLoc: https://scar.example.com, scarPassword: typed }\n";
  await Deno.writeTextFile(
    home.configFile,
    (await home.config()).replace(/^ {2}mgmt:$/m, `${scar}$&`),
  );
  const result = await home.run(["project", "switch", "--name", "staging"]);
  assertEquals(
    result.stderr,
    `Note: /paletteConfig/scarConfig/scarPassword in "${home.configFile}" was plain text and is encrypted now\n`,
  );
  assertMatch(await home.config(), /scarPassword: "enc:v1:/);
});
