import { hasProgram } from "../../tests/support/programs.ts";
import { type DockerRegistry, startDockerRegistry } from "../../tests/support/docker_registry.ts";
import { type ImagePlan, pushImages, TAG } from "./images.ts";
import type { BenchPlace } from "./place.ts";
import { denoProcess, type Process } from "./processes.ts";

export const MEBIBYTE = 1024 * 1024;

/** Which of these programs this machine does not have. */
export function missingPrograms(...names: string[]): string[] {
  return names.filter((name) => !hasProgram(name));
}

/** A registry with images, and builds of a bundle of all of them. */
export class BundleBench implements AsyncDisposable {
  readonly registry: DockerRegistry;
  /** References of the images. */
  readonly images: readonly string[];
  /** Of all layers. */
  readonly layerBytes: number;
  /** For everything that is written. */
  readonly folder: string;
  readonly #palette: string;

  private constructor(
    registry: DockerRegistry,
    folder: string,
    palette: string,
    plans: readonly ImagePlan[],
    layerBytes: number,
  ) {
    this.registry = registry;
    this.folder = folder;
    this.#palette = palette;
    this.images = plans.map(({ repository }) => `${registry.host}/${repository}:${TAG}`);
    this.layerBytes = layerBytes;
  }

  static async start(
    { folder, palette }: BenchPlace,
    name: string,
    plans: readonly ImagePlan[],
  ): Promise<BundleBench> {
    const registry = await startDockerRegistry();
    const bytes = await pushImages(registry.url, plans);
    const made = new BundleBench(registry, `${folder}/${name}`, palette, plans, bytes);
    await Deno.mkdir(`${made.folder}/pack`, { recursive: true });
    await Deno.mkdir(`${made.folder}/tmp`);
    await Deno.writeTextFile(`${made.folder}/pack/pack.json`, PACK);
    await Deno.writeTextFile(
      `${made.folder}/pack/values.yaml`,
      JSON.stringify({ pack: { content: { images: made.images.map((image) => ({ image })) } } }),
    );
    return made;
  }

  /** The bundle, once it is built. */
  get archive(): string {
    return `${this.folder}/out/bench.tar.zst`;
  }

  get cache(): string {
    return `${this.folder}/cache`;
  }

  build(): Process {
    const places = ["--output", `${this.folder}/out`, "--cache-dir", this.cache];
    return this.content("build", "--packs", `${this.folder}/pack`, "--name", "bench", ...places);
  }

  content(...args: string[]): Process {
    return denoProcess([this.#palette, "content", ...args], {
      CI: "true",
      PALETTE_WORKSPACE: `${this.folder}/workspace`,
      TMPDIR: `${this.folder}/tmp`,
    });
  }

  async [Symbol.asyncDispose]() {
    await this.registry[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

const PACK = JSON.stringify({
  name: "bench",
  displayName: "Bench",
  version: "1.0.0",
  layer: "addon",
});

/** Removes what may not be there. */
export async function removeAll(...paths: string[]): Promise<void> {
  for (const path of paths) await Deno.remove(path, { recursive: true }).catch(() => {});
}
