import { TAG } from "./images.ts";
import { BundleBench, MEBIBYTE, missingPrograms, removeAll } from "./bundles.ts";
import { type Measure, ratioMeasure, skippedMeasure } from "./measure.ts";
import type { BenchPlace } from "./place.ts";
import { medianTimes, runProcess, shellProcess } from "./processes.ts";

const ROUNDS = 5;
const COLD = "content build, cold cache / skopeo copy --all, tar and zstd -3";
const WARM = "content build, warm cache / tar and zstd -3";
const IMAGES = 6;
/** Of each platform: with two of them about 290 MiB. */
const LAYER_BYTES = [13 * MEBIBYTE, 7 * MEBIBYTE, 4 * MEBIBYTE];

/**
 * Six images of two platforms against the programs that do parts of the same. As ours is, their
 * archive is on the disk when it is done.
 */
export async function measureBuilding(place: BenchPlace): Promise<Measure[]> {
  const missing = missingPrograms("docker-registry", "skopeo", "tar", "zstd");
  if (missing.length > 0) {
    return [COLD, WARM].map((name) => skippedMeasure(name, "1.00", missing));
  }
  await using bench = await BundleBench.start(
    place,
    "building",
    Array.from({ length: IMAGES }, (_, at) => ({
      repository: `library/app-${at}`,
      platforms: ["amd64", "arm64"],
      layerBytes: LAYER_BYTES,
    })),
  );
  const { folder, images, archive, cache } = bench;
  const [layout, packed] = [`${folder}/layout`, `${folder}/peer.tar.zst`];
  const copies = images.map((image, at) =>
    `skopeo copy --quiet --all --src-tls-verify=false docker://${image} oci:${layout}:app-${at}:${TAG}`
  );
  const pack = `tar -C ${layout} -c . | zstd -q -3 -o ${packed} && sync ${packed}`;
  const times = await medianTimes({
    cold: {
      prepare: () => clear(archive, packed, cache),
      run: () => runProcess(bench.build()),
    },
    copied: {
      prepare: () => clear(archive, packed, layout),
      run: () => runProcess(shellProcess([...copies, pack].join("\n"))),
    },
    warm: { prepare: () => clear(archive, packed), run: () => runProcess(bench.build()) },
    packed: {
      prepare: () => clear(archive, packed),
      run: () => runProcess(shellProcess(pack)),
    },
  }, { rounds: ROUNDS, warmUps: 1 });
  return [
    ratioMeasure(COLD, (times["cold"] ?? 0) / (times["copied"] ?? 1), 1),
    ratioMeasure(WARM, (times["warm"] ?? 0) / (times["packed"] ?? 1), 1),
  ];
}

/** What others wrote shall not be flushed in our time. */
async function clear(...paths: string[]): Promise<void> {
  await removeAll(...paths);
  await runProcess({ program: "sync", args: [] });
}
