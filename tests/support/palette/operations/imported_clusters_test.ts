import { assertEquals } from "@std/assert";
import { startFakePalette } from "../fake_palette.ts";
import { ADMIN_KEY, DEV_PROJECT, runningCluster } from "../state.ts";

const PATH = "/v1/spectroclusters/generic/import";
const NAMED = { metadata: { name: "legacy" } };
const IN_PROJECT = { ProjectUid: DEV_PROJECT.uid };

const REFUSED: [string, unknown, Record<string, string>, number, string][] = [
  [
    "the tenant's scope",
    { ...NAMED, spec: { clusterConfig: {} } },
    {},
    400,
    "ProjectScopeRequired",
  ],
  ["no configuration", NAMED, IN_PROJECT, 400, "InvalidBody"],
  ["no name", { metadata: {}, spec: { clusterConfig: {} } }, IN_PROJECT, 400, "InvalidBody"],
  [
    "an empty import mode",
    { ...NAMED, spec: { clusterConfig: { importMode: "" } } },
    IN_PROJECT,
    400,
    "InvalidBody",
  ],
  [
    "an unknown field",
    { ...NAMED, spec: { clusterConfig: {}, cloudType: "generic" } },
    IN_PROJECT,
    400,
    "InvalidBody",
  ],
  [
    "a name that is taken",
    { metadata: { name: "taken" }, spec: { clusterConfig: {} } },
    IN_PROJECT,
    409,
    "DuplicateClusterName",
  ],
];

for (const [title, body, headers, status, code] of REFUSED) {
  Deno.test(`the fake Palette refuses an import with ${title}`, async () => {
    await using palette = await startFakePalette();
    palette.state.clusters = [runningCluster("taken")];
    const response = await fetch(`${palette.url}${PATH}`, {
      method: "POST",
      headers: { ApiKey: ADMIN_KEY, "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    assertEquals([response.status, (await response.json()).code], [status, code]);
    assertEquals(palette.state.clusters.length, 1);
  });
}

Deno.test("the fake Palette has no import manifest of a virtual cluster", async () => {
  await using palette = await startFakePalette();
  palette.state.clusters = [runningCluster("dev")];
  const { uid } = runningCluster("dev");
  const response = await fetch(`${palette.url}/v1/spectroclusters/${uid}/import/manifest`, {
    headers: { ApiKey: ADMIN_KEY, ...IN_PROJECT },
  });
  assertEquals([response.status, (await response.json()).code], [404, "ResourceNotFound"]);
});
