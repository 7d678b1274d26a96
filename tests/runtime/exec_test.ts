import { assert, assertEquals, assertRejects } from "@std/assert";
import { environmentOf } from "../../lib/runtime/environment.ts";
import { ExecDenied, ExecNotFound, ExecTimeout, systemExec } from "../../lib/runtime/exec.ts";
import { hasProgram } from "../support/programs.ts";

const PATH = Deno.env.get("PATH") ?? "";
const exec = systemExec(environmentOf({ PATH }));
const options = { timeoutMs: 20_000 };

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "palette-exec-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("run() gives status, stdout and stderr of a program", async () => {
  const result = await exec.run("sh", ["-c", "echo out; echo err >&2; exit 3"], options);
  assertEquals(
    { ...result, stdout: text(result.stdout) },
    { status: 3, stdout: "out\n", stderr: "err\n" },
  );
});

Deno.test("run() hands over standard input, however long; it is empty by default", async () => {
  const long = "ä line\n".repeat(100_000);
  assertEquals(text((await exec.run("cat", [], { ...options, stdin: long })).stdout), long);
  assertEquals(text((await exec.run("cat", [], options)).stdout), "");
});

Deno.test("run() does not mind a program that ends before it has read everything", async () => {
  const result = await exec.run("true", [], { ...options, stdin: "x".repeat(4_000_000) });
  assertEquals(result.status, 0);
});

Deno.test("run() kills what takes too long, and does not wait for its children", async () => {
  const start = performance.now();
  await assertRejects(
    () => exec.run("sh", ["-c", "sleep 30 & sleep 30"], { timeoutMs: 300 }),
    ExecTimeout,
  );
  assert(performance.now() - start < 10_000);
});

Deno.test("run() ends with the signal's reason", async () => {
  const controller = new AbortController();
  const running = exec.run("sh", ["-c", "sleep 30 & sleep 30"], {
    ...options,
    signal: controller.signal,
  });
  controller.abort(new Error("stopped"));
  await assertRejects(() => running, Error, "stopped");
});

Deno.test("run() of a program that Ctrl+C ended first ends with the signal's reason", async () => {
  const controller = new AbortController();
  const stopped = exec.run("sh", ["-c", "kill -INT $$"], {
    ...options,
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(new Error("stopped")), 50);
  await assertRejects(() => stopped, Error, "stopped");
  const alone = await exec.run("sh", ["-c", "kill -INT $$"], {
    ...options,
    signal: new AbortController().signal,
  });
  assertEquals(alone.status, 130);
});

Deno.test("run() tells a missing program from one that the system does not run", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/tool`;
    const run = (searchPath: string) =>
      systemExec(environmentOf({ PATH: searchPath })).run("tool", [], options);
    await assertRejects(() => run(folder), ExecNotFound);
    await Deno.writeTextFile(path, "#!/bin/sh\necho hello\n", { mode: 0o644 });
    const bare = await assertRejects(() => run(`/nowhere:${folder}`), ExecDenied);
    assertEquals([bare.path, bare.message], [path, "it is not marked as executable"]);
    await Deno.chmod(path, 0o755);
    assertEquals(text((await run(folder)).stdout), "hello\n");
    await Deno.writeTextFile(path, "#!/no/such/interpreter\n");
    const orphan = await assertRejects(() => run(folder), ExecDenied);
    assertEquals(orphan.message, "the interpreter that it names is missing");
    await Deno.remove(path);
    await Deno.mkdir(path);
    await assertRejects(() => run(folder), ExecNotFound);
  });
});

const canMount = hasProgram("unshare") &&
  new Deno.Command("unshare", { args: ["-m", "true"], stderr: "null" }).outputSync().success;

Deno.test({
  name: "run() suspects a noexec mount (needs unshare and root)",
  ignore: !canMount,
  async fn() {
    await withFolder(async (folder) => {
      const module = new URL("../../lib/runtime/exec.ts", import.meta.url).href;
      const script = `const { systemExec } = await import("${module}");
        const env = { get: () => undefined, all: () => ({ PATH: Deno.args[0] }) };
        try { await systemExec(env).run("tool", [], { timeoutMs: 5000 }); } catch (error) {
          console.log(error.name, error.path, error.message);
        }`;
      await Deno.writeTextFile(`${folder}/try.ts`, script);
      await Deno.mkdir(`${folder}/mount`);
      const { stdout, stderr } = await new Deno.Command("unshare", {
        args: [
          ...["-m", "sh", "-euc"],
          `mount -t tmpfs -o noexec tmpfs "$1/mount"
           printf '#!/bin/sh\\n' > "$1/mount/tool"; chmod 755 "$1/mount/tool"
           folder=$1; shift; exec "$@" "$folder/try.ts" "$folder/mount"`,
          // The module needs no dependencies.
          ...["sh", folder, Deno.execPath(), "run", "--no-config", "--no-lock", "--quiet", "-A"],
        ],
      }).output();
      assertEquals(
        text(stdout),
        `ExecDenied ${folder}/mount/tool the file system that it lies on is probably mounted noexec\n`,
        text(stderr),
      );
    });
  },
});
