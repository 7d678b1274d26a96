import { ApiError } from "./api_error.ts";
import type { PaletteClient } from "./client.ts";
import { byName } from "./order.ts";

export const CLUSTER_GROUP_SCOPES = ["project", "tenant", "system"] as const;

export type ClusterGroupScope = typeof CLUSTER_GROUP_SCOPES[number];

export interface ClusterGroup {
  name: string;
  uid: string;
  scope: string;
}

/** What the virtual clusters of a group may take together; null where there is no limit. */
export interface ClusterGroupLimits {
  cpu: number | null;
  memoryGib: number | null;
  storageGib: number | null;
}

export interface ClusterGroupDetails {
  limits: ClusterGroupLimits;
  /** A group that is not active cannot be used. */
  isActive: boolean;
}

/** Cluster groups that host virtual clusters, as far as the client's scope sees them; by name. */
export async function listClusterGroups(client: PaletteClient): Promise<ClusterGroup[]> {
  const answer = await client.call({
    method: "GET",
    path: "/v1/clustergroups/hostCluster/metadata",
  });
  const groups = answer.at("items").list().map((item) => ({
    name: item.at("name").text(),
    uid: item.at("uid").text(),
    scope: item.at("scope").textOrEmpty(),
  }));
  return groups.sort(byName);
}

/** What a list of virtual clusters shows of their group. */
export interface ClusterGroupSummary {
  uid: string;
  scope: string;
  /** `k3s`, `cncf_k8s`, ...: of its virtual clusters. */
  distribution: string;
}

/** All groups in one answer. */
export async function summarizeClusterGroups(
  client: PaletteClient,
): Promise<ClusterGroupSummary[]> {
  const answer = await client.call({ method: "GET", path: "/v1/clustergroups/hostCluster" });
  return answer.at("summaries").list().map((item) => ({
    uid: item.at("metadata", "uid").text(),
    scope: item.at("spec", "scope").textOrEmpty(),
    distribution: item.at("spec", "kubernetesDistroType").textOrEmpty(),
  }));
}

/** Limits and state of a group. */
export async function getClusterGroup(
  client: PaletteClient,
  uid: string,
): Promise<ClusterGroupDetails> {
  const path = `/v1/clustergroups/${encodeURIComponent(uid)}`;
  const answer = await client.call({ method: "GET", path });
  const limits = answer.at("spec", "clustersConfig", "limitConfig");
  const limit = (name: string) => limits.at(name).numberOrNull() || null;
  const milliCores = limit("cpuMilliCore");
  const memoryMib = limit("memoryMiB");
  return {
    limits: {
      cpu: limit("cpu") ?? (milliCores === null ? null : milliCores / 1000),
      memoryGib: limit("memory") ?? (memoryMib === null ? null : memoryMib / 1024),
      storageGib: limit("storageGiB"),
    },
    isActive: answer.at("status", "isActive").flag(),
  };
}

/** Whether the tenant hides the groups of the system; false where Palette does not tell. */
export async function hidesSystemGroups(
  client: PaletteClient,
  tenantUid: string,
): Promise<boolean> {
  const path = `/v1/tenants/${encodeURIComponent(tenantUid)}/preferences/clusterGroup`;
  try {
    const answer = await client.call({ method: "GET", path });
    return answer.at("hideSystemClusterGroups").flag();
  } catch (error) {
    if (error instanceof ApiError && [401, 403, 404].includes(error.status ?? 0)) return false;
    throw error;
  }
}

/** What a user has of the developer's quota; null where there is no limit. */
export interface Credit {
  cpu: number | null;
  memoryGib: number | null;
  storageGib: number | null;
  virtualClusters: number | null;
}

export interface CreditUsage {
  allocated: Credit;
  used: Credit;
}

/** The user's quota in the groups of the system, or in those of the tenant. */
export async function getCreditUsage(
  client: PaletteClient,
  scope: "system" | "tenant",
): Promise<CreditUsage> {
  const path = `/v1/clustergroups/developerCredit/usage/${scope}`;
  const answer = await client.call({ method: "GET", path });
  const credit = (name: string): Credit => ({
    cpu: answer.at(name, "cpu").numberOrNull(),
    memoryGib: answer.at(name, "memoryGiB").numberOrNull(),
    storageGib: answer.at(name, "storageGiB").numberOrNull(),
    virtualClusters: answer.at(name, "virtualClustersLimit").numberOrNull(),
  });
  return { allocated: credit("allocatedCredit"), used: credit("usedCredit") };
}
