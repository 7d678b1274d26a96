import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { FileStore } from "../../../lib/config/file_store.ts";
import { rewriteAll } from "../../../lib/config/rekey_journal.ts";
import { ADMIN_KEY, DEV_PROJECT } from "../../support/palette/state.ts";
import { editSecretFile } from "../../../lib/config/secret_editor.ts";
import { SecretFile } from "../../../lib/config/secret_file.ts";
import { findWorkspace } from "../../../lib/config/workspace.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { environmentOf } from "../../../lib/runtime/environment.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { systemPlatform } from "../../../lib/runtime/platform.ts";
import { Secret } from "../../../lib/secrets/secret.ts";
import { VERSION } from "../../../lib/version.ts";
import { CountingCrypto } from "../../support/counting_crypto.ts";
import { errorOf, Home, keyringOf, OTHER_PASSPHRASE, PASSPHRASE } from "../../support/home.ts";

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

for (const folder of ["/w/", "/w//", "/"]) {
  Deno.test(`config path takes --workspace ${folder} for the folder without its last slash`, async () => {
    await using home = await Home.make();
    const root = folder === "/" ? "/" : "/w";
    const file = folder === "/" ? "/palette.yaml" : "/w/palette.yaml";
    const { stdout } = await home.run(["-w", folder, "config", "path", "-o", "json"]);
    assertEquals(JSON.parse(stdout), {
      workspace: root,
      configFile: file,
      logFile: file.replace("palette.yaml", "logs/palette.log"),
    });
    const env = { PALETTE_WORKSPACE: folder };
    assertEquals((await home.run(["config", "path"], { env })).stdout, `${file}\n`);
  });
}

Deno.test("a workspace that is given with a slash at its end has the same files and kinds", async () => {
  await using home = await homeWith();
  await Deno.mkdir(`${home.workspace}/registry`, { mode: 0o700 });
  const registry = `${home.workspace}/registry/auth.json`;
  await Deno.writeTextFile(registry, await registryFile(registry), { mode: 0o600 });
  const result = await home.run(["-w", `${home.workspace}/`, "config", "verify", "-o", "json"]);
  assertEquals(JSON.parse(result.stdout).items.map((item: { status: string }) => item.status), [
    "ok",
    "ok",
  ]);
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
  [
    "an altered value",
    async (home) => {
      const one = /apikey: "enc:v1:.{20}(.)/.exec(await home.config())?.[1];
      await edit(home, /(apikey: "enc:v1:.{20})./, `$1${one === "_" ? "-" : "_"}`);
    },
    "integrity",
  ],
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

const LEAVES_NOTHING: [string, string[], Record<string, undefined>, string][] = [
  [
    "an address that is missing",
    [KEY],
    {},
    "Cannot use /paletteConfig/mgmt/apikey in FILE: the address at /paletteConfig/mgmt/endpoint is empty",
  ],
  ["a missing passphrase", [TOKEN], NO_PASSPHRASE, "The encryption passphrase is missing"],
];

for (const [name, args, env, message] of LEAVES_NOTHING) {
  Deno.test(`config set-secret fails for ${name}, and leaves nothing in a new home`, async () => {
    await using home = await Home.make();
    const result = await home.run(["config", "set-secret", "-o", "json", ...args], {
      stdin: "x",
      env,
    });
    assertEquals(result.status, 1);
    assertEquals(errorOf(result)["message"], message.replace("FILE", `"${home.configFile}"`));
    assertEquals((await Array.fromAsync(Deno.readDir(home.root))).length, 0);
  });
}

Deno.test("config set-secret --clear leaves nothing in a new home", async () => {
  await using home = await Home.make();
  const result = await home.run(["config", "set-secret", TOKEN, "--clear"]);
  assertEquals(result, { ...result, status: 0, stderr: "" });
  assertEquals((await Array.fromAsync(Deno.readDir(home.root))).length, 0);
});

Deno.test("config set-secret asks for no value that could not be stored", async () => {
  await using home = await homeWith();
  await edit(home, /endpoint: .*/, 'endpoint: ""');
  const noAddress = await home.run(["config", "set-secret", KEY, "-o", "json"], { answers: [] });
  assertEquals(errorOf(noAddress)["code"], "endpoint-changed");
  await Deno.writeTextFile(home.configFile, "a: [");
  const broken = await home.run(["config", "set-secret", KEY, "-o", "json"], { answers: [] });
  assertEquals(errorOf(broken)["code"], "validation");
});

Deno.test("config set-secret encrypts what else is plain text, and says so", async () => {
  await using home = await homeWith();
  await edit(home, /apikey: .*/, `apikey: ${ADMIN_KEY}`);
  const result = await home.run(["config", "set-secret", TOKEN], { stdin: "C1" });
  assertEquals(
    result.stderr,
    `Note: ${KEY} in "${home.configFile}" was plain text and is encrypted now\n`,
  );
  assertEquals((await home.config()).includes(ADMIN_KEY), false);
});

const ASKING: [string, string[]][] = [
  ["set-secret", ["set-secret", "/paletteConfig/mgmt/pairingcode"]],
  ["rekey", ["rekey"]],
  ["rekey --all", ["rekey", "--all"]],
];

for (const [name, args] of ASKING) {
  Deno.test(`config ${name} lets others write while it asks, and loses nothing of theirs`, async () => {
    await using home = await homeWith({ endpoint: ENDPOINT, ubuntuToken: "C1" });
    const writeElsewhere = async () => {
      const { status, stderr } = await home.run(["config", "set-secret", TOKEN, "--clear"]);
      assertEquals(status, 0, stderr);
    };
    const passphrase = { kind: "secret", label: "Encryption passphrase" } as const;
    const result = await home.run(["config", ...args], {
      env: { ...NO_PASSPHRASE, PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
      answers: [
        ...(name === "set-secret"
          ? [{ kind: "secret", label: /^Value of/, answer: "pair-me" } as const]
          : []),
        { ...passphrase, answer: PASSPHRASE, meanwhile: writeElsewhere },
      ],
    });
    assertEquals(result.status, 0, result.stderr);
    assertMatch(await home.config(), /token: ""/);
    const env = {
      PALETTE_ENCRYPTION_PASSWORD: name === "set-secret" ? PASSPHRASE : OTHER_PASSPHRASE,
    };
    const verified = await home.run(["config", "verify"], { env });
    assertEquals(verified.status, 0, verified.stderr);
  });
}

Deno.test("every write of palette.yaml notes the version, in its own workspace only", async () => {
  const { startFakePalette } = await import("../../support/palette/fake_palette.ts");
  await using palette = await startFakePalette();
  await using home = await homeWith({ endpoint: palette.url, ubuntuToken: "C1" });
  const noted = `${home.workspace}/.version`;
  const writes = [
    ["project", "switch", "--name", "staging"],
    ["config", "set-secret", TOKEN, "--clear"],
    ["config", "rekey"],
    ["config", "rekey", "--all"],
    ["logout"],
  ];
  for (const args of writes) {
    await Deno.writeTextFile(noted, "0.0.1\n");
    const env = { PALETTE_NEW_ENCRYPTION_PASSWORD: PASSPHRASE };
    const result = await home.run(args, { env });
    assertEquals([args, result.status, result.stderr], [args, 0, ""]);
    assertEquals([args, await Deno.readTextFile(noted)], [args, `${VERSION}\n`]);
  }
  assertEquals(((await Deno.stat(noted)).mode ?? 0) & 0o777, 0o600);
  await Deno.writeTextFile(noted, "0.0.1\n");
  await home.run(["config", "view"]);
  const elsewhere = `${home.root}/elsewhere/palette.yaml`;
  const result = await home.run(["config", "set-secret", TOKEN, "-c", elsewhere], { stdin: "C1" });
  assertEquals(result.status, 0, result.stderr);
  assertEquals(await Deno.readTextFile(noted), "0.0.1\n");
  assertEquals((await home.files()).filter((name) => name.endsWith(".version")), [
    ".palette/.version",
  ]);
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

Deno.test("config rekey never weakens the cost that a file has, unless it is told to", async () => {
  await using home = await homeWith();
  const rekey = async (...args: string[]) => {
    const env = { PALETTE_NEW_ENCRYPTION_PASSWORD: PASSPHRASE };
    const result = await home.run(["config", "rekey", ...args], { env });
    assertEquals(result.status, 0, result.stderr);
    return /iterations: (\d+)/.exec(await home.config())?.[1];
  };
  assertEquals(await rekey("--iterations", "1200000"), "1200000");
  assertEquals(await rekey(), "1200000");
  await using other = await homeWith();
  await Deno.copyFile(other.configFile, `${home.workspace}/palette.yaml.bak`);
  assertEquals(await rekey("--all"), "1200000");
  assertMatch(
    await Deno.readTextFile(`${home.workspace}/palette.yaml.bak`),
    /iterations: 1200000/,
  );
  assertEquals(await rekey("--iterations", "600000"), "600000");
  assertEquals(await rekey(), "1000000");
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

/** A rekey with --all that was stopped when it was decided, before any file had its new text. */
async function interruptRekey(home: Home): Promise<string> {
  await using other = await homeWith({ endpoint: ENDPOINT, passphrase: OTHER_PASSPHRASE });
  const after = await other.config();
  const files = systemFiles();
  const stopping = {
    ...files,
    rename: (from: string, to: string) =>
      to.endsWith(".rekey.json") ? files.rename(from, to) : Promise.reject(new Error("power cut")),
  };
  const store = new FileStore({
    files: stopping,
    clock: systemClock(),
    crypto: new CountingCrypto(),
    platform: systemPlatform(),
    onWarning: () => {},
  });
  const workspace = findWorkspace({ workspace: home.workspace }, {
    env: environmentOf({}),
    platform: systemPlatform(),
  });
  const rewrites = [{ path: home.configFile, before: await home.config(), after }];
  await assertRejects(
    () => rewriteAll(rewrites, { store, files: stopping, workspace }),
    Error,
    "power cut",
  );
  return after;
}

const leftOf = async (home: Home) =>
  (await home.files()).filter((name) => /stage|rekey|tmp/.test(name));

for (const args of [[], ["--all"], ["--all", "--dry-run"]]) {
  Deno.test(`config ${["rekey", ...args].join(" ")} is refused after one that was interrupted`, async () => {
    await using home = await homeWith();
    const before = await home.config();
    await interruptRekey(home);
    const result = await home.run(["config", "rekey", ...args, "-o", "json"], {
      env: { PALETTE_NEW_ENCRYPTION_PASSWORD: "Another-One-1" },
    });
    assertEquals([result.status, result.stdout], [1, ""]);
    assertEquals(errorOf(result), {
      ...errorOf(result),
      code: "conflict",
      message: "An earlier rekey of the workspace was interrupted",
      hint: "Run palette config rekey --resume",
    });
    assertEquals(await home.config(), before);
    assertEquals((await leftOf(home)).length, 2);
  });
}

Deno.test("config verify tells that a rekey was interrupted", async () => {
  await using home = await homeWith();
  const told = "Warning: a rekey was interrupted; run palette config rekey --resume\n";
  assertEquals((await home.run(["config", "verify"])).stderr, "");
  await interruptRekey(home);
  const result = await home.run(["config", "verify"]);
  assertEquals([result.status, result.stderr], [0, told]);
});

Deno.test("config rekey --resume finishes what was interrupted, without any passphrase", async () => {
  await using home = await homeWith();
  const after = await interruptRekey(home);
  const args = ["config", "rekey", "--resume"];
  const result = await home.run(args, { env: NO_PASSPHRASE });
  assertEquals(result, {
    ...result,
    status: 0,
    stdout: `FILE${" ".repeat(home.configFile.length - 2)}STATUS\n${home.configFile}  rekeyed\n`,
    stderr: "",
    derivations: 0,
  });
  assertEquals(await home.config(), after);
  assertEquals(await leftOf(home), []);
  assertEquals(await Deno.readTextFile(`${home.workspace}/.version`), `${VERSION}\n`);
  const env = { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
  assertEquals((await home.run(["config", "verify"], { env })).stderr, "");
  assertEquals((await home.run(args)).stdout, "There is no interrupted rekey\n");
  assertEquals(JSON.parse((await home.run([...args, "-o", "json"])).stdout), {
    resumed: false,
    files: [],
  });
});

Deno.test("config rekey --resume tells JSON which files it finished", async () => {
  await using home = await homeWith();
  await interruptRekey(home);
  const { stdout } = await home.run(["config", "rekey", "--resume", "-o", "json"]);
  assertEquals(JSON.parse(stdout), { resumed: true, files: [home.configFile] });
});

Deno.test("config rekey --resume leaves a file that was changed since, and says so", async () => {
  await using home = await homeWith();
  await interruptRekey(home);
  const changed = await edit(home, "demo-org", "changed-org");
  const result = await home.run(["config", "rekey", "--resume", "-o", "json"]);
  assertEquals([result.status, result.stdout], [1, ""]);
  assertEquals(errorOf(result), {
    ...errorOf(result),
    code: "conflict",
    message: `Changed since the rekey, and left as they are: ${home.configFile}`,
    hint: "Run palette config rekey --config-file FILE for each, with its old passphrase",
  });
  assertEquals(await home.config(), changed);
  assertEquals(await leftOf(home), []);
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

Deno.test("config rekey lists both passphrases at once when both are missing", async () => {
  await using home = await homeWith();
  const before = await home.config();
  const result = await home.run(["config", "rekey", "-o", "json"], { env: NO_PASSPHRASE });
  assertEquals(result.status, 1);
  assertEquals(errorOf(result), {
    ...errorOf(result),
    code: "passphrase-missing",
    message: "The encryption passphrase and the new passphrase are missing",
    hint: "Set PALETTE_ENCRYPTION_PASSWORD, or pass --encryption-passphrase-file or " +
      "--encryption-passphrase-command; set PALETTE_NEW_ENCRYPTION_PASSWORD, or pass " +
      "--new-passphrase-file or --new-passphrase-command",
  });
  const one = await home.run(["config", "rekey", "-o", "json"], {
    env: { ...NO_PASSPHRASE, PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(errorOf(one)["message"], "The encryption passphrase is missing");
  assertEquals(await home.config(), before);
});

/** Makes the main file reachable under a second name. */
const TWO_NAMES: [string, (home: Home) => Promise<string[]>][] = [
  [
    "-c with another spelling",
    (home) => Promise.resolve(["-c", `${home.workspace}/./palette.yaml`]),
  ],
  ["-c with a link from outside", async (home) => {
    await Deno.symlink(home.configFile, `${home.root}/link.yaml`);
    return ["-c", `${home.root}/link.yaml`];
  }],
  ["a link within the workspace", async (home) => {
    await Deno.mkdir(`${home.workspace}/conf`, { mode: 0o700 });
    await Deno.rename(home.configFile, `${home.workspace}/conf/palette.yaml`);
    await Deno.symlink("conf/palette.yaml", home.configFile);
    return [];
  }],
];

for (const [name, make] of TWO_NAMES) {
  Deno.test(`config verify and rekey --all take a file of two names once: ${name}`, async () => {
    await using home = await homeWith();
    const args = await make(home);
    const path = args[1] ?? home.configFile;
    const verified = await home.run([...args, "config", "verify", "-o", "json"]);
    assertEquals(JSON.parse(verified.stdout), {
      items: [{ file: path, pointer: KEY, status: "ok", problem: null }],
      count: 1,
    });
    const result = await home.run([...args, "config", "rekey", "--all", "-o", "json"], {
      env: { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
    });
    assertEquals(result, { ...result, status: 0, stderr: "" });
    assertEquals(JSON.parse(result.stdout).files, [{ path, values: 1 }]);
    assertEquals((await home.files()).filter((file) => /stage|rekey|tmp/.test(file)), []);
    const env = { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
    assertEquals((await home.run([...args, "config", "verify"], { env })).status, 0);
  });
}

Deno.test("config rekey --config-file knows the main file and its neighbours by any name", async () => {
  await using home = await homeWith();
  const env = { PALETTE_NEW_ENCRYPTION_PASSWORD: PASSPHRASE };
  await Deno.symlink(home.workspace, `${home.root}/link`);
  const registry = `${home.workspace}/registry/auth.json`;
  await Deno.mkdir(`${home.workspace}/registry`, { mode: 0o700 });
  await Deno.writeTextFile(registry, await registryFile(registry), { mode: 0o600 });
  for (const name of ["palette.yaml", "registry/auth.json"]) {
    const path = `${home.root}/link/${name}`;
    const result = await home.run(["config", "rekey", "--config-file", path], { env });
    assertEquals(result, { ...result, status: 0, stderr: "" });
    assertEquals((await home.run(["config", "verify", "--config-file", path])).status, 0);
  }
});

/** Text of a file with registry logins, one of them encrypted. */
async function registryFile(path: string): Promise<string> {
  const text = 'auths:\n  registry.example.com:\n    auth: ""\n';
  const edited = await editSecretFile(
    await SecretFile.parse(path, text, "registry"),
    { secrets: [{ path: ["auths", "registry.example.com", "auth"], value: new Secret("login") }] },
    { keyring: keyringOf(PASSPHRASE), files: systemFiles(), unreadable: "refuse" },
  );
  return edited.text;
}

/** What people leave in a workspace: it holds the text of a token and is no configuration. */
const STRAYS: [string, string, (home: Home) => Promise<Uint8Array | string>, string][] = [
  [
    "a swap file",
    ".palette.yaml.swp",
    async (home) =>
      new Uint8Array([0xff, 0xfe, 0, ...new TextEncoder().encode(await home.config())]),
    "it is not UTF-8 text",
  ],
  [
    "a note",
    "notes.txt",
    () => Promise.resolve('values look like "enc:v1:..."\n  - and [are long\n'),
    "",
  ],
];

for (const [name, file, make, reason] of STRAYS) {
  Deno.test(`config verify reports ${name} as one bad row, leaves it, and goes on`, async () => {
    await using home = await homeWith();
    const path = `${home.workspace}/${file}`;
    const content = await make(home);
    await (typeof content === "string"
      ? Deno.writeTextFile(path, content)
      : Deno.writeFile(path, content));
    await Deno.chmod(path, 0o644);
    const result = await home.run(["config", "verify", "-o", "json"]);
    assertEquals(result.status, 2, result.stderr);
    assertEquals(errorOf(result), {
      ...errorOf(result),
      code: "checks-failed",
      message: "1 of 2 encrypted values cannot be used",
      hint: "Move the files that are none of palette's out of the workspace",
    });
    const { items } = JSON.parse(result.stdout);
    assertEquals(items.length, 2);
    assertEquals(items[0].status, "ok");
    assertEquals(items[1], { ...items[1], file: path, pointer: "", status: "unreadable" });
    assertStringIncludes(items[1].problem, `Cannot read "${path}": ${reason}`);
    const table = await home.run(["config", "verify"]);
    assertStringIncludes(table.stdout, `${path}`);
    assertStringIncludes(table.stderr, `Warning: Cannot read "${path}": ${reason}`);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o644);
  });

  Deno.test(`config rekey --all names ${name}, and writes nothing`, async () => {
    await using home = await homeWith();
    const before = await home.config();
    const path = `${home.workspace}/${file}`;
    const content = await make(home);
    await (typeof content === "string"
      ? Deno.writeTextFile(path, content)
      : Deno.writeFile(path, content));
    await Deno.chmod(path, 0o644);
    const result = await home.run(["config", "rekey", "--all", "-o", "json"], {
      env: { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
    });
    assertEquals(result.status, 1);
    assertEquals(errorOf(result)["code"], "validation");
    assertStringIncludes(String(errorOf(result)["message"]), `Cannot read "${path}": ${reason}`);
    assertEquals(
      errorOf(result)["hint"],
      "Move it out of the workspace, then run palette config rekey --all again",
    );
    assertEquals(await home.config(), before);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o644);
  });
}

Deno.test("config verify and rekey --all pass over a file that only mentions the format", async () => {
  await using home = await homeWith();
  const path = `${home.workspace}/notes.yaml`;
  await Deno.writeTextFile(path, "about: values that begin with enc:v1:, see the README\n");
  await Deno.chmod(path, 0o644);
  const verified = await home.run(["config", "verify", "-o", "json"]);
  assertEquals([verified.status, JSON.parse(verified.stdout).count], [0, 1], verified.stdout);
  const result = await home.run(["config", "rekey", "--all", "-o", "json"], {
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals([result.status, JSON.parse(result.stdout).files.length], [0, 1]);
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o644);
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
