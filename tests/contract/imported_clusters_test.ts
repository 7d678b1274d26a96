import { assertEquals } from "@std/assert";
import {
  createImportedCluster,
  getImportedCluster,
  getImportManifest,
} from "../../lib/api/imported_clusters.ts";
import { deleteCluster, isClusterNameTaken } from "../../lib/api/virtual_clusters.ts";
import { testClient } from "../support/api_client.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { openOfficialDescription } from "../support/palette/official.ts";
import { OPERATIONS } from "../support/palette/operations/all.ts";
import { route } from "../support/palette/router.ts";
import { ADMIN_KEY, DEV_PROJECT } from "../support/palette/state.ts";

const file = Deno.env.get("PALETTE_OPENAPI");
const ignore = file === undefined;

Deno.test({
  name: "every request of an import fits the description (needs PALETTE_OPENAPI)",
  ignore,
  async fn() {
    const description = await openOfficialDescription(file ?? "");
    await using palette = await startFakePalette();
    using it = await testClient(palette.url, { project: DEV_PROJECT });
    await isClusterNameTaken(it.client, "legacy");
    const uid = await createImportedCluster(it.client, { name: "legacy" });
    await getImportedCluster(it.client, uid);
    await getImportManifest(it.client, uid);
    await deleteCluster(it.client, uid);
    assertEquals(palette.requests.length, 5);
    for (const request of palette.requests) {
      const found = route(OPERATIONS, request.method, request.path);
      if (!("operation" in found)) throw new Error(`${request.path} is not modelled`);
      assertEquals(description.checkRequest(found.operation.path, request), [], request.path);
    }
  },
});

Deno.test({
  name: "every answer of an import fits the description (needs PALETTE_OPENAPI)",
  ignore,
  async fn() {
    const description = await openOfficialDescription(file ?? "");
    await using palette = await startFakePalette();
    const ask = async (method: string, path: string, template: string, body?: unknown) => {
      const response = await fetch(`${palette.url}${path}`, {
        method,
        headers: {
          ApiKey: ADMIN_KEY,
          ProjectUid: DEV_PROJECT.uid,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const answer = await response.json();
      const problems = description.checkAnswer(method, template, response.status, answer);
      assertEquals(problems, [], path);
      return answer;
    };
    const { uid } = await ask(
      "POST",
      "/v1/spectroclusters/generic/import",
      "/v1/spectroclusters/generic/import",
      { metadata: { name: "legacy" }, spec: { clusterConfig: {} } },
    );
    for (let look = 0; look < 3; look++) {
      await ask("GET", `/v1/spectroclusters/${uid}`, "/v1/spectroclusters/{uid}");
    }
  },
});
