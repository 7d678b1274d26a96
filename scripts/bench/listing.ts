import { type FakePalette } from "../../tests/support/palette/fake_palette.ts";
import { ADMIN_KEY, DEV_PROJECT, runningCluster } from "../../tests/support/palette/state.ts";
import { bytesMeasure, type Measure, ratioMeasure } from "./measure.ts";
import type { BenchPlace } from "./place.ts";
import { denoProcess, mediansOf, peakBytes } from "./processes.ts";

const CLUSTERS = 2_000;

/** Fetches every page of a search one after the other, and nothing else. */
const BARE_PAGES = `const [origin, key, project, body] = Deno.args;
let next = "";
do {
  const query = next === "" ? "limit=50" : \`limit=50&continue=\${next}\`;
  const response = await fetch(\`\${origin}/v1/dashboard/spectroclusters/search?\${query}\`, {
    method: "POST",
    headers: { ApiKey: key, ProjectUid: project, "content-type": "application/json" },
    body,
  });
  next = (await response.json()).listmeta.continue;
} while (next !== "");
`;

/** 2 000 virtual clusters, which are 40 pages, against the same pages without us. */
export async function measureListing(
  { folder, palette, session }: BenchPlace,
  server: FakePalette,
): Promise<Measure[]> {
  server.state.clusters = Array.from({ length: CLUSTERS }, (_, at) => {
    const uid = at.toString(16).padStart(24, "0");
    return runningCluster(`cluster-${String(at).padStart(4, "0")}`, { uid });
  });
  const bare = `${folder}/pages.js`;
  await Deno.writeTextFile(bare, BARE_PAGES);
  const env = { ...session.login, PALETTE_PROJECT: DEV_PROJECT.name, CI: "true" };
  const list = denoProcess([palette, "pde", "virtual-cluster", "list", "--format", "json"], env);
  const bytes = await peakBytes(list);
  const search = server.requests.find(({ path }) => path.endsWith("/spectroclusters/search"));
  const pages = [bare, server.url, ADMIN_KEY, DEV_PROJECT.uid, JSON.stringify(search?.body)];
  const times = await mediansOf({ bare: denoProcess(pages), list }, 7);
  server.state.clusters = [];
  return [
    ratioMeasure(
      "virtual-cluster list of 2 000 / 40 bare fetches",
      (times["list"] ?? 0) / (times["bare"] ?? 1),
      1.3,
    ),
    bytesMeasure("virtual-cluster list of 2 000, peak memory", bytes, 150),
  ];
}
