/** What an upload needs of memory, as the system counts it. */

import { assertEquals } from "@std/assert";
import { formatSkippable } from "../../../lib/content/archive/zstd_frame.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { EDGE_TOKEN, FakeEdgeHost } from "../../support/edge_host.ts";
import { Home } from "../../support/home.ts";

const MIB = 1024 * 1024;
const CHUNK_MIB = 8;
const CONNECTIONS = 8;
const FILE_MIB = 192;
const ALLOWANCE_MIB = 100;

/** The most memory that a process ever had; null when it is gone. */
async function peakBytes(pid: number): Promise<number | null> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

Deno.test({
  name: "content upload needs memory for its chunks and 100 MiB, however large the file is",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await Home.make();
    await using host = await FakeEdgeHost.start();
    const path = `${home.root}/b.tar.zst`;
    {
      // One frame of zeros that take no room on the disk.
      using file = await Deno.open(path, { write: true, create: true });
      const head = formatSkippable(new Uint8Array(0));
      new DataView(head.buffer).setUint32(4, FILE_MIB * MIB - 8, true);
      await file.write(head);
      await file.truncate(FILE_MIB * MIB);
    }
    const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
    const main = decodeURIComponent(new URL("../../../main.ts", import.meta.url).pathname);
    const child = new Deno.Command(Deno.execPath(), {
      args: denoRunArgs(
        ["-A"],
        main,
        ...["content", "upload", "127.0.0.1", "-p", `${host.port}`, "--no-tls", "-f", path],
        ...["--chunk-size", `${CHUNK_MIB}`, "--connections", `${CONNECTIONS}`],
      ),
      clearEnv: true,
      env: {
        PATH,
        HOME: home.root,
        DENO_DIR: DENO_DIR ?? `${HOME}/.cache/deno`,
        DENO_NO_UPDATE_CHECK: "1",
        PALETTE_UPLOAD_TOKEN: EDGE_TOKEN,
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let peak = 0;
    let isOver = false;
    const ended = child.output().finally(() => isOver = true);
    while (!isOver) {
      peak = Math.max(peak, await peakBytes(child.pid) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { code, stderr } = await ended;
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertEquals(host.received[0]?.bytes.length, FILE_MIB * MIB);
    const limit = CHUNK_MIB * CONNECTIONS + ALLOWANCE_MIB;
    assertEquals(peak > 0 && peak / MIB < limit, true, `${Math.round(peak / MIB)} of ${limit} MiB`);
  },
});
