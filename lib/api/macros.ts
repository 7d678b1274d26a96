import { ApiError } from "./api_error.ts";
import type { PaletteClient } from "./client.ts";

/**
 * Macros that profiles of a project can use, by name; those of the project win over the tenant's.
 * What the user may not read is left out.
 */
export async function listMacros(
  client: PaletteClient,
  { projectUid, tenantUid }: { projectUid: string; tenantUid: string },
): Promise<Map<string, string>> {
  const paths = [
    "/v1/clusterprofiles/macros",
    `/v1/tenants/${encodeURIComponent(tenantUid)}/macros`,
    `/v1/projects/${encodeURIComponent(projectUid)}/macros`,
  ];
  const lists = await Promise.all(paths.map((path) => macrosAt(client, path)));
  return new Map(lists.flat());
}

async function macrosAt(client: PaletteClient, path: string): Promise<[string, string][]> {
  try {
    const answer = await client.call({ method: "GET", path });
    return answer.at("macros").list().map((macro) => [
      macro.at("name").text(),
      macro.at("value").textOrEmpty(),
    ]);
  } catch (error) {
    if (error instanceof ApiError && [403, 404].includes(error.status ?? 0)) return [];
    throw error;
  }
}
