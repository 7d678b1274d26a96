/** A build that was killed: what the next one still has to fetch. */

import { assertEquals } from "@std/assert";
import { CuttingProxy } from "../../support/cutting_proxy.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { Home } from "../../support/home.ts";
import { packFiles, writeFolder } from "../../support/pack_folder.ts";
import { hasProgram } from "../../support/programs.ts";
import { pushImage } from "../../support/pushed_image.ts";
import { noise } from "../../support/registry_client.ts";

const MIB = 1024 * 1024;
const JOBS = 2;
/** Manifests, configs and headers. */
const SMALL_BYTES = 256 * 1024;
/** One piece of a blob a connection. */
const ON_ITS_WAY_BYTES = MIB;

function start(home: Home, args: string[]): Deno.ChildProcess {
  const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
  const main = decodeURIComponent(new URL("../../../main.ts", import.meta.url).pathname);
  return new Deno.Command(Deno.execPath(), {
    args: denoRunArgs(["-A"], main, ...args),
    clearEnv: true,
    env: {
      PATH,
      HOME: home.root,
      DENO_DIR: DENO_DIR ?? `${HOME}/.cache/deno`,
      DENO_NO_UPDATE_CHECK: "1",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Bytes of blobs in the cache, whole or not. */
async function cachedBytes(home: Home): Promise<number> {
  let bytes = 0;
  for (const path of await home.files()) {
    if (!/^\.cache\/palette\/blobs\/sha256\/[0-9a-f]+(\.partial)?$/.test(path)) continue;
    const info = await Deno.stat(`${home.root}/${path}`).catch(() => null);
    bytes += info?.size ?? 0;
  }
  return bytes;
}

Deno.test({
  name: "a build that is killed at 30 % fetches the rest, and what was on its way at most " +
    "(needs docker-registry)",
  ignore: !hasProgram("docker-registry"),
  async fn() {
    await using registry = await startDockerRegistry();
    await using proxy = new CuttingProxy(registry.host);
    await using home = await Home.make();
    const layers = Array.from({ length: 4 }, (_, at) => noise(16 * MIB, at + 1));
    await pushImage(registry.host, "app/web", "1", layers.slice(0, 3));
    await pushImage(registry.host, "app/api", "1", layers.slice(2));
    const total = layers.length * 16 * MIB;
    const pack = await writeFolder(
      `${home.root}/pack`,
      packFiles({
        "values.yaml":
          `pack: {content: {images: ['${proxy.host}/app/web:1', '${proxy.host}/app/api:1']}}\n`,
      }),
    );
    const build = (out: string) => [
      ...["content", "build", "--packs", pack, "--name", "b", "--jobs", `${JOBS}`],
      ...["--output", `${home.root}/${out}`],
    ];

    proxy.holdAt = 0.3 * total;
    const killed = start(home, build("out"));
    // What sockets hold is the system's; what the process has read is kept once it stands still.
    let kept = -1;
    let tries = 0;
    for (let now = 0; now < 0.2 * total || now > kept; now = await cachedBytes(home)) {
      if (tries++ > 200) throw new Error(`only ${now} bytes came`);
      kept = now;
      await new Promise((done) => setTimeout(done, 300));
    }
    killed.kill("SIGKILL");
    await killed.stdout.cancel();
    await killed.stderr.cancel();
    assertEquals((await killed.status).signal, "SIGKILL");
    const before = proxy.bytes.down;
    assertEquals((await home.files()).filter((path) => path.startsWith("out/")), []);

    proxy.holdAt = Infinity;
    const again = await start(home, build("out")).output();
    assertEquals([again.code, new TextDecoder().decode(again.stderr)], [0, ""]);
    const second = proxy.bytes.down - before;
    const limit = total - before + SMALL_BYTES + JOBS * ON_ITS_WAY_BYTES;
    assertEquals(second <= limit, true, `${second} bytes, ${before} before, of ${total}`);
    // Nor was anything left out.
    assertEquals(before + second >= total, true);

    const whole = await home.run([...build("whole"), "--no-cache"]);
    assertEquals(whole.status, 0, whole.stderr);
    assertEquals(
      await Deno.readFile(`${home.root}/out/b.tar.zst`),
      await Deno.readFile(`${home.root}/whole/b.tar.zst`),
    );
    assertEquals((await home.files()).filter((path) => /\.(partial|lock)$/.test(path)), []);
  },
});
