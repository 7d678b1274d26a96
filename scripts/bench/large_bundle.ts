import { BundleBench, MEBIBYTE, missingPrograms } from "./bundles.ts";
import { bytesMeasure, type Measure, ratioMeasure, skippedMeasure } from "./measure.ts";
import type { BenchPlace } from "./place.ts";
import { commandOf, denoProcess, median, medianTimes, peakBytes, runProcess } from "./processes.ts";

const MEMORY = "content build of 2 GiB, peak memory";
const WARM_MEMORY = "the same from a warm cache, peak memory";
const DISK = "content build of 2 GiB, peak disk / cache and archive";
const DEFINITION = "content definition of 2 GiB / empty script";
const SERVE = "content serve of 2 GiB, first answer / empty script";
const LAYER_BYTES = Array.from({ length: 8 }, () => 256 * MEBIBYTE);
const ROUNDS = 9;
const POLL_MS = 100;
const READY_MS = 20_000;

/** What may not grow with the size of a bundle. */
export async function measureLargeBundle(place: BenchPlace): Promise<Measure[]> {
  const missing = missingPrograms("docker-registry");
  if (missing.length > 0) {
    return [
      skippedMeasure(MEMORY, "256 MiB", missing),
      skippedMeasure(WARM_MEMORY, "256 MiB", missing),
      skippedMeasure(DISK, "1.01", missing),
      skippedMeasure(DEFINITION, "3.00", missing),
      skippedMeasure(SERVE, "8.00", missing),
    ];
  }
  await using bench = await BundleBench.start(place, "large", [
    { repository: "library/large", platforms: ["amd64"], layerBytes: LAYER_BYTES },
  ]);
  const disk = watchDisk(bench.folder);
  const cold = await peakBytes(bench.build());
  const peakDisk = await disk.end();
  const kept = await diskBytes(bench.cache) + await diskBytes(bench.archive);
  const warm = await peakBytes(bench.build());
  const times = await medianTimes({
    empty: { run: () => runProcess(denoProcess([place.empty])) },
    definition: { run: () => runProcess(bench.content("definition", bench.archive)) },
  }, { rounds: ROUNDS, warmUps: 2 });
  const empty = times["empty"] ?? 1;
  return [
    bytesMeasure(MEMORY, cold, 256),
    bytesMeasure(WARM_MEMORY, warm, 256),
    ratioMeasure(DISK, peakDisk / kept, 1.01),
    ratioMeasure(DEFINITION, (times["definition"] ?? 0) / empty, 3),
    ratioMeasure(SERVE, await firstAnswerMs(bench) / empty, 8),
  ];
}

/** From the start of a server to its first answer. */
async function firstAnswerMs(bench: BundleBench): Promise<number> {
  const times: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const port = freePort();
    const where = ["--host", "127.0.0.1", "--port", String(port)];
    const start = performance.now();
    const child = commandOf(bench.content("serve", "--bundle", bench.archive, ...where)).spawn();
    await waitForAnswer(`http://127.0.0.1:${port}/v2/library/large/tags/list`);
    const time = performance.now() - start;
    child.kill("SIGTERM");
    await child.output();
    if (round >= 0) times.push(time);
  }
  return median(times);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function waitForAnswer(url: string): Promise<void> {
  for (const until = performance.now() + READY_MS; performance.now() < until;) {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    if (response !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`${url} does not answer`);
}

/** The most that a folder held until the watch ends. */
function watchDisk(folder: string): { end: () => Promise<number> } {
  let peak = 0;
  let isRunning = true;
  const watching = (async () => {
    while (isRunning) {
      peak = Math.max(peak, await diskBytes(folder));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  })();
  return {
    async end() {
      isRunning = false;
      await watching;
      return Math.max(peak, await diskBytes(folder));
    },
  };
}

/** Bytes of all files below a path; what goes away meanwhile has none. */
async function diskBytes(path: string): Promise<number> {
  try {
    const { isDirectory, size } = await Deno.lstat(path);
    if (!isDirectory) return size;
    let total = 0;
    for await (const { name } of Deno.readDir(path)) total += await diskBytes(`${path}/${name}`);
    return total;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
