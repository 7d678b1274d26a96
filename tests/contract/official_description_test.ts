import { assertEquals } from "@std/assert";
import { testClient } from "../support/api_client.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { OfficialDescription, openOfficialDescription } from "../support/palette/official.ts";
import { registryOf } from "../support/palette/operations/registries.ts";
import { OPERATIONS } from "../support/palette/operations/all.ts";
import { route } from "../support/palette/router.ts";
import { contentState } from "../support/palette/content_state.ts";
import { DEV_PROJECT } from "../support/palette/state.ts";
import { USES } from "./uses.ts";

const file = Deno.env.get("PALETTE_OPENAPI");
const ignore = file === undefined;

let opened: Promise<OfficialDescription> | undefined;
function official(): Promise<OfficialDescription> {
  return opened ??= openOfficialDescription(file ?? "");
}

for (const { id, method, path, query } of OPERATIONS) {
  Deno.test({
    name: `${method} ${path} is described as ${id} (needs PALETTE_OPENAPI)`,
    ignore,
    async fn() {
      const description = await official();
      assertEquals(description.operationId(method, path), id);
      const names = description.queryNames(method, path);
      assertEquals(Object.keys(query).filter((name) => !names.includes(name)), []);
    },
  });
}

Deno.test({
  name:
    "requests of the client and answers of the stand-in fit the description (needs PALETTE_OPENAPI)",
  ignore,
  async fn() {
    const description = await official();
    await using palette = await startFakePalette();
    palette.state.system.tellsVersion = true;
    palette.state.registries = [registryOf("ecr", "cloud")];
    palette.state.projects = [
      DEV_PROJECT,
      ...Array.from(
        { length: 60 },
        (_, at) => ({ uid: `${at}`.padStart(24, "0"), name: `p${at}` }),
      ),
    ].map((project) => ({ ...project, description: "", labels: {} }));
    Object.assign(palette.state, contentState());
    using it = await testClient(palette.url, { project: DEV_PROJECT });
    for (const use of USES) await use(it.client);
    const used = new Set<string>();
    for (const request of palette.requests) {
      const found = route(OPERATIONS, request.method, request.path);
      if (!("operation" in found)) throw new Error(`${request.path} is not modelled`);
      const { id, method, path } = found.operation;
      used.add(id);
      assertEquals(description.checkRequest(path, request), [], `request of ${id}`);
      if (request.answer === null) continue;
      const { status, body } = request.answer;
      assertEquals(description.checkAnswer(method, path, status, body), [], `answer of ${id}`);
    }
    const unused = OPERATIONS.filter(({ id }) => !used.has(id)).map(({ id }) => id);
    assertEquals(unused, ["v1AuthOrg"]);
  },
});
