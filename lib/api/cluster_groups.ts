import type { PaletteClient } from "./client.ts";

export const CLUSTER_GROUP_SCOPES = ["project", "tenant", "system"] as const;

export type ClusterGroupScope = typeof CLUSTER_GROUP_SCOPES[number];

export interface ClusterGroup {
  name: string;
  uid: string;
  scope: string;
}

/** Cluster groups that host virtual clusters, as far as the client's scope sees them. */
export async function listClusterGroups(client: PaletteClient): Promise<ClusterGroup[]> {
  const answer = await client.call({
    method: "GET",
    path: "/v1/clustergroups/hostCluster/metadata",
  });
  return answer.at("items").list().map((item) => ({
    name: item.at("name").text(),
    uid: item.at("uid").text(),
    scope: item.at("scope").textOrEmpty(),
  }));
}
