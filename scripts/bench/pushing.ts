import { startDockerRegistry } from "../../tests/support/docker_registry.ts";
import { BundleBench, MEBIBYTE, missingPrograms } from "./bundles.ts";
import { bytesMeasure, type Measure, ratioMeasure, skippedMeasure } from "./measure.ts";
import type { BenchPlace } from "./place.ts";
import { denoProcess, mediansOf, runProcess } from "./processes.ts";

const TIME = "content push of 100 images again / bare HEAD of each blob and manifest";
const BYTES = "content push of 100 images again, bytes of blobs";
const IMAGES = 100;
const ROUNDS = 9;
const ACCEPT =
  "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";

/** Asks for each address, eight at once as palette does, and nothing else. */
const BARE_HEADS = `const urls = JSON.parse(Deno.readTextFileSync(Deno.args[0]));
await Promise.all(Array.from({ length: 8 }, async () => {
  for (let url = urls.pop(); url !== undefined; url = urls.pop()) {
    const { status } = await fetch(url, { method: "HEAD", headers: { accept: "${ACCEPT}" } });
    if (status !== 200) throw new Error(url + ": " + status);
  }
}));
`;

/** A push of what is there already, against asking for it and no more. */
export async function measurePushing(place: BenchPlace): Promise<Measure[]> {
  const missing = missingPrograms("docker-registry");
  if (missing.length > 0) {
    return [skippedMeasure(TIME, "1.00", missing), skippedMeasure(BYTES, "0 MiB", missing)];
  }
  await using bench = await BundleBench.start(
    place,
    "pushing",
    Array.from({ length: IMAGES }, (_, at) => ({
      repository: `library/app-${at}`,
      platforms: ["amd64"],
      layerBytes: [MEBIBYTE / 16],
    })),
  );
  await runProcess(bench.build());
  await using target = await startDockerRegistry();
  const pushTo = (host: string) =>
    bench.content("push", "--file", bench.archive, "--registry", `http://${host}/bench`);
  await runProcess(pushTo(target.host));
  const bare = `${bench.folder}/heads.js`;
  await Deno.writeTextFile(bare, BARE_HEADS);
  const list = `${bench.folder}/heads.json`;
  await Deno.writeTextFile(list, JSON.stringify(await addressesIn(target.url)));
  const times = await mediansOf(
    { bare: denoProcess([bare, list]), push: pushTo(target.host) },
    ROUNDS,
  );
  return [
    ratioMeasure(TIME, (times["push"] ?? 0) / (times["bare"] ?? 1), 1),
    bytesMeasure(BYTES, await sentBytes(target.url, (host) => runProcess(pushTo(host))), 0),
  ];
}

/** Addresses of everything that a registry holds. */
async function addressesIn(registry: string): Promise<string[]> {
  const found: string[] = [];
  const get = async (path: string) =>
    await (await fetch(`${registry}/v2/${path}`, { headers: { accept: ACCEPT } })).json();
  const { repositories } = await get("_catalog?n=1000") as { repositories: string[] };
  for (const repository of repositories) {
    const { tags } = await get(`${repository}/tags/list`) as { tags: string[] };
    const waiting = [...tags];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      found.push(`${registry}/v2/${repository}/manifests/${name}`);
      const manifest = await get(`${repository}/manifests/${name}`) as ManifestDocument;
      waiting.push(...(manifest.manifests ?? []).map(({ digest }) => digest));
      const blobs = [manifest.config, ...(manifest.layers ?? [])];
      for (const blob of blobs) {
        if (blob !== undefined) found.push(`${registry}/v2/${repository}/blobs/${blob.digest}`);
      }
    }
  }
  return found;
}

interface ManifestDocument {
  manifests?: { digest: string }[];
  config?: { digest: string };
  layers?: { digest: string }[];
}

/** Bytes of blobs that reach a registry while something works through a stand-in for it. */
async function sentBytes(
  registry: string,
  work: (host: string) => Promise<unknown>,
): Promise<number> {
  let bytes = 0;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const hasBody = request.method === "PUT" || request.method === "PATCH" ||
        request.method === "POST";
      const body = hasBody ? await request.arrayBuffer() : null;
      if (pathname.includes("/blobs/")) bytes += body?.byteLength ?? 0;
      return await fetch(`${registry}${pathname}${search}`, {
        method: request.method,
        headers: request.headers,
        body,
      });
    },
  );
  await work(`127.0.0.1:${server.addr.port}`);
  return bytes;
}
