import { assertEquals, assertMatch } from "@std/assert";
import { systemFiles } from "../../lib/runtime/files.ts";
import { Log, type LogLevel } from "../../lib/runtime/log.ts";
import { Redactor } from "../../lib/runtime/redactor.ts";
import { FakeClock } from "../support/fake_clock.ts";

async function setUp(level: LogLevel = "info") {
  const root = await Deno.makeTempDir({ prefix: "palette-log-" });
  const redactor = new Redactor();
  const echoed: string[] = [];
  const log = new Log({
    files: systemFiles(),
    clock: new FakeClock(),
    redactor,
    level,
    echo: (line) => echoed.push(line),
  });
  const path = `${root}/logs/palette.log`;
  return {
    root,
    redactor,
    echoed,
    log,
    path,
    lines: async () => (await Deno.readTextFile(path)).trimEnd().split("\n"),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("a log that is never opened leaves no file", async () => {
  await using it = await setUp();
  it.log.info("x");
  assertEquals(await Array.fromAsync(Deno.readDir(it.root)), []);
  assertEquals(it.log.path, null);
});

Deno.test("lines wait until the log is opened, private from the start", async () => {
  await using it = await setUp();
  it.log.info("before", { count: 1 });
  await it.log.open(it.path);
  it.log.error("after");
  assertEquals(await it.lines(), [
    'time="2026-01-02T15:04:05.000Z" level=info msg="before" count=1',
    'time="2026-01-02T15:04:05.000Z" level=error msg="after"',
  ]);
  assertEquals(((await Deno.stat(it.path)).mode ?? 0) & 0o777, 0o600);
  assertEquals(((await Deno.stat(`${it.root}/logs`)).mode ?? 0) & 0o777, 0o700);
});

const LEVELS: [LogLevel, string[]][] = [
  ["panic", []],
  ["fatal", []],
  ["error", ["error"]],
  ["warn", ["error", "warn"]],
  ["info", ["error", "warn", "info"]],
  ["debug", ["error", "warn", "info", "debug"]],
  ["trace", ["error", "warn", "info", "debug", "trace"]],
];

for (const [level, written] of LEVELS) {
  Deno.test(`level ${level} writes [${written}]`, async () => {
    await using it = await setUp(level);
    await it.log.open(it.path);
    for (const name of ["error", "warn", "info", "debug", "trace"] as const) it.log[name]("x");
    const text = await Deno.readTextFile(it.path).catch(() => "");
    assertEquals([...text.matchAll(/level=(\w+)/g)].map((match) => match[1]), written);
    assertEquals(it.echoed.length, level === "debug" || level === "trace" ? written.length : 0);
  });
}

for (const level of ["panic", "fatal"] as const) {
  Deno.test(`level ${level} leaves no folder behind, and names no file`, async () => {
    await using it = await setUp(level);
    await it.log.open(it.path);
    it.log.error("x");
    assertEquals([...Deno.readDirSync(it.root)], []);
    assertEquals(it.log.path, null);
  });
}

Deno.test("a message is one line, whatever is in it", async () => {
  await using it = await setUp();
  await it.log.open(it.path);
  it.log.info("a\nb\r\x1b[31m\u2028c\u0085", { field: "x\ny" });
  const lines = await it.lines();
  assertEquals(lines.length, 1);
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x1f\x7f-\x9f\u2028]/.test(lines[0] ?? ""), false);
});

Deno.test("messages and fields are redacted, also what waited", async () => {
  await using it = await setUp();
  it.redactor.add("Correct-Horse-9");
  it.log.info("passphrase Correct-Horse-9", { header: "Correct-Horse-9" });
  await it.log.open(it.path);
  const text = (await it.lines()).join();
  assertEquals(text.includes("Correct-Horse"), false);
  assertMatch(text, /\[redacted\]/);
});

Deno.test("a log above 10 MiB is rotated, and three old ones are kept", async () => {
  await using it = await setUp();
  await Deno.mkdir(`${it.root}/logs`);
  const big = new Uint8Array(10 * 1024 * 1024 + 1).fill(0x78);
  for (const [at, name] of ["", ".1", ".2", ".3"].entries()) {
    await Deno.writeFile(`${it.path}${name}`, at === 0 ? big : new TextEncoder().encode(name));
  }
  await it.log.open(it.path);
  it.log.info("new");
  const names = (await Array.fromAsync(Deno.readDir(`${it.root}/logs`), ({ name }) => name)).sort();
  assertEquals(names, ["palette.log", "palette.log.1", "palette.log.2", "palette.log.3"]);
  assertEquals((await it.lines()).length, 1);
  assertEquals((await Deno.stat(`${it.path}.1`)).size, big.length);
  assertEquals(await Deno.readTextFile(`${it.path}.2`), ".1");
  assertEquals(await Deno.readTextFile(`${it.path}.3`), ".2");
});

Deno.test("a log that cannot be written fails nothing, and says why", async () => {
  await using it = await setUp();
  await Deno.mkdir(it.path, { recursive: true });
  await it.log.open(it.path);
  it.log.info("x");
  assertEquals(it.log.path, null);
  assertMatch(it.log.problem ?? "", /folder|directory/i);
});

Deno.test("open() finds out whether the log can be written, before there is a line", async () => {
  await using it = await setUp();
  await it.log.open("/proc/nope/palette.log");
  assertEquals(it.log.path, null);
  assertEquals(it.log.problem, 'Cannot write "/proc/nope/palette.log": no such file or folder');
  await using other = await setUp();
  await Deno.mkdir(other.path, { recursive: true });
  await other.log.open(other.path);
  assertEquals(other.log.problem, `Cannot write "${other.path}": it is a folder`);
  await using good = await setUp();
  await good.log.open(good.path);
  assertEquals([good.log.path, good.log.problem], [good.path, null]);
  assertEquals(await Deno.readTextFile(good.path), "");
});
