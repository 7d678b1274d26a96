import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/api/api_error.ts";
import {
  createImportedCluster,
  getImportedCluster,
  getImportManifest,
} from "../../lib/api/imported_clusters.ts";
import { deleteCluster, isClusterNameTaken } from "../../lib/api/virtual_clusters.ts";
import { testClient } from "../support/api_client.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { DEV_PROJECT, IMPORT_MANIFEST, runningCluster } from "../support/palette/state.ts";

Deno.test("an imported cluster is created in full permission mode, and has its manifest later", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url, { project: DEV_PROJECT });
  const uid = await createImportedCluster(it.client, { name: "legacy" });
  const [creation] = palette.requests;
  assertEquals(
    [creation?.method, creation?.path, creation?.headers.get("projectuid"), creation?.body],
    [
      "POST",
      "/v1/spectroclusters/generic/import",
      DEV_PROJECT.uid,
      { metadata: { name: "legacy" }, spec: { clusterConfig: {} } },
    ],
  );
  assertEquals(await getImportManifest(it.client, uid), null);
  const pending = { status: "Pending", message: "", hasManifest: false };
  assertEquals(await getImportedCluster(it.client, uid), pending);
  assertEquals(await getImportedCluster(it.client, uid), {
    status: "Importing",
    message: "",
    hasManifest: true,
  });
  assertEquals(await getImportManifest(it.client, uid), IMPORT_MANIFEST);
  palette.state.importing.manifest = " \n";
  assertEquals(await getImportManifest(it.client, uid), null);
});

Deno.test("an imported cluster that failed says why", async () => {
  await using palette = await startFakePalette();
  palette.state.importing = {
    ...palette.state.importing,
    states: ["Error"],
    message: "no agent",
  };
  using it = await testClient(palette.url, { project: DEV_PROJECT });
  const uid = await createImportedCluster(it.client, { name: "legacy" });
  const { status, message } = await getImportedCluster(it.client, uid);
  assertEquals({ status, message }, { status: "Failed", message: "no agent" });
});

Deno.test("names of all kinds of clusters are taken, with their case", async () => {
  await using palette = await startFakePalette();
  palette.state.clusters = [runningCluster("virtual")];
  using it = await testClient(palette.url, { project: DEV_PROJECT });
  await createImportedCluster(it.client, { name: "legacy" });
  const taken = await Promise.all(
    ["virtual", "legacy", "LEGACY", "free"].map((name) => isClusterNameTaken(it.client, name)),
  );
  assertEquals(taken, [true, true, false, false]);
});

Deno.test("endedBy() gives a client that outlives the signal of the run", async () => {
  await using palette = await startFakePalette();
  const run = new AbortController();
  using it = await testClient(palette.url, { project: DEV_PROJECT, signal: run.signal });
  const uid = await createImportedCluster(it.client, { name: "legacy" });
  run.abort(new Error("stopped"));
  await assertRejects(() => deleteCluster(it.client, uid), Error, "stopped");
  await deleteCluster(it.client.endedBy(new AbortController().signal), uid);
  const deletions = palette.requests.filter(({ method }) => method === "DELETE");
  assertEquals(deletions.map(({ headers }) => headers.get("projectuid")), [DEV_PROJECT.uid]);
});

Deno.test("a manifest that Palette cannot give is an error, not an empty one", async () => {
  await using palette = await startFakePalette();
  using it = await testClient(palette.url, { project: DEV_PROJECT });
  const uid = await createImportedCluster(it.client, { name: "legacy" });
  const path = `/v1/spectroclusters/${uid}/import/manifest`;
  palette.inject({ kind: "status", status: 403, path });
  const error = await assertRejects(() => getImportManifest(it.client, uid), ApiError);
  assertEquals(error.code, "forbidden");
});
