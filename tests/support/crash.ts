import { assertEquals, assertMatch } from "@std/assert";
import { denoRunArgs } from "./deno_process.ts";

const WRITER = decodeURIComponent(new URL("./store_writer.ts", import.meta.url).pathname);

/** A process that uses the store. */
export function storeWriter(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: denoRunArgs(["-A"], WRITER, ...args),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Kills a writing process at a random moment and looks at what it leaves. */
export async function crashOnce(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "palette-crash-" });
  try {
    await Deno.chmod(folder, 0o700);
    const path = `${folder}/file.yaml`;
    const child = storeWriter("loop", path).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    child.kill("SIGKILL");
    await reader.cancel();
    await child.stderr.cancel();
    await child.status;
    assertWhole(await Deno.readTextFile(path));
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const next = await storeWriter("add", `${folder}/other.yaml`, "a").output();
    assertEquals(next.success, true);
    const again = storeWriter("loop", path).spawn();
    const output = again.stdout.getReader();
    await output.read();
    again.kill("SIGTERM");
    await output.cancel();
    await again.stderr.cancel();
    await again.status;
    assertWhole(await Deno.readTextFile(path));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function assertWhole(text: string): void {
  assertMatch(text, /^begin (\d+)\nx{200000}\nend \1\n$/);
}
