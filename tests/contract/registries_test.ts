import { assertEquals } from "@std/assert";
import {
  createRegistry,
  deleteRegistry,
  getRegistrySync,
  listRegistries,
  validateRegistry,
} from "../../lib/api/registries.ts";
import { Secret } from "../../lib/secrets/secret.ts";
import { testClient } from "../support/api_client.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { openOfficialDescription } from "../support/palette/official.ts";
import { OPERATIONS } from "../support/palette/operations/all.ts";
import { registryOf } from "../support/palette/operations/registries.ts";
import { route } from "../support/palette/router.ts";
import { ADMIN_KEY, DEV_PROJECT } from "../support/palette/state.ts";

const file = Deno.env.get("PALETTE_OPENAPI") ?? "";
const ignore = file === "";

Deno.test({
  name: "every request about registries fits the description (needs PALETTE_OPENAPI)",
  ignore,
  async fn() {
    const description = await openOfficialDescription(file);
    await using palette = await startFakePalette();
    palette.state.registries = [registryOf("ecr", "cloud")];
    using it = await testClient(palette.url, { project: DEV_PROJECT });
    for (const type of ["oci", "helm"] as const) {
      const credentials = { username: "harbor", password: new Secret("s3cret") };
      const wanted = { name: type, type, endpoint: "https://x.example.com", insecure: true };
      await validateRegistry(it.client, { ...wanted, credentials: null });
      await createRegistry(it.client, { ...wanted, credentials });
    }
    const registries = await listRegistries(it.client);
    assertEquals(registries.map(({ name }) => name), ["cloud", "helm", "oci"]);
    for (const registry of registries) {
      await getRegistrySync(it.client, registry);
      await deleteRegistry(it.client, registry);
    }
    assertEquals(palette.requests.length, 12);
    for (const request of palette.requests) {
      const found = route(OPERATIONS, request.method, request.path);
      if (!("operation" in found)) throw new Error(`${request.path} is not modelled`);
      assertEquals(description.checkRequest(found.operation.path, request), [], request.path);
    }
  },
});

Deno.test({
  name: "every answer about registries fits the description (needs PALETTE_OPENAPI)",
  ignore,
  async fn() {
    const description = await openOfficialDescription(file);
    await using palette = await startFakePalette();
    const registries = (["basic", "ecr", "helm"] as const).map((kind) => registryOf(kind, kind));
    palette.state.registries = registries;
    const paths = [
      "/v1/registries/oci/summary",
      "/v1/registries/helm/summary",
      ...registries.map(({ uid, kind }) =>
        `/v1/registries/${kind === "helm" ? `helm/${uid}` : `oci/${uid}/${kind}`}/sync/status`
      ),
    ];
    for (const path of paths) {
      const found = route(OPERATIONS, "GET", path);
      if (!("operation" in found)) throw new Error(`${path} is not modelled`);
      const response = await fetch(`${palette.url}${path}`, { headers: { ApiKey: ADMIN_KEY } });
      const answer = await response.json();
      const problems = description.checkAnswer("GET", found.operation.path, 200, answer);
      assertEquals([response.status, problems], [200, []], path);
    }
  },
});
