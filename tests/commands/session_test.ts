import {
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { ADMIN_KEY, DEV_PROJECT, EXPIRED_KEY, USER_KEY } from "../support/palette/state.ts";
import { errorOf, Home, OTHER_PASSPHRASE } from "../support/home.ts";

Deno.test("whoami tells whose key it is and where it comes from", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  const { stdout } = await home.run(["whoami", "--format", "json"]);
  assertEquals(JSON.parse(stdout), {
    email: "admin@example.com",
    name: "Ada Admin",
    userUid: "63a1f0f0f0f0f0f0f0f0f001",
    organization: "demo-org",
    tenantUid: "40b8a9a7f724831be814e5734ea744ed",
    endpoint: palette.url,
    scope: "project",
    project: "dev-team",
    source: "file",
  });
});

Deno.test("whoami fails when the key is no longer valid", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, apiKey: EXPIRED_KEY });
  const result = await home.run(["whoami", "-o", "json"]);
  assertEquals(errorOf(result), { ...errorOf(result), code: "auth-expired", status: 401 });
});

Deno.test("a wrong passphrase is told apart, with the next command", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["whoami", "-o", "json"], {
    env: { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(errorOf(result)["code"], "decrypt-failed");
  assertEquals(
    errorOf(result)["message"],
    `Cannot decrypt /paletteConfig/mgmt/apikey in "${home.configFile}": wrong passphrase`,
  );
  assertEquals(palette.requests, []);
});

Deno.test("an altered value is told apart", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const config = await home.config();
  const at = config.indexOf("enc:v1:") + 30;
  const altered = config.slice(0, at) + (config[at] === "A" ? "B" : "A") + config.slice(at + 1);
  await Deno.writeTextFile(home.configFile, altered);
  const result = await home.run(["whoami", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "integrity");
  assertEquals(palette.requests, []);
});

Deno.test("a key is never sent to an address that was edited by hand", async () => {
  await using palette = await startFakePalette();
  await using thief = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const config = await home.config();
  const edited = config.replace(`endpoint: ${palette.url}`, `endpoint: ${thief.url}`);
  await Deno.writeTextFile(home.configFile, edited);
  const result = await home.run(["whoami", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "endpoint-changed");
  assertStringIncludes(String(errorOf(result)["message"]), palette.url);
  await Deno.writeTextFile(home.configFile, edited.replaceAll(palette.url, thief.url));
  assertEquals(errorOf(await home.run(["whoami", "-o", "json"]))["code"], "integrity");
  assertEquals(thief.requests, []);
});

Deno.test("a key is not used when verification was switched off by hand", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const config = await home.config();
  await Deno.writeTextFile(home.configFile, config.replace("insecure: false", "insecure: true"));
  const result = await home.run(["whoami", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "endpoint-changed");
});

Deno.test("a missing passphrase is named with every way to give it", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["whoami"], { env: { PALETTE_ENCRYPTION_PASSWORD: undefined } });
  assertEquals(result.status, 1);
  assertMatch(result.stderr, /^Error: the encryption passphrase is missing$/m);
  assertMatch(
    result.stderr,
    /Set PALETTE_ENCRYPTION_PASSWORD, or pass --encryption-passphrase-file or --encryption-passphrase-command/,
  );
});

Deno.test("the passphrase is asked for three times at a terminal, once a run", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const question = { kind: "secret", label: "Encryption passphrase" } as const;
  const env = { PALETTE_ENCRYPTION_PASSWORD: undefined };
  const right = await home.run(["whoami"], {
    env,
    answers: [{ ...question, answer: OTHER_PASSPHRASE }, {
      ...question,
      answer: "Correct-Horse-9",
    }],
  });
  assertEquals(right.status, 0, right.stderr);
  const wrong = { ...question, answer: OTHER_PASSPHRASE };
  const refused = await home.run(["whoami"], { env, answers: [wrong, wrong, wrong] });
  const reason =
    `annot decrypt /paletteConfig/mgmt/apikey in "${home.configFile}": wrong passphrase`;
  assertEquals(refused.stderr.split("\n").slice(0, 3), [
    `C${reason}; try again`,
    `C${reason}; try again`,
    `Error: c${reason}`,
  ]);
});

for (
  const [name, args, env] of [
    ["a file", (home: string) => ["--encryption-passphrase-file", `${home}/pass`], {}],
    ["a command", (home: string) => ["--encryption-passphrase-command", `cat '${home}/pass'`], {}],
    ["a variable with a file's name", () => [], "PALETTE_ENCRYPTION_PASSWORD_FILE"],
  ] as const
) {
  Deno.test(`the passphrase may come from ${name}`, async () => {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    await home.seed({ endpoint: palette.url });
    await Deno.writeTextFile(`${home.root}/pass`, "Correct-Horse-9\n");
    const variables = typeof env === "string" ? { [env]: `${home.root}/pass` } : env;
    const result = await home.run(["whoami", ...args(home.root)], {
      env: { PALETTE_ENCRYPTION_PASSWORD: undefined, ...variables },
    });
    assertEquals(result.status, 0, result.stderr);
  });
}

Deno.test("logout blanks every secret without a passphrase, and keeps the rest", async () => {
  await using home = await Home.make();
  await home.seed({ endpoint: "https://console.example.com", ubuntuToken: "C1" });
  const before = await home.config();
  const result = await home.run(["logout"], { env: { PALETTE_ENCRYPTION_PASSWORD: undefined } });
  assertEquals(result.status, 0);
  assertStringIncludes(result.stdout, "Logged out.");
  const after = await home.config();
  assertNotMatch(after, /enc:v1:|encryption:/);
  assertEquals(after, before.replace(/"enc:v1:[^"]*"/g, '""').replace(/^encryption:[\s\S]*$/m, ""));
});

Deno.test("logout is done also when nobody is logged in, and leaves nothing behind", async () => {
  await using home = await Home.make();
  const result = await home.run(["logout"]);
  assertEquals(result, { ...result, status: 0, stdout: "Not logged in\n" });
  assertEquals(await home.files(), []);
});

Deno.test("logout --purge removes the file, even one that cannot be read", async () => {
  await using home = await Home.make();
  await Deno.mkdir(home.workspace, { mode: 0o700 });
  await Deno.writeTextFile(home.configFile, "a: [", { mode: 0o600 });
  const result = await home.run(["logout", "--purge", "-o", "json"]);
  assertEquals(JSON.parse(result.stdout), {
    configFile: home.configFile,
    removed: true,
    blanked: [],
  });
  assertEquals((await home.files()).includes(".palette/palette.yaml"), false);
});

Deno.test("logout --purge removes a linked file with the link", async () => {
  await using home = await Home.make();
  await home.seed({ endpoint: "https://console.example.com" });
  await Deno.mkdir(`${home.root}/kept`, { mode: 0o700 });
  await Deno.rename(home.configFile, `${home.root}/kept/mine.yaml`);
  await Deno.symlink("../kept/other.yaml", home.configFile);
  await Deno.symlink("mine.yaml", `${home.root}/kept/other.yaml`);
  const result = await home.run(["logout", "--purge"]);
  assertEquals(result.status, 0, result.stderr);
  assertEquals(result.stdout, `Logged out. Removed ${home.configFile}\n`);
  const left = (await home.files()).filter((path) => path.endsWith(".yaml"));
  // A link that stood between points to nothing, and holds nothing.
  assertEquals(left, ["kept/other.yaml"]);
  await assertRejects(() => Deno.stat(`${home.root}/kept/other.yaml`), Deno.errors.NotFound);
});

Deno.test("logout --purge removes a link to nothing", async () => {
  await using home = await Home.make();
  await Deno.mkdir(home.workspace, { mode: 0o700 });
  await Deno.symlink("nowhere.yaml", home.configFile);
  const result = await home.run(["logout", "--purge"]);
  assertEquals(result.stdout, `Logged out. Removed ${home.configFile}\n`, result.stderr);
  assertEquals((await home.files()).includes(".palette/palette.yaml"), false);
});

Deno.test("logout --purge names a link that leads in a circle", async () => {
  await using home = await Home.make();
  await Deno.mkdir(home.workspace, { mode: 0o700 });
  await Deno.symlink("palette.yaml", home.configFile);
  const result = await home.run(["logout", "--purge", "-o", "json"]);
  assertEquals([result.status, errorOf(result)["code"], errorOf(result)["message"]], [
    1,
    "io",
    `Cannot remove "${home.configFile}": too many symbolic links`,
  ]);
});

const ENVIRONMENT = { PALETTE_API_KEY: USER_KEY, PALETTE_ENCRYPTION_PASSWORD: undefined };

for (const args of [["whoami"], ["project", "list"], ["project", "current"], ["config", "view"]]) {
  Deno.test(`${args.join(" ")} works from the environment alone, and touches no file`, async () => {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    const env = { ...ENVIRONMENT, PALETTE_CONSOLE_URL: palette.url, PALETTE_PROJECT: "dev-team" };
    const result = await home.run([...args, "-o", "json"], { env });
    assertEquals(result.status, 0, result.stderr);
    assertEquals(result.derivations, 0);
    assertEquals(await home.files(), []);
    for (const { headers } of palette.requests) assertEquals(headers.get("apikey"), USER_KEY);
  });
}

Deno.test("a key that no header can carry is named by its place, and nothing is asked", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const args = ["whoami", "-o", "json"];
  const reason = "it has a character that is not printable ASCII";
  const ofEnvironment = await home.run(args, {
    env: { PALETTE_API_KEY: "ab\u20ac", PALETTE_CONSOLE_URL: palette.url },
  });
  assertEquals(errorOf(ofEnvironment), {
    code: "validation",
    message: `Cannot take what PALETTE_API_KEY holds for an API key: ${reason}`,
    hint: "Check how it was copied; an API key is one line of letters, digits and signs",
    status: null,
    logFile: null,
  });
  assertEquals([ofEnvironment.status, ofEnvironment.stdout, await home.files()], [1, "", []]);
  await home.seed({ endpoint: palette.url, apiKey: "ab\u20ac" });
  const error = errorOf(await home.run(args));
  assertEquals([error["code"], error["message"]], [
    "validation",
    `Cannot take what /paletteConfig/mgmt/apikey in "${home.configFile}" holds for an API key: ${reason}`,
  ]);
  assertEquals(palette.requests, []);
});

Deno.test("a key of the environment never goes to the file's address", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["project", "current", "-o", "json"], {
    env: { PALETTE_API_KEY: USER_KEY },
  });
  assertEquals(JSON.parse(result.stdout).endpoint, "https://console.spectrocloud.com");
});

Deno.test("a key of the file never goes to the environment's address", async () => {
  await using palette = await startFakePalette();
  await using other = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["whoami", "-o", "json"], {
    env: { PALETTE_CONSOLE_URL: other.url },
  });
  assertEquals(errorOf(result)["code"], "usage");
  assertEquals(other.requests, []);
  const same = await home.run(["whoami"], { env: { PALETTE_CONSOLE_URL: `${palette.url}/` } });
  assertEquals(same.status, 0, same.stderr);
});

Deno.test("PALETTE_PROJECT wins over the file, by name or uid", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  for (const wanted of [DEV_PROJECT.name, DEV_PROJECT.uid]) {
    const { stdout } = await home.run(["project", "list"], { env: { PALETTE_PROJECT: wanted } });
    assertMatch(stdout, /^dev-team +\*/m);
  }
});

for (const args of [["switch", "--name", "staging"], ["deactivate"]]) {
  Deno.test(`project ${args[0]} points to PALETTE_PROJECT when no file says what is active`, async () => {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    const result = await home.run(["project", ...args], {
      env: { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: palette.url },
    });
    assertEquals(result.status, 1);
    assertStringIncludes(result.stderr, "Set PALETTE_PROJECT");
    assertEquals(await home.files(), []);
  });
}

Deno.test("a run with a workspace logs to it, without secrets", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  await home.run(["whoami", "--log-level", "trace"]);
  const log = await Deno.readTextFile(`${home.workspace}/logs/palette.log`);
  assertMatch(log, /level=trace msg="GET http:\/\/127.0.0.1:\d+\/v1\/users\/info" status=200/);
  assertEquals(log.includes(ADMIN_KEY), false);
  assertEquals(log.includes("Correct-Horse"), false);
  assertEquals(((await Deno.stat(`${home.workspace}/logs/palette.log`)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("--log-file makes a log where there would be none", async () => {
  await using home = await Home.make();
  const path = `${home.root}/run.log`;
  const result = await home.run(["project", "list", "--log-file", path]);
  assertStringIncludes(result.stderr, `Log: ${path}\n`);
  assertMatch(await Deno.readTextFile(path), /level=error msg="You are not logged in"/);
});

for (const path of ["/proc/nope/x.log", "FOLDER"]) {
  Deno.test(`--log-file ${path} fails before anything is done when it cannot be written`, async () => {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
    const before = await home.config();
    const file = path === "FOLDER" ? home.root : path;
    const args = ["project", "switch", "--name", "staging", "--log-file", file];
    const result = await home.run([...args, "-o", "json"]);
    const reason = path === "FOLDER" ? "it is a folder" : "no such file or folder";
    assertEquals([result.status, result.stdout], [1, ""]);
    assertEquals(errorOf(result), {
      code: "io",
      message: `Cannot write "${file}": ${reason}`,
      hint: "Choose another file with --log-file",
      status: null,
      logFile: null,
    });
    assertEquals(
      (await home.run(args)).stderr,
      `Error: cannot write "${file}": ${reason}\nHint: Choose another file with --log-file\n`,
    );
    assertEquals(await home.config(), before);
    assertEquals(palette.requests, []);
  });
}

Deno.test("a log of the workspace that cannot be written is told once, and fails nothing", async () => {
  await using home = await Home.make();
  await home.seed({ endpoint: "https://console.example.com", project: DEV_PROJECT });
  await Deno.writeTextFile(`${home.workspace}/logs`, "");
  const problem =
    `Cannot write "${home.workspace}/logs/palette.log": a part of its path is not a folder; the log is incomplete`;
  const shown = await home.run(["project", "current"]);
  assertEquals([shown.status, shown.stderr], [0, `Warning: ${problem}\n`]);
  const failed = await home.run(["config", "set-secret", "/nothing"]);
  assertEquals(failed.status, 1);
  const other = await home.run(["project", "switch"], { env: { PALETTE_PROJECT: undefined } });
  assertEquals(other.stderr.match(/; the log is incomplete$/gm)?.length, 1);
  assertMatch(other.stderr, /\nError: [^\n]+\n(Hint: [^\n]+\n)?$/);
  const quiet = await home.run(["project", "current", "-q"]);
  assertEquals([quiet.status, quiet.stderr], [0, ""]);
});

for (const command of [["whoami"], ["project", "list"]]) {
  Deno.test(`${command.join(" ")} refuses a PALETTE_PROJECT that is not there`, async () => {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    const env = {
      PALETTE_API_KEY: ADMIN_KEY,
      PALETTE_CONSOLE_URL: palette.url,
      PALETTE_PROJECT: "dev-taem",
    };
    const result = await home.run([...command, "-o", "json"], { env });
    assertEquals(errorOf(result)["code"], "not-found");
    assertEquals(errorOf(result)["hint"], 'Did you mean "dev-team"?');
  });
}
