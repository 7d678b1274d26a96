import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startFakePalette } from "./support/palette/fake_palette.ts";
import { ADMIN_KEY } from "./support/palette/state.ts";
import { errorOf, Home } from "./support/home.ts";
import { VERSION } from "../lib/version.ts";

interface Usage {
  args: string[];
  message: string;
  hint?: string;
  env?: Record<string, string>;
}

const USAGE: Usage[] = [
  { args: ["lgin"], message: 'Unknown command "lgin"', hint: "Did you mean login?" },
  {
    args: ["xyzzy"],
    message: 'Unknown command "xyzzy"',
    hint: "Run palette --help for what there is",
  },
  { args: ["project", "lst"], message: 'Unknown command "lst"', hint: "Did you mean list?" },
  { args: ["help", "projct"], message: 'Unknown command "projct"', hint: "Did you mean project?" },
  {
    args: ["project", "list", "--qiet"],
    message: 'Unknown option "--qiet"',
    hint: "Did you mean --quiet?",
  },
  {
    args: ["project", "switch", "--name"],
    message: 'Missing value for option "--name"',
    hint: "Run palette project switch --help for what there is",
  },
  { args: ["project", "switch", "--name="], message: "--name needs a value that is not empty" },
  { args: ["project", "switch", "--name", ""], message: "--name needs a value that is not empty" },
  { args: ["project", "list", ""], message: "An argument is empty" },
  {
    args: ["project", "switch", "--name", "a", "--name", "b"],
    message: 'Option "--name" can only occur once, but was found several times',
  },
  {
    args: ["project", "switch", "--name", "a", "--uid", "b"],
    message: 'Option "--uid" conflicts with option "--name"',
  },
  {
    args: ["project", "list", "extra"],
    message: 'No arguments allowed for command "palette project list"',
  },
  {
    args: ["--log-level", "loud", "version"],
    message: '--log-level must be one of panic, fatal, error, warn, info, debug, trace, not "loud"',
  },
  {
    args: ["version"],
    env: { PALETTE_LOG_LEVEL: "loud" },
    message:
      'PALETTE_LOG_LEVEL must be one of panic, fatal, error, warn, info, debug, trace, not "loud"',
  },
  {
    args: ["completion", "tcsh"],
    message: 'The shell must be one of bash, fish, powershell, zsh, not "tcsh"',
  },
  { args: ["completion"], message: "Missing argument(s): shell" },
  {
    args: ["content", "bild", "-f", "def.yaml"],
    message: 'Unknown command "bild"',
    hint: "Did you mean build?",
  },
  { args: ["contnet", "-x"], message: 'Unknown command "contnet"', hint: "Did you mean content?" },
  {
    args: ["whoami", "-k", "A", "--encryption-passphrase-file", "f"],
    message: "--encryption-passphrase and --encryption-passphrase-file cannot be used together",
  },
];

for (const { args, message, hint, env } of USAGE) {
  const words = [...Object.entries(env ?? {}).flat(), "palette", ...args.map((arg) => arg || "''")];
  Deno.test(`${words.join(" ")} is refused in one line with a hint`, async () => {
    await using home = await Home.make();
    const needsSession = args[0] === "whoami";
    if (needsSession) await home.seed({ endpoint: "https://console.example.com" });
    const before = await home.files();
    const result = await home.run(args, { env: { ...env, PALETTE_FORMAT: "json" } });
    const error = errorOf(result);
    assertEquals(result.status, 1);
    assertEquals(result.stdout, "");
    assertEquals(error["code"], "usage");
    assertEquals(error["message"], message);
    if (hint !== undefined) assertEquals(error["hint"], hint);
    if (!needsSession) assertEquals(await home.files(), before);
    const table = await home.run(args, { env: env ?? {} });
    assertMatch(table.stderr, /^Error: \S.*\n(Hint: .*\n)?(Log: .*\n)?$/);
  });
}

for (const name of ["PALETTE_API_KEY", "PALETTE_ENCRYPTION_PASSWORD", "AWS_SECRET_ACCESS_KEY"]) {
  Deno.test(`the value of ${name} is in no message, whatever the command`, async () => {
    await using home = await Home.make();
    const result = await home.run(["C4nary-1"], { env: { [name]: "C4nary-1" } });
    assertEquals(result.status, 1);
    assertStringIncludes(result.stderr, 'Error: unknown command "[redacted]"\n');
  });
}

Deno.test("the path in PALETTE_ENCRYPTION_PASSWORD_FILE is no secret", async () => {
  await using home = await Home.make();
  await home.seed({ endpoint: "https://console.example.com" });
  const result = await home.run(["whoami"], {
    env: {
      PALETTE_ENCRYPTION_PASSWORD: undefined,
      PALETTE_ENCRYPTION_PASSWORD_FILE: "/none/passphrase",
    },
  });
  assertStringIncludes(result.stderr, '"/none/passphrase"');
});

for (const value of ["xml", "JSON"]) {
  Deno.test(`--format ${value} is refused, in a table's words`, async () => {
    await using home = await Home.make();
    const result = await home.run(["version", "--format", value]);
    assertEquals(result.status, 1);
    assertStringIncludes(
      result.stderr,
      `Error: --format must be one of table, json, yaml, not "${value}"`,
    );
  });
}

for (
  const args of [["version", "--format", "json"], ["version", "--format=json"], [
    "version",
    "-o",
    "json",
  ]]
) {
  Deno.test(`palette ${args.join(" ")} prints one JSON document`, async () => {
    await using home = await Home.make();
    const result = await home.run(args);
    assertEquals(JSON.parse(result.stdout), {
      version: VERSION,
      commit: "",
      os: "linux",
      arch: "amd64",
      deno: "2.9.5",
      target: "linux-x64",
      runtime: "deno 2.9.5",
    });
    assertEquals(await home.files(), []);
  });
}

Deno.test("PALETTE_FORMAT is the format where no flag says otherwise", async () => {
  await using home = await Home.make();
  const env = { PALETTE_FORMAT: "yaml" };
  assertMatch((await home.run(["version"], { env })).stdout, /^version: 0\.1\.0$/m);
  assertMatch((await home.run(["version", "-o", "table"], { env })).stdout, /^Palette CLI version/);
});

Deno.test("the version is the last word of its line", async () => {
  await using home = await Home.make();
  for (const args of [["version"], ["--version"], ["-V"], ["version", "-q"]]) {
    const { stdout } = await home.run(args);
    assertEquals(stdout, `Palette CLI version: ${VERSION}\n`);
  }
});

const HELP: string[][] = [
  [],
  ["help"],
  ["--help"],
  ["-h"],
  ["project"],
  ["help", "project"],
  ["project", "--help"],
  ["help", "project", "switch"],
  ["project", "switch", "-h"],
  ["project", "switch", "--name", "x", "--help"],
  ["project", "switch", "--nonsense", "--help"],
  ["--no-color", "login", "--format", "json", "--help"],
  ["config", "set-secret", "--help"],
];

for (const args of HELP) {
  Deno.test(`palette ${args.join(" ")} prints help on stdout and needs no file`, async () => {
    await using home = await Home.make();
    const result = await home.run(args, { env: { HOME: undefined } });
    assertEquals(result.status, 0, result.stderr);
    assertMatch(result.stdout, /^Usage: palette/);
    assertMatch(result.stdout, /--help +- Show this help/);
    assertEquals(result.stdout.includes("\x1b["), false);
    assertEquals(await home.files(), []);
  });
}

Deno.test({
  name: "help has colours on a terminal, unless they are not wanted",
  // Cliffy decides once a process.
  ignore: Deno.noColor,
  async fn() {
    await using home = await Home.make();
    const hasColours = async (args: string[], env: Record<string, string>) =>
      (await home.run(args, { isTerminal: true, env })).stdout.includes("\x1b[");
    assertEquals(await hasColours(["--help"], {}), true);
    assertEquals(await hasColours(["--help"], { NO_COLOR: "1" }), false);
    assertEquals(await hasColours(["--help"], { TERM: "dumb" }), false);
  },
});

Deno.test("help of a command names its flags, variables, example and exit status", async () => {
  await using home = await Home.make();
  const { stdout } = await home.run(["login", "--help"]);
  for (
    const text of [
      "--api-key-file",
      "PALETTE_API_KEY",
      "--cluster-group-scope",
      "--acknowledge-banner",
      "--encryption-passphrase-command",
      "Exit status: 0 done, 1 failed",
      "Examples:",
    ]
  ) assertStringIncludes(stdout, text);
});

Deno.test("global flags are taken before and after the command", async () => {
  await using home = await Home.make();
  const path = async (...args: string[]) => (await home.run(args)).stdout;
  assertEquals(await path("-w", "/w", "config", "path"), "/w/palette.yaml\n");
  assertEquals(await path("config", "-w", "/w", "path"), "/w/palette.yaml\n");
  assertEquals(await path("config", "path", "-w", "/w"), "/w/palette.yaml\n");
  assertEquals(await path("-q", "--log-level", "trace", "config", "path", "--config=/c"), "/c\n");
});

Deno.test("a flag without a value takes =true and =false", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  const env = { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: palette.url };
  await home.run(["login", "--insecure=false"], { env });
  assertMatch(await home.config(), /insecure: false/);
  await home.run(["login", "--insecure=true"], { env });
  assertMatch(await home.config(), /insecure: true/);
});

Deno.test("quiet keeps results and errors", async () => {
  await using palette = await startFakePalette();
  palette.state.projects = [];
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const list = await home.run(["project", "list", "-q"]);
  assertEquals([list.stdout, list.stderr], ["NAME  ACTIVE  UID\n", ""]);
  assertMatch((await home.run(["project", "switch", "--name", "x", "-q"])).stderr, /^Error: /);
});

Deno.test("notices go to the log alone with JSON", async () => {
  await using palette = await startFakePalette();
  palette.state.projects = [];
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url });
  const result = await home.run(["project", "list", "-o", "json"]);
  assertEquals(result.stderr, "");
  assertMatch(
    await Deno.readTextFile(`${home.workspace}/logs/palette.log`),
    /msg="there is no project that you can see"/,
  );
});

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} ends a waiting command with ${status}, and the file stays whole`, async () => {
    await using palette = await startFakePalette();
    palette.inject({ kind: "slow", delayMs: 300, path: "/v1/users/info" });
    await using home = await Home.make();
    await home.seed({ endpoint: palette.url });
    const before = await home.config();
    let stop: (signal: "SIGINT" | "SIGTERM") => void = () => {};
    const running = home.run(["login", "--console-url", palette.url], {
      env: { PALETTE_API_KEY: ADMIN_KEY },
      onSignals: (give) => stop = give,
    });
    while (palette.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    stop(signal);
    const result = await running;
    assertEquals(result.status, status);
    assertEquals(result.stdout, "");
    assertEquals(await home.config(), before);
  });
}

Deno.test("an unexpected failure is one line, its stack is in the log", async () => {
  await using home = await Home.make();
  await home.seed({ endpoint: "https://console.example.com" });
  const clock = {
    now: () => new Date(0),
    monotonicMs: (): number => {
      throw new RangeError("clock is broken");
    },
    sleep: () => Promise.resolve(),
  };
  const result = await home.run(["logout", "-o", "json", "--log-level", "debug"], { clock });
  assertEquals(result.status, 1);
  assertEquals(errorOf(result)["code"], "internal");
  assertEquals(errorOf(result)["message"], "Unexpected failure: clock is broken");
  assertMatch(await Deno.readTextFile(`${home.workspace}/logs/palette.log`), /at .*file_store/);
});

Deno.test("-ojson is -o json, in errors of parsing, too", async () => {
  await using home = await Home.make();
  const version = await home.run(["version", "-ojson"]);
  assertEquals(JSON.parse(version.stdout).version, VERSION);
  const error = await home.run(["version", "-ojson", "--nope"]);
  assertEquals(errorOf(error)["code"], "usage");
});
