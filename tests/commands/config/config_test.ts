import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { ADMIN_KEY, DEV_PROJECT } from "../../support/palette/state.ts";
import { errorOf, Home, OTHER_PASSPHRASE } from "../../support/home.ts";

const ENDPOINT = "https://console.example.com";
const TOKEN = "/paletteConfig/ubuntuConfig/token";
const KEY = "/paletteConfig/mgmt/apikey";
const NO_PASSPHRASE = { PALETTE_ENCRYPTION_PASSWORD: undefined };

async function homeWith(seed: Parameters<Home["seed"]>[0] = { endpoint: ENDPOINT }) {
  const home = await Home.make();
  await home.seed(seed);
  return home;
}

/** Replaces text in palette.yaml. */
async function edit(home: Home, from: string | RegExp, to: string): Promise<string> {
  const text = (await home.config()).replace(from, to);
  await Deno.writeTextFile(home.configFile, text);
  return text;
}

Deno.test("config path prints the file, and all places as JSON", async () => {
  await using home = await Home.make();
  assertEquals((await home.run(["config", "path"])).stdout, `${home.configFile}\n`);
  assertEquals(JSON.parse((await home.run(["config", "path", "-o", "json"])).stdout), {
    workspace: home.workspace,
    configFile: home.configFile,
    logFile: `${home.workspace}/logs/palette.log`,
  });
  const elsewhere = await home.run(["config", "path"], { env: { PALETTE_WORKSPACE: "/w" } });
  assertEquals(elsewhere.stdout, "/w/palette.yaml\n");
  const flag = await home.run(["-w", "/x", "config", "path"], { env: { PALETTE_WORKSPACE: "/w" } });
  assertEquals(flag.stdout, "/x/palette.yaml\n");
  assertEquals((await home.run(["config", "path", "--config", "/y.yaml"])).stdout, "/y.yaml\n");
});

Deno.test("config path needs --workspace when there is no home folder", async () => {
  await using home = await Home.make();
  const result = await home.run(["config", "path"], { env: { HOME: undefined } });
  assertEquals(result.status, 1);
  assertEquals(
    result.stderr,
    "Error: cannot find the home folder: HOME is not set\n" +
      "Hint: Pass --workspace FOLDER, or set PALETTE_WORKSPACE\n",
  );
});

Deno.test("config view shows settings with secrets masked, without a passphrase", async () => {
  await using home = await homeWith({ endpoint: ENDPOINT, ubuntuToken: "C1" });
  const result = await home.run(["config", "view"], { env: NO_PASSPHRASE });
  assertMatch(result.stdout, /^\/paletteConfig\/mgmt\/apikey +\[encrypted\]$/m);
  assertMatch(result.stdout, /^\/paletteConfig\/ubuntuConfig\/token +\[encrypted\]$/m);
  assertMatch(result.stdout, /^\/paletteConfig\/unknown\/1 +2$/m);
  assertEquals(/enc:v1|salt|verifier/.test(result.stdout), false);
  assertEquals(result.derivations, 0);
});

Deno.test("config view never shows plain text of a secret", async () => {
  await using home = await homeWith();
  await edit(home, /apikey: .*/, `apikey: ${ADMIN_KEY}`);
  const { stdout } = await home.run(["config", "view", "-o", "yaml"]);
  assertStringIncludes(stdout, "[plain text]");
  assertEquals(stdout.includes(ADMIN_KEY), false);
});

Deno.test("config view --show-origin names file and variable", async () => {
  await using home = await homeWith({ endpoint: ENDPOINT, project: DEV_PROJECT });
  const result = await home.run(["config", "view", "--show-origin", "-o", "json"], {
    env: { PALETTE_PROJECT: "staging" },
  });
  const items = JSON.parse(result.stdout).items as { key: string; value: string; origin: string }[];
  const row = (key: string) => items.find((item) => item.key === key);
  assertEquals(row("/paletteConfig/mgmt/endpoint"), {
    key: "/paletteConfig/mgmt/endpoint",
    value: ENDPOINT,
    origin: `file ${home.configFile}`,
  });
  assertEquals(row("/paletteConfig/projectName"), {
    key: "/paletteConfig/projectName",
    value: "staging",
    origin: "env PALETTE_PROJECT",
  });
  assertEquals(row("/paletteConfig/projectUid"), undefined);
});

Deno.test("config verify derives once and finds all well", async () => {
  await using home = await homeWith({ endpoint: ENDPOINT, ubuntuToken: "C1" });
  const result = await home.run(["config", "verify", "-o", "json"]);
  assertEquals(result.status, 0);
  assertEquals(result.derivations, 1);
  assertEquals(JSON.parse(result.stdout), {
    items: [
      { file: home.configFile, pointer: TOKEN, status: "ok", problem: null },
      { file: home.configFile, pointer: KEY, status: "ok", problem: null },
    ],
    count: 2,
  });
});

const DAMAGE: [string, (home: Home) => Promise<unknown>, string][] = [
  ["an altered value", (home) => edit(home, /(apikey: "enc:v1:.{20})./, "$1_"), "integrity"],
  [
    "a moved address",
    (home) => edit(home, /endpoint: .*/, "endpoint: https://x.example"),
    "endpoint-changed",
  ],
  [
    "a value of another place",
    async (home) => {
      const key = /apikey: ("enc:v1:[^"]+")/.exec(await home.config())?.[1] ?? "";
      await edit(home, /token: .*/, `token: ${key}`);
    },
    "integrity",
  ],
  [
    "a token where none belongs",
    (home) => edit(home, "organization: demo-org", 'organization: "enc:v1:AAAA"'),
    "unknown",
  ],
  [
    "a token of a newer version",
    (home) => edit(home, /token: .*/, 'token: "enc:v2:AAAA"'),
    "integrity",
  ],
  [
    "a missing CA file",
    (home) => edit(home, "insecure: false", "insecure: false\n    caFile: /none.pem"),
    "io",
  ],
];

for (const [name, damage, status] of DAMAGE) {
  Deno.test(`config verify finds ${name} and exits with 2`, async () => {
    await using home = await homeWith({ endpoint: ENDPOINT, ubuntuToken: "C1" });
    await damage(home);
    const result = await home.run(["config", "verify", "-o", "json"]);
    assertEquals(result.status, 2, result.stderr);
    assertEquals(errorOf(result)["code"], "checks-failed");
    const statuses = (JSON.parse(result.stdout).items as { status: string }[])
      .map((item) => item.status);
    assertEquals(statuses.includes(status), true, `${statuses}`);
    assertEquals(statuses.includes("ok"), true);
  });
}

Deno.test("config verify finds a file of another passphrase among others", async () => {
  await using home = await homeWith();
  await using other = await homeWith({ endpoint: ENDPOINT, passphrase: OTHER_PASSPHRASE });
  await Deno.writeTextFile(`${home.workspace}/palette.yaml.bak`, await other.config());
  const result = await home.run(["config", "verify", "-o", "json"]);
  assertEquals(result.status, 2);
  const items = JSON.parse(result.stdout).items as { status: string }[];
  assertEquals(items.map(({ status }) => status), ["ok", "wrong-passphrase"]);
});

Deno.test("config verify fails with 1 when the passphrase fits nothing", async () => {
  await using home = await homeWith();
  const env = { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
  const result = await home.run(["config", "verify", "-o", "json"], { env });
  assertEquals(result.status, 1);
  assertEquals(errorOf(result)["code"], "decrypt-failed");
});

Deno.test("config verify takes plain text for no damage, and tells", async () => {
  await using home = await homeWith();
  await edit(home, /token: .*/, "token: C1plain");
  const result = await home.run(["config", "verify"]);
  assertEquals(result.status, 0);
  assertMatch(result.stderr, /token in ".*": not encrypted yet/);
});

Deno.test("config verify asks for nothing when there is nothing", async () => {
  await using home = await Home.make();
  const result = await home.run(["config", "verify"], { env: NO_PASSPHRASE });
  assertEquals(result, { ...result, status: 0, stdout: "FILE  KEY  STATUS\n" });
  assertEquals(await home.files(), []);
});

Deno.test("config verify --config-file looks at one file, wherever it lies", async () => {
  await using home = await homeWith();
  await Deno.copyFile(home.configFile, `${home.root}/copy.yaml`);
  const path = `${home.root}/copy.yaml`;
  const result = await home.run(["config", "verify", "--config-file", path, "-o", "json"]);
  assertEquals(JSON.parse(result.stdout).items[0].status, "ok");
  const missing = await home.run(["config", "verify", "--config-file", "/none.yaml"]);
  assertStringIncludes(missing.stderr, 'Error: cannot read "/none.yaml": no such file or folder');
});

Deno.test("config set-secret encrypts a value from stdin and changes nothing else", async () => {
  await using home = await homeWith();
  const before = await home.config();
  const result = await home.run(["config", "set-secret", TOKEN], { stdin: "C1-value\n" });
  assertEquals(result.stdout, `Encrypted ${TOKEN} in ${home.configFile}\n`);
  const after = await home.config();
  assertEquals(after.replace(/token: "enc:v1:[^"]+"/, 'token: ""'), before);
  assertEquals((await home.run(["config", "verify"])).status, 0);
});

Deno.test("config set-secret asks at a terminal, masked", async () => {
  await using home = await homeWith();
  const result = await home.run(["config", "set-secret", TOKEN], {
    answers: [{ kind: "secret", label: `Value of ${TOKEN}`, answer: "C1" }],
  });
  assertEquals(result.status, 0, result.stderr);
});

Deno.test("config set-secret --clear blanks a value, the last one with its block", async () => {
  await using home = await homeWith({ endpoint: ENDPOINT, ubuntuToken: "C1" });
  await home.run(["config", "set-secret", TOKEN, "--clear"], { env: NO_PASSPHRASE });
  assertMatch(await home.config(), /token: ""/);
  assertStringIncludes(await home.config(), "encryption:");
  await home.run(["config", "set-secret", KEY, "--clear"], { env: NO_PASSPHRASE });
  assertEquals((await home.config()).includes("encryption:"), false);
});

const SET_REFUSED: [string, string[], string, string][] = [
  [
    "an unknown pointer",
    ["/paletteConfig/mgmt/nothing"],
    "x",
    'No secret is kept at "/paletteConfig/mgmt/nothing"',
  ],
  ["a pointer that is none", ["apikey"], "x", 'No secret is kept at "apikey"'],
  ["an empty value", [TOKEN], "", "The value is empty"],
  ["a NUL", [TOKEN], "a\0b", "The value holds a NUL character"],
  [
    "a value that is too long",
    [TOKEN],
    "x".repeat(5000),
    "The value holds more than 4 KiB, which is no secret",
  ],
  ["no pointer", [], "x", "Missing argument(s): pointer"],
];

for (const [name, args, stdin, message] of SET_REFUSED) {
  Deno.test(`config set-secret refuses ${name}, and writes nothing`, async () => {
    await using home = await homeWith();
    const before = await home.config();
    const result = await home.run(["config", "set-secret", "-o", "json", ...args], { stdin });
    assertEquals(result.status, 1);
    assertEquals(errorOf(result)["message"], message);
    assertEquals(await home.config(), before);
  });
}

Deno.test("config set-secret refuses a wrong passphrase, and writes nothing", async () => {
  await using home = await homeWith();
  const before = await home.config();
  const result = await home.run(["config", "set-secret", TOKEN, "-o", "json"], {
    stdin: "C1",
    env: { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(errorOf(result)["code"], "decrypt-failed");
  assertEquals(await home.config(), before);
});

Deno.test("config rekey changes tokens and block, and no other byte", async () => {
  await using home = await homeWith({ endpoint: ENDPOINT, ubuntuToken: "C1" });
  const before = await home.config();
  const result = await home.run(["config", "rekey"], {
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(result.status, 0, result.stderr);
  assertEquals(result.derivations, 2);
  const after = await home.config();
  const blind = (text: string) =>
    text.replace(/enc:v1:[\w-]+/g, "T").replace(/(salt|fileId|verifier): "[\w-]+"/g, "$1");
  assertEquals(blind(after), blind(before));
  for (const pattern of [/apikey: .*/, /token: .*/, /salt: .*/, /fileId: .*/, /verifier: .*/]) {
    assertNotEquals(pattern.exec(after)?.[0], pattern.exec(before)?.[0]);
  }
  const env = { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
  assertEquals((await home.run(["config", "verify"], { env })).status, 0);
  assertEquals((await home.run(["config", "verify"])).status, 1);
});

Deno.test("config rekey asks for the new passphrase twice at a terminal", async () => {
  await using home = await homeWith();
  const label = "New encryption passphrase";
  const result = await home.run(["config", "rekey"], {
    answers: [
      { kind: "secret", label, answer: "short" },
      { kind: "secret", label, answer: OTHER_PASSPHRASE },
      { kind: "secret", label: `${label} (again)`, answer: "Another-One-1" },
      { kind: "secret", label, answer: OTHER_PASSPHRASE },
      { kind: "secret", label: `${label} (again)`, answer: OTHER_PASSPHRASE },
    ],
  });
  assertEquals(result.status, 0, result.stderr);
});

Deno.test("config rekey --iterations raises the cost", async () => {
  await using home = await homeWith();
  const env = { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
  await home.run(["config", "rekey", "--iterations", "1200000"], { env });
  assertMatch(await home.config(), /^ {2}iterations: 1200000$/m);
  const verified = { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
  assertEquals((await home.run(["config", "verify"], { env: verified })).status, 0);
});

for (const iterations of ["599999", "10000001", "0", "-1", "1e6", "0x100000", " 1000000", "many"]) {
  Deno.test(`config rekey refuses --iterations "${iterations}"`, async () => {
    await using home = await homeWith();
    const result = await home.run(["config", "rekey", `--iterations=${iterations}`, "-o", "json"]);
    assertEquals(errorOf(result)["code"], "usage");
    assertStringIncludes(String(errorOf(result)["message"]), "--iterations must be a number");
  });
}

Deno.test("config rekey --dry-run lists and asks for nothing", async () => {
  await using home = await homeWith({ endpoint: ENDPOINT, ubuntuToken: "C1" });
  const before = await home.config();
  const result = await home.run(["config", "rekey", "--dry-run", "-o", "json"], {
    env: NO_PASSPHRASE,
  });
  assertEquals(JSON.parse(result.stdout), {
    dryRun: true,
    files: [{ path: home.configFile, values: 2 }],
  });
  assertEquals(await home.config(), before);
});

Deno.test("config rekey --all takes every file of the workspace, and one derivation each way", async () => {
  await using home = await homeWith();
  await Deno.copyFile(home.configFile, `${home.workspace}/palette.yaml.bak`);
  await Deno.mkdir(`${home.workspace}/bin`);
  await Deno.writeTextFile(`${home.workspace}/bin/tool`, "enc:v1:AAAA is not ours");
  const result = await home.run(["config", "rekey", "--all", "-o", "json"], {
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(result.status, 0, result.stderr);
  assertEquals(result.derivations, 2);
  assertEquals(JSON.parse(result.stdout).files.length, 2);
  const verified = await home.run(["config", "verify", "-o", "json"], {
    env: { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(
    JSON.parse(verified.stdout).items.map(({ status }: { status: string }) => status),
    ["ok", "ok"],
  );
  const fileIds = await Promise.all(
    ["palette.yaml", "palette.yaml.bak"].map(async (name) =>
      /fileId: .*/.exec(await Deno.readTextFile(`${home.workspace}/${name}`))?.[0]
    ),
  );
  assertNotEquals(fileIds[0], fileIds[1]);
  assertEquals((await home.files()).filter((name) => /stage|rekey|tmp/.test(name)), []);
});

Deno.test("config rekey --all leaves everything when one file has another passphrase", async () => {
  await using home = await homeWith();
  await using other = await homeWith({ endpoint: ENDPOINT, passphrase: "Another-One-1" });
  const backup = `${home.workspace}/palette.yaml.bak`;
  await Deno.writeTextFile(backup, await other.config());
  const before = await home.config();
  const result = await home.run(["config", "rekey", "--all", "-o", "json"], {
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(errorOf(result)["code"], "decrypt-failed");
  assertStringIncludes(String(errorOf(result)["message"]), "palette.yaml.bak");
  assertEquals(await home.config(), before);
  assertEquals((await home.files()).filter((name) => /stage|rekey/.test(name)), []);
});

Deno.test("config rekey refuses a file with a token that it cannot place", async () => {
  await using home = await homeWith();
  const before = await edit(home, "organization: demo-org", 'organization: "enc:v1:AAAA"');
  const result = await home.run(["config", "rekey", "-o", "json"], {
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(errorOf(result)["code"], "integrity");
  assertEquals(await home.config(), before);
});

Deno.test("config rekey needs a new passphrase within the policy", async () => {
  await using home = await homeWith();
  const weak = await home.run(["config", "rekey", "-o", "json"], {
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: "weak" },
  });
  assertEquals(errorOf(weak)["code"], "passphrase-policy");
  const missing = await home.run(["config", "rekey"]);
  assertStringIncludes(
    missing.stderr,
    "Hint: Set PALETTE_NEW_ENCRYPTION_PASSWORD, or pass --new-passphrase-file or --new-passphrase-command",
  );
});

Deno.test("config rekey --all and --config-file exclude each other", async () => {
  await using home = await homeWith();
  const result = await home.run(["config", "rekey", "--all", "--config-file", "x", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "usage");
});

Deno.test("config rekey says when there is nothing to encrypt, and when there is no file", async () => {
  await using home = await homeWith();
  await home.run(["logout"]);
  const empty = await home.run(["config", "rekey"], { env: NO_PASSPHRASE });
  assertEquals(empty, { ...empty, status: 0, stdout: "FILE  VALUES  STATUS\n" });
  await home.run(["logout", "--purge"]);
  const missing = await home.run(["config", "rekey"]);
  assertStringIncludes(missing.stderr, "Hint: Run palette login first");
});

Deno.test("the documented recovery of a lost passphrase works step by step", async () => {
  const { startFakePalette } = await import("../../support/palette/fake_palette.ts");
  await using palette = await startFakePalette();
  await using home = await homeWith({ endpoint: palette.url, ubuntuToken: "C1old" });
  const env = {
    PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE,
    PALETTE_API_KEY: undefined as string | undefined,
  };
  assertEquals((await home.run(["whoami"], { env })).status, 1);
  const login = await home.run(
    ["login", "--console-url", palette.url, "--ubuntu-pro-token", "C1new"],
    { env: { ...env, PALETTE_API_KEY: ADMIN_KEY } },
  );
  assertEquals(login.status, 0, login.stderr);
  assertEquals((await home.run(["whoami"], { env })).status, 0);
  assertEquals((await home.run(["config", "verify"], { env })).status, 0);
  await Deno.remove(home.configFile);
  const again = await home.run(["login", "--console-url", palette.url], {
    env: { ...env, PALETTE_API_KEY: ADMIN_KEY },
  });
  assertEquals(again.status, 0, again.stderr);
});
