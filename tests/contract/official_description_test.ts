import { assertEquals } from "@std/assert";
import { listClusterGroups } from "../../lib/api/cluster_groups.ts";
import { listProjectNames, listProjects } from "../../lib/api/projects.ts";
import { getServerVersion, getSystemBanner, getTenantBanner, ping } from "../../lib/api/system.ts";
import { getUser, getUserInfo, isTenantAdmin, listOrganizations } from "../../lib/api/users.ts";
import { testClient } from "../support/api_client.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { OfficialDescription, openOfficialDescription } from "../support/palette/official.ts";
import { OPERATIONS } from "../support/palette/operations/all.ts";
import { route } from "../support/palette/router.ts";
import { ADMIN_KEY, ADMIN_UID, DEV_PROJECT } from "../support/palette/state.ts";

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
  name: "every request of the client fits the description (needs PALETTE_OPENAPI)",
  ignore,
  async fn() {
    const description = await official();
    await using palette = await startFakePalette();
    palette.state.system.tellsVersion = true;
    palette.state.projects = Array.from({ length: 60 }, (_, at) => ({
      ...DEV_PROJECT,
      uid: at.toString(16).padStart(24, "0"),
      name: `p${at}`,
      description: "",
      labels: {},
    }));
    using it = await testClient(palette.url);
    await ping(it.client);
    const info = await getUserInfo(it.client);
    await getUser(it.client, info.userUid);
    await isTenantAdmin(it.client);
    await listOrganizations(it.client);
    await getSystemBanner(it.client);
    await getTenantBanner(it.client, info.tenantUid);
    await getServerVersion(it.client);
    await listProjectNames(it.client);
    await listProjects(it.client);
    await listClusterGroups(it.client);
    assertEquals(palette.requests.length, 12);
    for (const request of palette.requests) {
      const found = route(OPERATIONS, request.method, request.path);
      if (!("operation" in found)) throw new Error(`${request.path} is not modelled`);
      assertEquals(description.checkRequest(found.operation.path, request), [], request.path);
    }
  },
});

Deno.test({
  name: "every answer of the stand-in fits the description (needs PALETTE_OPENAPI)",
  ignore,
  async fn() {
    const description = await official();
    await using palette = await startFakePalette();
    palette.state.system.tellsVersion = true;
    for (const { method, path, body } of OPERATIONS) {
      const concrete = path.replace(
        "{uid}",
        path.includes("projects") ? DEV_PROJECT.uid : ADMIN_UID,
      )
        .replace("{tenantUid}", palette.state.tenant.uid);
      const response = await fetch(`${palette.url}${concrete}`, {
        method,
        headers: { ApiKey: ADMIN_KEY, "content-type": "application/json" },
        body: body === null ? null : "{}",
      });
      const answer = await response.json();
      assertEquals(description.checkAnswer(method, path, response.status, answer), [], path);
    }
  },
});
