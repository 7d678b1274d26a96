import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../../lib/version.ts";
import { archiveName, buildPortable, npmRuntimes } from "../../../scripts/portable.ts";
import { runDemo, type ShownStep } from "../../../scripts/demo.ts";
import { runtimeOf } from "../../../scripts/portable/runtime.ts";
import { launcher } from "../../../scripts/portable/launcher.ts";
import { targetNamed } from "../../../scripts/portable/target.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { TempFolder } from "../../support/portable_tree.ts";
import { hasProgram, outputOf, runProgram } from "../../support/programs.ts";
import { namesIn } from "../../support/temp_folder.ts";

const TARGET = targetNamed("linux-x64");
const MAX_BYTES = 45e6;
const DEMO = decodeURIComponent(new URL("../../support/offline_demo.ts", import.meta.url).pathname);

/** Mounts that need the kernel's leave, which containers often lack. */
async function canUnshare(): Promise<boolean> {
  const isHost = Deno.build.target === TARGET.triple && Deno.uid() === 0;
  if (!isHost || !["unshare", "chroot", "busybox", "ldd", "tar"].every(hasProgram)) return false;
  const { status } = await runProgram("unshare", [
    ...["-n", "-m", "-p", "-f", "sh", "-c"],
    "mount -t tmpfs none /mnt && busybox ip link set lo up",
  ]);
  return status === 0;
}

/** npm is not reached everywhere that tests run. */
async function hasRuntime(): Promise<boolean> {
  return await runtimeOf(TARGET, npmRuntimes()).then(() => true, () => false);
}

const isPossible = await canUnshare() && await hasRuntime();

/** Copies a program with the libraries that it names, to where it looks for them. */
async function copyWithLibraries(program: string, place: string, root: string): Promise<void> {
  await Deno.mkdir(`${root}${place.slice(0, place.lastIndexOf("/"))}`, { recursive: true });
  await Deno.copyFile(program, `${root}${place}`);
  await copyLibraries(program, root);
}

async function copyLibraries(program: string, root: string): Promise<void> {
  // A static program has none, and ldd says so by its status.
  const { stdout } = await runProgram("ldd", [program]);
  for (const [, path = ""] of stdout.matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(/gm)) {
    await Deno.mkdir(`${root}${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
    await Deno.copyFile(path, `${root}${path}`);
  }
}

async function busyboxPath(): Promise<string> {
  return (await outputOf("sh", "-c", "command -v busybox")).trim();
}

Deno.test(
  "the archive does the demo on a system with nothing but the C library, without network (needs root, unshare, busybox, npm)",
  {
    ignore: !isPossible,
  },
  async (t) => {
    // Meanwhile: both take many seconds.
    const source = demoOfSource();
    await using folder = await TempFolder.make();
    const [output, root] = [`${folder.path}/out`, `${folder.path}/root`];
    const [archive = ""] = await buildPortable({ version: VERSION, targets: [TARGET], output });

    await t.step("it is at most 45 MB", async () => {
      const { size } = await Deno.stat(archive);
      assert(size <= MAX_BYTES, `${size} bytes`);
    });

    for (const name of ["bin", "home", "opt", "proc"]) {
      await Deno.mkdir(`${root}/${name}`, { recursive: true });
    }
    await copyWithLibraries(await busyboxPath(), "/bin/busybox", root);
    await Deno.symlink("busybox", `${root}/bin/sh`);
    await outputOf("tar", "-xzf", archive, "-C", `${root}/opt`);
    const top = `/opt/${archiveName(VERSION, TARGET)}`;
    await copyLibraries(`${root}${top}/lib/deno`, root);
    const before = await allFiles(root);

    const script = [
      'set -e; root=$1; top=$2; shift 2; mount -t proc none "$root/proc"; busybox ip link set lo up',
      'mount --bind "$root$top" "$root$top"; mount -o remount,bind,ro "$root$top"; exec "$@"',
    ].join("\n");
    const { status, stdout, stderr } = await runProgram("unshare", [
      ...["-n", "-m", "-p", "-f", "sh", "-c", script, "sh", root, top, Deno.execPath()],
      ...denoRunArgs(["-A"], DEMO, root, `${top}/palette`),
    ], { PALETTE_DENO_FLAGS: Deno.env.get("PALETTE_DENO_FLAGS") ?? "" });
    assertEquals([status, stderr], [0, ""]);
    const { steps, interfaces, home } = JSON.parse(stdout) as {
      steps: ShownStep[];
      interfaces: string[];
      home: string[];
    };

    await t.step("it says what the source says", async () => {
      assertEquals(
        steps.map(({ command, output }) => [command, comparable(output)]),
        (await source).map(({ command, output }) => [command, comparable(output)]),
      );
    });

    await t.step(
      "there was no network, and nothing is left but the workspace and what was asked for",
      async () => {
        assertEquals(interfaces, ["lo"]);
        assertEquals(home, [".palette", "dev.conf"]);
        assertEquals(await allFiles(root), before);
        assertEquals(namesIn(`${root}/home`), []);
      },
    );
  },
);

Deno.test("a system with musl is refused in words (needs root, unshare, busybox)", {
  ignore: !await canUnshare(),
}, async () => {
  await using folder = await TempFolder.make();
  const root = folder.path;
  await Deno.mkdir(`${root}/opt/lib`, { recursive: true });
  await copyWithLibraries(await busyboxPath(), "/bin/busybox", root);
  await Deno.mkdir(`${root}/lib`, { recursive: true });
  await Deno.writeTextFile(`${root}/lib/ld-musl-aarch64.so.1`, "");
  for (const file of ["deno", "palette.js"]) {
    await Deno.writeTextFile(`${root}/opt/lib/${file}`, "never started", { mode: 0o755 });
  }
  // The loader of this machine is there for busybox; that of the other processor is not.
  const { text } = await launcher(targetNamed("linux-arm64"));
  await Deno.writeTextFile(`${root}/opt/palette`, text);
  assertEquals(
    await runProgram("chroot", [root, "/bin/busybox", "sh", "/opt/palette", "version"]),
    {
      status: 1,
      stdout: "",
      stderr:
        "Error: this palette needs the GNU C library (glibc); this system has musl, as Alpine does\n" +
        "Hint: Run it in a container of Debian, Ubuntu, Fedora or another system with glibc\n",
    },
  );
});

/** What the demo shows here, with a network and from source. */
async function demoOfSource(): Promise<ShownStep[]> {
  const steps: ShownStep[] = [];
  await runDemo((step) => steps.push(step));
  return steps;
}

/** Without what differs from run to run: how often it is told what is waited for, times, ciphertext. */
function comparable(output: string): string {
  return output.replace(/^.*, waiting until .*\n/gm, "")
    .replace(/enc:v1:[\w-]+/g, "enc:v1:...")
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, "TIME").replace(/\d+(\.\d+)? ?m?s\b/g, "AGE");
}

/** Paths of all files below a folder. */
async function allFiles(folder: string): Promise<string[]> {
  const paths = await outputOf("find", folder, "-xdev");
  assertStringIncludes(paths, folder);
  return paths.trim().split("\n").sort();
}
