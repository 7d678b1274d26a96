import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { checkExecutable } from "../../../scripts/compile/check_executable.ts";
import { denoCompile } from "../../../scripts/compile/deno_compile.ts";
import { executableTarget } from "../../../scripts/compile/executable_target.ts";
import { findRuntime, runtimePlace } from "../../../scripts/compile/find_runtime.ts";
import { findLock, requireLock } from "../../../scripts/compile/require_lock.ts";
import {
  DENO_VERSION,
  hostTarget,
  type Target,
  targetNamed,
} from "../../../scripts/portable/target.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { TempFolder } from "../../support/portable_tree.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";
import { namesIn } from "../../support/temp_folder.ts";

const ROOT = decodeURIComponent(new URL("../../../", import.meta.url).pathname);
const LINUX = targetNamed("linux-x64");
const PLACE = `dl/release/v${DENO_VERSION}/denort-x86_64-unknown-linux-gnu.zip`;

/** Runs the task's script as a process of its own. */
async function compile(args: string[], env: Record<string, string> = {}) {
  return await runProgram(
    Deno.execPath(),
    denoRunArgs(["-A"], `${ROOT}scripts/compile.ts`, ...args),
    {
      PALETTE_DENO_FLAGS: Deno.env.get("PALETTE_DENO_FLAGS") ?? "",
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      ...env,
    },
  );
}

/** What earlier builds left; a build that fails leaves it as it is. */
function outputs(): string[] {
  try {
    return namesIn(`${ROOT}dist/compiled`);
  } catch {
    return [];
  }
}

Deno.test("an ordinary Deno as runtime does not pass for our program", {
  ignore: Deno.version.deno !== DENO_VERSION || hostTarget() === null,
}, async () => {
  const before = outputs();
  const result = await compile(["--dev"], { DENORT_BIN: Deno.execPath() });
  assertEquals([result.status, result.stdout], [1, ""]);
  const [runtime = "", error = "", hint = ""] = result.stderr.split("\n");
  assertMatch(runtime, /^Runtime [0-9a-f]{64} {2}\//);
  assertEquals(error, "Error: What was compiled is not our program: it is a whole Deno");
  assertEquals(hint, "Hint: The runtime must be denort, the one for executables, not deno itself");
  assertEquals(outputs(), before);
  assertEquals(namesIn(`${ROOT}dist`).filter((name) => name.startsWith(".compile-")), []);
});

Deno.test("a runtime that is no program is told by Deno's own words", {
  ignore: Deno.build.target !== LINUX.triple || Deno.version.deno !== DENO_VERSION,
}, async () => {
  await using folder = await TempFolder.make();
  const [script, fake] = [`${folder.path}/it.js`, `${folder.path}/denort`];
  await Deno.writeTextFile(script, "1;\n");
  await Deno.writeTextFile(fake, "not a program");
  const choice = { env: { DENORT_BIN: fake }, file: null };
  const error = await assertRejects(
    () => denoCompile(script, `${folder.path}/palette`, LINUX, choice),
    UserError,
  );
  assertEquals(
    [error.code, error.message],
    ["prerequisite", "Cannot compile for linux-x64: Invalid object: Not an ELF file"],
  );
  assertEquals(namesIn(folder.path), ["denort", "it.js"]);
});

for (
  const [args, env, message] of [
    [["--dev", "--all"], { DENORT_BIN: "/bin/sh" }, "DENORT_BIN is the runtime of one target"],
    [["--dev", "--target", "linux-x64"], { DENORT_BIN: "/nowhere" }, 'names no file: "/nowhere"'],
    [
      ["--dev", "--target", "linux-x64", "--runtime-dir", "/nowhere"],
      {},
      `--runtime-dir has no runtime for linux-x64: "/nowhere/${PLACE}": there is no such file`,
    ],
    [["--target", "linux-x68"], {}, 'There is no target "linux-x68"'],
  ] as [string[], Record<string, string>, string][]
) {
  Deno.test(`compile ${args.join(" ")} with ${JSON.stringify(env)} is refused`, {
    ignore: Deno.version.deno !== DENO_VERSION,
  }, async () => {
    const result = await compile(args, env);
    assertEquals([result.status, result.stdout], [1, ""]);
    const [error = "", hint = ""] = result.stderr.split("\n");
    assertStringIncludes(error, message);
    assertMatch(hint, /^Hint: /);
  });
}

Deno.test("a runtime of a prepared folder is staged where Deno looks, with its checksum", async () => {
  await using folder = await TempFolder.make();
  const [prepared, stage] = [`${folder.path}/prepared`, `${folder.path}/stage`];
  assertEquals(runtimePlace(LINUX), PLACE);
  await Deno.mkdir(`${prepared}/dl/release/v${DENO_VERSION}`, { recursive: true });
  await Deno.writeTextFile(`${prepared}/${PLACE}`, "abc");
  const wish = { folder: prepared, denortBin: "/nowhere", stage };
  assertEquals(await findRuntime(LINUX, wish), {
    env: { DENO_DIR: stage },
    file: {
      path: `${prepared}/${PLACE}`,
      // Known answer of FIPS 180-4.
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    },
  });
  assertEquals(await Deno.readTextFile(`${stage}/${PLACE}`), "abc");
  const none = { folder: null, denortBin: null, stage };
  assertEquals(await findRuntime(LINUX, none), { env: {}, file: null });
});

Deno.test("a release needs a deno.lock as it was committed, and JSR's modules (needs git)", {
  ignore: !hasProgram("git"),
}, async () => {
  await using folder = await TempFolder.make();
  const root = `${folder.path}/`;
  const git = async (...args: string[]) => {
    const who = ["-c", "user.name=n", "-c", "user.email=n@example.com"];
    assertEquals((await runProgram("git", ["-C", root, ...who, ...args])).status, 0);
  };
  const refusal = async (flags: string[] = []) =>
    (await assertRejects(() => requireLock(root, flags), UserError)).message;
  assertEquals(await refusal(), "A release needs a deno.lock, and there is none");
  assertEquals(await findLock(root, []), null);
  await Deno.writeTextFile(`${root}deno.lock`, "{}");
  assertEquals(await refusal(), "deno.lock is not as it was committed");
  await git("init", "-q");
  await git("add", "deno.lock");
  assertEquals(await refusal(), "deno.lock is not as it was committed");
  await git("commit", "-qm", "lock");
  await requireLock(root, []);
  // Archives take it where they can.
  assertEquals(await findLock(root, []), "deno.lock");
  assertEquals(await findLock(root, ["--import-map=x"]), null);
  assertEquals(
    await refusal(["--import-map=x"]),
    "A release is made of JSR's modules, not of npm's",
  );
  await Deno.writeTextFile(`${root}deno.lock`, "{ }");
  assertEquals(await refusal(), "deno.lock is not as it was committed");
});

/** The start of an executable. */
function header(bytes: Record<number, number[]>): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(512);
  for (const [at, values] of Object.entries(bytes)) all.set(values, Number(at));
  return all;
}

const ELF = [0x7f, 0x45, 0x4c, 0x46];
const MACHO = [0xcf, 0xfa, 0xed, 0xfe];
const PE = { 0: [0x4d, 0x5a], 60: [0x80, 0], 0x80: [0x50, 0x45, 0, 0] };

for (
  const [name, bytes, wanted] of [
    ["ELF for x86-64", header({ 0: ELF, 18: [0x3e, 0] }), "linux-x64"],
    ["ELF for AArch64", header({ 0: ELF, 18: [0xb7, 0] }), "linux-arm64"],
    ["ELF for RISC-V", header({ 0: ELF, 18: [0xf3, 0] }), null],
    ["Mach-O for x86-64", header({ 0: MACHO, 4: [7, 0, 0, 1] }), "darwin-x64"],
    ["Mach-O for arm64", header({ 0: MACHO, 4: [12, 0, 0, 1] }), "darwin-arm64"],
    ["PE for x86-64", header({ ...PE, 0x84: [0x64, 0x86] }), "windows-x64"],
    ["PE for arm64", header({ ...PE, 0x84: [0x64, 0xaa] }), null],
    ["PE whose header is out of reach", header({ ...PE, 60: [0xff, 0xff] }), null],
    ["a script", new TextEncoder().encode(`#!/bin/sh\n${"#".repeat(99)}`), null],
    ["an empty file", new Uint8Array(), null],
  ] as const
) {
  Deno.test(`executableTarget() of ${name} is ${wanted}`, () => {
    assertEquals(executableTarget(bytes), wanted);
  });
}

const SCRIPT = new TextEncoder().encode("our code\n");
const EXPECTED = { version: "1.2.3", commit: "0123456789ab", script: SCRIPT };

/** Why a file does not pass. */
async function refusal(path: string, target: Target): Promise<string> {
  const check = () => checkExecutable(path, { ...EXPECTED, target });
  const { code, message } = await assertRejects(check, UserError);
  assertEquals(code, "checks-failed");
  return message.replace("What was compiled is not our program: ", "");
}

for (
  const [name, bytes, other] of [
    ["linux-arm64", header({ 0: ELF, 18: [0xb7, 0] }), "darwin-x64"],
    ["darwin-arm64", header({ 0: MACHO, 4: [12, 0, 0, 1] }), "linux-x64"],
    ["windows-x64", header({ ...PE, 0x84: [0x64, 0x86] }), "linux-x64"],
  ] as const
) {
  const target = targetNamed(name);
  Deno.test(
    `checkExecutable() refuses what is not for ${name}, has no code of ours, or is a Deno`,
    {
      // There it would be run.
      ignore: target === hostTarget(),
    },
    async () => {
      await using folder = await TempFolder.make();
      const path = `${folder.path}/palette`;
      await Deno.writeFile(path, bytes);
      assertEquals(await refusal(path, targetNamed(other)), `it is for ${name}, not for ${other}`);
      assertEquals(await refusal(path, target), "our code is not in it");
      await Deno.writeFile(path, SCRIPT, { append: true });
      assertEquals(await checkExecutable(path, { ...EXPECTED, target }), false);
      const help = "Compiles the given script into a self contained executable.";
      await Deno.writeTextFile(path, help, { append: true });
      assertEquals(await refusal(path, target), "it is a whole Deno");
    },
  );
}

Deno.test("checkExecutable() runs what is for this machine", {
  ignore: Deno.build.target !== LINUX.triple,
}, async () => {
  await using folder = await TempFolder.make();
  const path = `${folder.path}/palette`;
  await Deno.copyFile("/bin/echo", path);
  await Deno.writeFile(path, SCRIPT, { append: true });
  assertEquals(await refusal(path, LINUX), 'version says "version\\n"');
});
