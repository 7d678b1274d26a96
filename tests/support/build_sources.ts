/** What bundles are built from in tests: images in a registry, charts in a Helm repository, packs. */

import { type ContentRegistry, startContentRegistry } from "./content_registry.ts";
import { MemoryContent } from "./memory_content.ts";
import { packFiles, tarGzipOf, writeFolder } from "./pack_folder.ts";
import { World } from "./world.ts";

export const WEB = "bundle/app/web";
export const ONLY = "bundle/app/only-amd64";

/** A registry with images, a Helm repository, and a pack that asks for them. */
export class BuildSources implements AsyncDisposable {
  readonly content = new MemoryContent();
  readonly chartRequests: string[] = [];
  registry!: ContentRegistry;
  helm!: Deno.HttpServer<Deno.NetAddr>;
  it!: World;

  static async make(): Promise<BuildSources> {
    const made = new BuildSources();
    const { content } = made;
    const web = await content.putMultiArch("web".repeat(50_000));
    const only = await content.putImage(["only".repeat(1000)]);
    const signature = content.putArtifact(
      "application/vnd.dev.sigstore.bundle.v0.3+json",
      "s",
      web,
    );
    made.registry = await startContentRegistry(content, [
      { repository: "app/web", tag: "1", descriptor: web },
      { repository: "app/web", tag: null, descriptor: signature },
      { repository: "app/only-amd64", tag: "2", descriptor: only },
    ]);
    const chart = await tarGzipOf({ "redis/Chart.yaml": "name: redis\nversion: 1.0.0\n" });
    made.helm = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      const { pathname } = new URL(request.url);
      made.chartRequests.push(pathname);
      if (pathname === "/charts/redis-1.0.0.tgz") return new Response(chart);
      if (pathname !== "/charts/index.yaml") return new Response(null, { status: 404 });
      return new Response(
        "entries: {redis: [{version: 1.0.0, urls: [redis-1.0.0.tgz]}]}\n",
      );
    });
    made.it = await World.make(["content", "build"]);
    return made;
  }

  get chartRepository(): string {
    return `http://127.0.0.1:${this.helm.addr.port}/charts`;
  }

  /** A folder of a pack that asks for these images. */
  async pack(images: string[], charts = ""): Promise<string> {
    return await writeFolder(
      `${this.it.home.root}/pack`,
      packFiles({
        "values.yaml": `pack: {content: {images: [${
          images.map((image) => `'${this.registry.host}/${image}'`).join(", ")
        }]${charts}}}\n`,
      }),
    );
  }

  /** Blobs that the registry was asked for since the last question, by digest. */
  fetched(): string[] {
    return this.registry.requests.splice(0).flatMap((request) =>
      /^GET .*\/blobs\/(sha256:[0-9a-f]+) /.exec(request)?.[1] ?? []
    );
  }

  async [Symbol.asyncDispose]() {
    await this.it[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    await this.helm.shutdown();
  }
}
