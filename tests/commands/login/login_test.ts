import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { type FakePalette, startFakePalette } from "../../support/palette/fake_palette.ts";
import {
  ADMIN_KEY,
  DEV_PROJECT,
  EXPIRED_KEY,
  type PaletteUser,
  STAGING_PROJECT,
  USER_KEY,
} from "../../support/palette/state.ts";
import { errorOf, Home, OTHER_PASSPHRASE, PASSPHRASE } from "../../support/home.ts";
import type { HttpRequest } from "../../../lib/runtime/http.ts";
import { EndOfInput } from "../../../lib/runtime/prompter.ts";
import { TransportError } from "../../../lib/runtime/transport_error.ts";
import { Interrupted } from "../../../lib/errors.ts";
import { VERSION } from "../../../lib/version.ts";

/** The user whose key is the administrator's. */
function adminOf({ state }: FakePalette): PaletteUser {
  const [admin] = state.users;
  if (admin === undefined) throw new Error("no user");
  return admin;
}

const WELCOME = "Welcome to Spectro Cloud Palette\n";

Deno.test("login writes the session, the key as ciphertext, and says welcome", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const result = await home.run(["login", "--project", "dev-team", "--console-url", palette.url], {
    env: { PALETTE_API_KEY: ADMIN_KEY },
  });
  assertEquals(result, { ...result, status: 0, stdout: WELCOME, stderr: "" });
  const config = await home.config();
  assertNotMatch(config, /c0ffee/);
  assertMatch(config, /apikey: "enc:v1:[\w-]{60,}"/);
  assertMatch(config, /^ {2}projectName: dev-team$/m);
  assertMatch(config, /^ {2}scope: project$/m);
  assertMatch(config, /^ {2}organization: demo-org$/m);
  assertMatch(config, /\/paletteConfig\/mgmt\/apikey: "http:\/\/127\.0\.0\.1:\d+"/);
  assertEquals(((await Deno.stat(home.configFile)).mode ?? 0) & 0o777, 0o600);
  assertEquals(((await Deno.stat(home.workspace)).mode ?? 0) & 0o777, 0o700);
  assertEquals(await Deno.readTextFile(`${home.workspace}/.version`), `${VERSION}\n`);
});

Deno.test("login takes a workspace with a slash at its end for the same folder", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const folder = `${home.root}/other`;
  const result = await home.run(["-w", `${folder}/`, "login", "--console-url", palette.url], {
    env: { PALETTE_API_KEY: ADMIN_KEY },
  });
  assertEquals(result, { ...result, status: 0, stderr: "" });
  assertEquals(await Deno.readTextFile(`${folder}/.version`), `${VERSION}\n`);
  const config = await Deno.readTextFile(`${folder}/palette.yaml`);
  assertStringIncludes(config, `runLoc: "${folder}/"\nworkspaceLoc: "${folder}"\n`);
});

Deno.test("login derives one key", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const args = ["login", "--console-url", palette.url, "--ubuntu-pro-token", "C1ubuntutoken"];
  const result = await home.run(args, { env: { PALETTE_API_KEY: ADMIN_KEY } });
  assertEquals(result.derivations, 1);
  assertEquals((await home.config()).match(/enc:v1:/g)?.length, 2);
  assertEquals((await home.run([...args], { env: { PALETTE_API_KEY: ADMIN_KEY } })).derivations, 1);
});

Deno.test("login asks nothing of the server before the passphrase is settled", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const result = await home.run(["login", "--console-url", palette.url], {
    env: { PALETTE_API_KEY: ADMIN_KEY, PALETTE_ENCRYPTION_PASSWORD: "short" },
  });
  assertEquals(result.status, 1);
  assertStringIncludes(result.stderr, "at least 8 characters");
  assertStringIncludes(result.stderr, "has a capital letter");
  assertEquals(palette.requests, []);
  assertEquals(await home.files(), []);
});

Deno.test("login makes its requests in the documented order, in the tenant's scope", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.run(["login", "--project", "dev-team", "--console-url", palette.url], {
    env: { PALETTE_API_KEY: ADMIN_KEY },
  });
  assertEquals(palette.requests.slice(0, 4).map(({ path }) => path), [
    "/v1/health/ping",
    "/v1/users/info",
    "/v1/auth/orgs",
    "/v1/dashboard/projects/metadata",
  ]);
  assertEquals(palette.requests[0]?.headers.get("apikey"), null);
  assertEquals(palette.requests[1]?.headers.get("apikey"), ADMIN_KEY);
  for (const { headers } of palette.requests) assertEquals(headers.get("projectuid"), null);
});

Deno.test("login --format json tells everything that is active", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const result = await home.run([
    "login",
    "--format=json",
    "--console-url",
    `${palette.url}/v1/`,
    "--project",
    "dev-team",
    "--cluster-group-name",
    "beehive",
    "--cluster-group-scope",
    "project",
  ], { env: { PALETTE_API_KEY: ADMIN_KEY } });
  assertEquals(result.stderr, "");
  assertEquals(JSON.parse(result.stdout), {
    endpoint: palette.url,
    organization: "demo-org",
    tenantUid: palette.state.tenant.uid,
    scope: "project",
    project: { ...DEV_PROJECT },
    clusterGroup: { name: "beehive", uid: "635669ba4583891d109fe6c0", scope: "project" },
    configFile: home.configFile,
    dropped: [],
  });
});

interface Refused {
  name: string;
  args: string[];
  env?: Record<string, string>;
  stdin?: string;
  code: string;
  message: string | RegExp;
  hint?: string | RegExp;
  /** Of the answer that made it fail; none by default. */
  status?: number;
}

const REFUSED: Refused[] = [
  {
    name: "a wrong key",
    args: [],
    env: { PALETTE_API_KEY: "wrong" },
    code: "auth-invalid",
    message: /^Invalid API key for http:\/\/127\.0\.0\.1:\d+$/,
    status: 401,
  },
  {
    name: "an expired key",
    args: [],
    env: { PALETTE_API_KEY: EXPIRED_KEY },
    code: "auth-invalid",
    message: /^Invalid API key for .*: it has expired$/,
    status: 401,
  },
  {
    name: "a key with white space in it",
    args: [],
    env: { PALETTE_API_KEY: "copied badly" },
    code: "auth-invalid",
    message: /^Invalid API key/,
    hint: /white space/,
    status: 401,
  },
  {
    name: "a project that is not there",
    args: ["--project", "dev-tem"],
    code: "not-found",
    message: 'Project "dev-tem" not found or not accessible in organization "demo-org"',
    hint: 'Did you mean "dev-team"?',
  },
  {
    name: "a project of others",
    args: ["--project", "Default"],
    env: { PALETTE_API_KEY: USER_KEY },
    code: "not-found",
    message: /^Project "Default" not found or not accessible/,
    hint: 'There are "dev-team", "staging"',
  },
  {
    name: "an unknown organization",
    args: ["--org", "demo"],
    code: "not-found",
    message: 'Organization "demo" not found',
    hint: 'Did you mean "demo-org"?',
  },
  {
    name: "a cluster group that is not there",
    args: ["--cluster-group-name", "sharde", "--cluster-group-scope", "tenant"],
    code: "not-found",
    message: 'Cluster group "sharde" not found in scope "tenant"',
    hint: 'Did you mean "shared"?',
  },
  {
    name: "a cluster group of another scope",
    args: ["--cluster-group-name", "shared", "--cluster-group-scope", "system"],
    code: "not-found",
    message: 'Cluster group "shared" not found in scope "system"',
  },
  {
    name: "a scope that is none",
    args: ["--cluster-group-name", "x", "--cluster-group-scope", "galaxy"],
    code: "usage",
    message: '--cluster-group-scope must be one of project, tenant, system, not "galaxy"',
  },
  {
    name: "a cluster group without its scope",
    args: ["--cluster-group-name", "shared"],
    code: "usage",
    message: "--cluster-group-name and --cluster-group-scope need each other",
  },
  {
    name: "a scope without a cluster group",
    args: ["--cluster-group-scope", "tenant"],
    code: "usage",
    message: "--cluster-group-name and --cluster-group-scope need each other",
  },
  {
    name: "a project's cluster group without a project",
    args: ["--cluster-group-name", "beehive", "--cluster-group-scope", "project"],
    code: "usage",
    message: "--cluster-group-scope project needs --project",
  },
  {
    name: "two ways to give the key",
    args: ["--api-key", "a", "--api-key-file", "b"],
    code: "usage",
    message: "--api-key and --api-key-file cannot be used together",
  },
  {
    name: "two ways to trust",
    args: ["--insecure", "--ca-file", "b"],
    code: "usage",
    message: "--insecure and --ca-file cannot be used together",
  },
  {
    name: "a missing key file",
    args: ["--api-key-file", "/nonexistent/key"],
    code: "io",
    message: 'Cannot read "/nonexistent/key" of --api-key-file: no such file or folder',
  },
  {
    name: "an empty key on stdin",
    args: ["--api-key-file", "-"],
    stdin: "\n",
    code: "validation",
    message: "--api-key-file is empty",
  },
  {
    name: "a key that no header can carry",
    args: [],
    env: { PALETTE_API_KEY: "ab\u20ac" },
    code: "validation",
    message: "Cannot take what PALETTE_API_KEY holds for an API key: " +
      "it has a character that is not printable ASCII",
    hint: "Check how it was copied; an API key is one line of letters, digits and signs",
  },
  {
    name: "a key of several lines",
    args: ["--api-key-file", "-"],
    stdin: "first\nsecond\n",
    code: "validation",
    message: "Cannot take what --api-key-file holds for an API key: it has more than one line",
  },
  {
    name: "a key with a NUL",
    args: ["--api-key", "a\0b"],
    code: "validation",
    message: "Cannot take what --api-key holds for an API key: " +
      "it has a character that is not printable ASCII",
  },
  {
    name: "key and passphrase both from stdin",
    args: ["--api-key-file", "-", "--encryption-passphrase-file", "-"],
    stdin: "x\n",
    code: "usage",
    message: /both read standard input/,
  },
  {
    name: "an empty value",
    args: ["--org", ""],
    code: "usage",
    message: "--org needs a value that is not empty",
  },
  {
    name: "a missing CA file",
    args: ["--ca-file", "/nonexistent/ca.pem"],
    code: "io",
    message: 'Cannot read "/nonexistent/ca.pem" of --ca-file: no such file or folder',
  },
  {
    name: "a flag that is none",
    args: ["--projct", "x"],
    code: "usage",
    message: 'Unknown option "--projct"',
    hint: "Did you mean --project?",
  },
  {
    name: "a word too many",
    args: ["now"],
    code: "usage",
    message: 'No arguments allowed for command "palette login"',
  },
];

for (const { name, args, env, stdin, code, message, hint, status } of REFUSED) {
  Deno.test(`login refuses ${name}, and leaves the file of an earlier login alone`, async () => {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    await home.seed({ endpoint: palette.url });
    const before = await home.config();
    const result = await home.run(["login", "-o", "json", "--console-url", palette.url, ...args], {
      env: { PALETTE_API_KEY: ADMIN_KEY, ...env },
      ...(stdin === undefined ? {} : { stdin }),
    });
    const error = errorOf(result);
    assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
    assertEquals(error["code"], code);
    assertEquals(error["status"], status ?? null);
    if (typeof message === "string") assertEquals(error["message"], message);
    else assertMatch(String(error["message"]), message);
    if (typeof hint === "string") assertEquals(error["hint"], hint);
    else if (hint !== undefined) assertMatch(String(error["hint"]), hint);
    assertEquals(await home.config(), before);
    if (code === "validation") assertEquals(palette.requests, []);
  });
}

Deno.test("login asks again for a key that no header can carry", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const question = { kind: "secret", label: "Spectro Cloud API Key" } as const;
  const result = await home.run(["login", "--console-url", palette.url, "--project", "staging"], {
    answers: [
      { ...question, answer: " " },
      { ...question, answer: "ab\u20ac" },
      { ...question, answer: ADMIN_KEY },
    ],
  });
  assertEquals([result.status, result.stdout], [0, WELCOME], result.stderr);
  assertEquals(result.prompter.refusals, [
    "Not an API key: it is empty",
    "Not an API key: it has a character that is not printable ASCII",
  ]);
});

Deno.test("login tells what answered where no Palette is, and writes nothing", async () => {
  await using palette = await startFakePalette();
  palette.inject({ kind: "status", status: 404, path: "/v1/health/ping" });
  await using home = await Home.make();
  const result = await home.run(["login", "-o", "json", "--console-url", palette.url], {
    env: { PALETTE_API_KEY: ADMIN_KEY },
  });
  assertEquals(errorOf(result), {
    code: "api",
    message: `${palette.url} did not answer like a Palette API: status 404`,
    hint: "Check the console address",
    status: 404,
    logFile: null,
  });
  assertEquals([result.status, result.stdout, await home.files()], [1, "", []]);
});

const BAD_URLS: [string, string][] = [
  ["console.example.com", "must begin with https://"],
  ["ftp://console.example.com", "must begin with https://"],
  ["https://", "must begin with https://"],
  ["https://user:pw@console.example.com", "must not hold a user"],
  ["https://console.example.com/projects", "must not have a path"],
  ["https://console.example.com/?x=1", "must not hold a query"],
  ["https://console.example.com/#top", "must not hold a query"],
  ["http://console.example.com", "http sends the API key unencrypted"],
];

for (const [url, reason] of BAD_URLS) {
  Deno.test(`login refuses the address ${url}`, async () => {
    await using home = await Home.make();
    const result = await home.run(["login", "--console-url", url], {
      env: { PALETTE_API_KEY: ADMIN_KEY },
    });
    assertEquals(result.status, 1);
    assertStringIncludes(result.stderr, reason);
    assertNotMatch(result.stderr, /user:pw/);
    assertEquals(await home.files(), []);
  });
}

Deno.test("login lists all that is missing at once when it cannot ask", async () => {
  await using home = await Home.make();
  const result = await home.run(["login"], { env: { PALETTE_ENCRYPTION_PASSWORD: undefined } });
  assertEquals(result.status, 1);
  assertEquals(
    result.stderr,
    "Error: --api-key and --encryption-passphrase are required when not running interactively\n" +
      "Hint: Set PALETTE_API_KEY and PALETTE_ENCRYPTION_PASSWORD\n",
  );
  assertEquals(await home.files(), []);
});

for (
  const [name, options] of Object.entries({
    "--no-input": { args: ["--no-input"], env: {} },
    "CI=true": { args: [], env: { CI: "true" } },
    "PALETTE_NO_INPUT=1": { args: [], env: { PALETTE_NO_INPUT: "1" } },
  })
) {
  Deno.test(`login never asks with ${name}, even at a terminal`, async () => {
    await using home = await Home.make();
    const { args, env } = options;
    const result = await home.run(["login", ...args], { isTerminal: true, env });
    assertEquals(result.status, 1);
    assertStringIncludes(
      result.stderr,
      "--api-key is required when not running interactively",
    );
  });
}

Deno.test("login asks in the documented order", async () => {
  await using palette = await startFakePalette();
  palette.state.tenant.banner = { isEnabled: true, title: "Notice", message: "Be careful" };
  adminOf(palette).organizations = ["demo-org", "other-org"];
  await using home = await Home.make();
  const result = await home.run(["login"], {
    env: { PALETTE_ENCRYPTION_PASSWORD: undefined },
    answers: [
      { kind: "secret", label: "Encryption passphrase", answer: PASSPHRASE },
      { kind: "secret", label: "Encryption passphrase (again)", answer: PASSPHRASE },
      { kind: "input", label: "Spectro Cloud Console", answer: palette.url },
      {
        kind: "confirm",
        label: "Allow Insecure Connection (Bypass x509 Verification)",
        answer: false,
      },
      { kind: "secret", label: "Spectro Cloud API Key", answer: "wrong" },
      { kind: "secret", label: "Spectro Cloud API Key", answer: ADMIN_KEY },
      { kind: "select", label: "Spectro Cloud Organization", answer: "demo-org" },
      { kind: "select", label: "Spectro Cloud Project", answer: STAGING_PROJECT.uid },
      { kind: "confirm", label: "Acknowledge", answer: true },
    ],
  });
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "Notice\n\nBe careful");
  assertMatch(await home.config(), /projectName: staging/);
  const project = result.prompter.questions.find(({ label }) => label === "Spectro Cloud Project");
  assert(project?.kind === "select");
  assertEquals(project.options.map(({ label }) => label), [
    "None (TenantAdmin)",
    "Default",
    "dev-team",
    "staging",
  ]);
});

Deno.test("login offers the tenant's scope to tenant administrators only", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const result = await home.run(["login", "--console-url", palette.url], {
    answers: [
      { kind: "secret", label: "Spectro Cloud API Key", answer: USER_KEY },
      { kind: "select", label: "Spectro Cloud Project", answer: DEV_PROJECT.uid },
    ],
  });
  assertEquals(result.status, 0, result.stderr);
  const project = result.prompter.questions.at(-1);
  assert(project?.kind === "select");
  assertEquals(project.options.map(({ label }) => label), ["dev-team", "staging"]);
});

Deno.test("login takes the tenant's scope when that is chosen", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const result = await home.run(["login", "--console-url", palette.url, "-o", "json"], {
    answers: [
      { kind: "secret", label: "Spectro Cloud API Key", answer: ADMIN_KEY },
      { kind: "select", label: "Spectro Cloud Project", answer: "" },
    ],
  });
  assertEquals(JSON.parse(result.stdout).scope, "tenant");
});

Deno.test("login gives up after three wrong keys", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const wrong = { kind: "secret", label: "Spectro Cloud API Key", answer: "wrong" } as const;
  const result = await home.run(["login", "--console-url", palette.url], {
    answers: [wrong, wrong, wrong],
  });
  assertEquals(result.status, 1);
  assertStringIncludes(result.stderr, "Error: invalid API key for");
  assertEquals(await home.files(), []);
});

Deno.test("login needs --org from a user of several organizations when it cannot ask", async () => {
  await using palette = await startFakePalette();
  adminOf(palette).organizations = ["demo-org", "other-org"];
  await using home = await Home.make();
  const env = { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: palette.url };
  const refused = await home.run(["login"], { env });
  assertEquals(refused.status, 1);
  assertStringIncludes(refused.stderr, "--org is required");
  assertStringIncludes(refused.stderr, '"demo-org", "other-org"');
  const other = await home.run(["login", "--org", "other-org"], { env });
  assertEquals(other.status, 1);
  assertStringIncludes(other.stderr, 'the API key belongs to "demo-org"');
  assertEquals((await home.run(["login", "--org", "demo-org"], { env })).status, 0);
  assertEquals(
    (await home.run(["login"], { env: { ...env, PALETTE_ORG: "demo-org" } })).status,
    0,
  );
});

for (const place of ["tenant", "system"] as const) {
  Deno.test(`login refuses an unread banner of the ${place}, and writes nothing`, async () => {
    await using palette = await startFakePalette();
    palette.state[place].banner = { isEnabled: true, title: "T", message: "M \x1b[31mred" };
    await using home = await Home.make();
    const env = { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: palette.url };
    const result = await home.run(["login"], { env });
    assertEquals(result.status, 1);
    assertStringIncludes(
      result.stderr,
      "Error: login banner must be acknowledged (--acknowledge-banner)",
    );
    assertStringIncludes(result.stderr, "M ^[[31mred");
    assertEquals(await home.files(), []);
    const accepted = await home.run(["login", "--acknowledge-banner"], { env });
    assertEquals(accepted.stdout, WELCOME);
  });
}

Deno.test("login writes nothing when the banner is declined", async () => {
  await using palette = await startFakePalette();
  palette.state.tenant.banner = { isEnabled: true, title: "T", message: "M" };
  await using home = await Home.make();
  const result = await home.run(["login", "-o", "json"], {
    env: { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: palette.url },
    answers: [{ kind: "confirm", label: "Acknowledge", answer: false }],
  });
  assertEquals(result.status, 1);
  assertEquals(await home.files(), []);
});

Deno.test("login keeps other secrets when the passphrase is the same", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, ubuntuToken: "C1token" });
  const token = /token: ("enc:v1:[^"]+")/.exec(await home.config())?.[1];
  const result = await home.run(["login", "--console-url", palette.url, "-o", "json"], {
    env: { PALETTE_API_KEY: USER_KEY },
  });
  assertEquals(JSON.parse(result.stdout).dropped, []);
  const config = await home.config();
  assertStringIncludes(config, `token: ${token}`);
  assertStringIncludes(config, "# kept\n");
  assertStringIncludes(config, "unknown: [1, 2] # kept, too\n");
});

Deno.test("login with another passphrase blanks what it cannot read, and says so", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, ubuntuToken: "C1token" });
  const env = { PALETTE_API_KEY: ADMIN_KEY, PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
  const result = await home.run(["login", "--console-url", palette.url, "-o", "json"], { env });
  assertEquals(JSON.parse(result.stdout).dropped, ["/paletteConfig/ubuntuConfig/token"]);
  assertMatch(await home.config(), /token: ""/);
  const verified = await home.run(["config", "verify", "-o", "json"], { env });
  assertEquals(JSON.parse(verified.stdout).items.map((item: { status: string }) => item.status), [
    "ok",
  ]);
});

Deno.test("login with another passphrase keeps a cost above the default", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const env = { PALETTE_API_KEY: ADMIN_KEY, PALETTE_NEW_ENCRYPTION_PASSWORD: PASSPHRASE };
  await home.run(["config", "rekey", "--iterations", "1200000"], { env });
  const other = { ...env, PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
  const result = await home.run(["login", "--console-url", palette.url], { env: other });
  assertEquals(result.status, 0, result.stderr);
  assertMatch(await home.config(), /iterations: 1200000/);
});

Deno.test("login at a terminal asks before it gives up secrets: replace", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, ubuntuToken: "C1token" });
  const result = await home.run(["login", "--console-url", palette.url], {
    env: { PALETTE_API_KEY: ADMIN_KEY, PALETTE_ENCRYPTION_PASSWORD: undefined },
    answers: [
      { kind: "secret", label: "Encryption passphrase", answer: OTHER_PASSPHRASE },
      { kind: "select", label: /differs/, answer: "retry" },
      { kind: "secret", label: "Encryption passphrase", answer: OTHER_PASSPHRASE },
      { kind: "select", label: /differs/, answer: "replace" },
    ],
  });
  assertEquals(result.status, 0, result.stderr);
  assertStringIncludes(result.stderr, "/paletteConfig/ubuntuConfig/token");
});

Deno.test("login at a terminal asks before it gives up secrets: stop", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, ubuntuToken: "C1token" });
  const before = await home.config();
  const result = await home.run(["login", "--console-url", palette.url], {
    env: { PALETTE_API_KEY: ADMIN_KEY, PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
    answers: [{ kind: "select", label: /differs/, answer: "retry" }],
  });
  assertEquals(result.status, 1);
  assertEquals(await home.config(), before);
  assertEquals(palette.requests, []);
});

Deno.test("login recovers from a damaged encryption block", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  await Deno.writeTextFile(
    home.configFile,
    (await home.config()).replace(/verifier: .*/, 'verifier: "?"'),
  );
  const env = { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: palette.url };
  assertEquals((await home.run(["whoami"])).status, 1);
  assertEquals((await home.run(["login"], { env })).status, 0);
  assertEquals((await home.run(["whoami"])).status, 0);
});

Deno.test("login names line and column of a broken file, and leaves it", async () => {
  await using home = await Home.make();
  await Deno.mkdir(home.workspace, { mode: 0o700 });
  await Deno.writeTextFile(home.configFile, "paletteConfig:\n  a: [1,\n", { mode: 0o600 });
  const result = await home.run(["login"], { env: { PALETTE_API_KEY: ADMIN_KEY } });
  assertEquals(result.status, 1);
  assertMatch(result.stderr, /palette\.yaml": .*line \d+, column \d+/);
  assertEquals(await home.config(), "paletteConfig:\n  a: [1,\n");
});

Deno.test("login replaces what the original wrote", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await Deno.mkdir(home.workspace, { mode: 0o700 });
  const text = `paletteConfig:
  mgmt:
    apikey: q83vEjRWeJCrze8SNFZ4kA==
    endpoint: ${palette.url}
  ubuntuConfig: { enablefips: false, token: "q83vEjRWeJCrze8SNFZ4kA==" }
runLoc: /x/
workspaceLoc: /x
`;
  await Deno.writeTextFile(home.configFile, text, { mode: 0o600 });
  const whoami = await home.run(["whoami", "-o", "json"]);
  assertEquals(errorOf(whoami)["code"], "foreign-ciphertext");
  const result = await home.run(["login", "--console-url", palette.url, "-o", "json"], {
    env: { PALETTE_API_KEY: ADMIN_KEY },
  });
  assertEquals(JSON.parse(result.stdout).dropped, ["/paletteConfig/ubuntuConfig/token"]);
  assertEquals((await home.run(["whoami"])).status, 0);
});

Deno.test("login drops a pairing code of another address", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: "https://old.example.com" });
  assertEquals(
    (await home.run(["config", "set-secret", "/paletteConfig/mgmt/pairingcode"], {
      stdin: "pair-me",
    })).status,
    0,
  );
  const result = await home.run(["login", "--console-url", palette.url, "-o", "json"], {
    env: { PALETTE_API_KEY: ADMIN_KEY },
  });
  assertEquals(JSON.parse(result.stdout).dropped, ["/paletteConfig/mgmt/pairingcode"]);
});

const SCAR_PASSWORD = "/paletteConfig/scarConfig/scarPassword";

/** Adds a password for an artifact repository whose address is missing. */
async function addScarPassword(home: Home, kind: "token" | "plain text"): Promise<void> {
  const scar = (location: string, password: string) =>
    `  scarConfig: { scarLoc: "${location}", scarPassword: "${password}" }\n`;
  const withScar = async (location: string, password: string) => {
    const text = (await home.config()).replace(/^ {2}mgmt:$/m, `${scar(location, password)}$&`);
    await Deno.writeTextFile(home.configFile, text);
  };
  if (kind === "plain text") return await withScar("", "typed-by-hand");
  await withScar("https://scar.example.com", "");
  await home.run(["config", "set-secret", SCAR_PASSWORD], { stdin: "the-password" });
  const text = (await home.config()).replace(/scarLoc: "[^"]*"/, 'scarLoc: ""');
  await Deno.writeTextFile(home.configFile, text);
}

for (const kind of ["token", "plain text"] as const) {
  Deno.test(`login gets past a ${kind} whose address is missing, which no other write is stopped by`, async () => {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    await home.seed({ endpoint: palette.url });
    await addScarPassword(home, kind);
    const before = /scarPassword: "[^"]+"/.exec(await home.config())?.[0] ?? "none";
    const switched = await home.run(["project", "switch", "--name", "staging"]);
    assertEquals(switched, {
      ...switched,
      status: 0,
      stdout: "Switched to project staging\n",
      stderr: kind === "token"
        ? ""
        : `Warning: ${SCAR_PASSWORD} in "${home.configFile}" stays plain text: its address is missing or cannot be used\n`,
    });
    assertStringIncludes(await home.config(), before);
    const login = await home.run(["login", "--console-url", palette.url, "-o", "json"], {
      env: { PALETTE_API_KEY: ADMIN_KEY },
    });
    assertEquals(login.status, 0, login.stderr);
    assertEquals(JSON.parse(login.stdout).dropped, [SCAR_PASSWORD]);
    assertStringIncludes(await home.config(), 'scarPassword: ""');
    assertEquals((await home.run(["config", "verify"])).status, 0);
  });
}

Deno.test("login warns about a Palette that nobody tested with", async () => {
  await using palette = await startFakePalette();
  palette.state.system.tellsVersion = true;
  await using home = await Home.make();
  const env = { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: palette.url };
  assertEquals((await home.run(["login"], { env })).stderr, "");
  palette.state.system.version = "5.0.1";
  assertMatch((await home.run(["login"], { env })).stderr, /^Warning: this Palette is version 5/);
  assertEquals((await home.run(["login", "-q"], { env })).stderr, "");
});

Deno.test("login warns about secrets on the command line", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const result = await home.run([
    "login",
    "--api-key",
    ADMIN_KEY,
    "-k",
    PASSPHRASE,
    "--console-url",
    palette.url,
  ], { env: { PALETTE_ENCRYPTION_PASSWORD: undefined } });
  assertEquals(result.stdout, WELCOME);
  assertEquals(result.stderr.match(/^Warning: other users/gm)?.length, 2);
  assertNotMatch(result.stderr, /c0ffee|Correct-Horse/);
});

Deno.test("login takes the key from a file and from stdin, without its newline", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await Deno.writeTextFile(`${home.root}/key`, `${ADMIN_KEY}\r\n`);
  const env = { PALETTE_CONSOLE_URL: palette.url };
  const byFile = await home.run(["login", "--api-key-file", `${home.root}/key`], { env });
  assertEquals(byFile.stdout, WELCOME);
  const byStdin = await home.run(["login", "--api-key-file", "-"], {
    env,
    stdin: `${ADMIN_KEY}\n`,
  });
  assertEquals(byStdin.stdout, WELCOME);
});

Deno.test("pde login is the same command with the project of 3.4", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const env = { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: palette.url };
  assertEquals((await home.run(["pde", "login"], { env })).stdout, WELCOME);
  assertMatch(await home.config(), /projectName: Default/);
  await home.run(["pde", "login", "--project", "staging"], { env });
  assertMatch(await home.config(), /projectName: staging/);
});

Deno.test("pde login goes to the console of 3.4 without asking, also at a terminal", async () => {
  await using home = await Home.make();
  const asked: string[] = [];
  const unreachable = () =>
    Promise.resolve({
      send({ url }: HttpRequest) {
        asked.push(url.href);
        return Promise.reject(new TransportError("network", "host name not found"));
      },
      close() {},
    });
  const result = await home.run(["pde", "login", "-o", "json"], {
    answers: [],
    openTransport: unreachable,
  });
  assertEquals(asked, ["https://console.spectrocloud.com/v1/health/ping"]);
  assertEquals([result.status, errorOf(result)["code"], errorOf(result)["message"]], [
    1,
    "network",
    "Cannot reach https://console.spectrocloud.com: host name not found",
  ]);
  assertEquals(await home.files(), []);
});

Deno.test("pde login goes where it is told before it goes to the console of 3.4", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const result = await home.run(["pde", "login"], {
    env: { PALETTE_CONSOLE_URL: palette.url },
    answers: [{ kind: "secret", label: "Spectro Cloud API Key", answer: ADMIN_KEY }],
  });
  assertEquals([result.status, result.stdout], [0, WELCOME], result.stderr);
  assertMatch(await home.config(), /projectName: Default/);
});

Deno.test("login ends with 130 at Ctrl+C and with 1 at the end of input", async () => {
  await using home = await Home.make();
  const question = { kind: "secret", label: "Encryption passphrase" } as const;
  const env = { PALETTE_ENCRYPTION_PASSWORD: undefined };
  const stopped = await home.run(["login"], {
    env,
    answers: [{ ...question, answer: new Interrupted("SIGINT") }],
  });
  assertEquals(stopped.status, 130);
  const ended = await home.run(["login"], {
    env,
    answers: [{ ...question, answer: new EndOfInput() }],
  });
  assertEquals(ended.status, 1);
  assertEquals(await home.files(), []);
});
