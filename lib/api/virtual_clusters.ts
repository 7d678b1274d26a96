import type { Answer } from "./answer.ts";
import type { PaletteClient } from "./client.ts";
import { labelsOf, tagsOf } from "./labels.ts";
import { byName } from "./order.ts";
import { collectPages, listPages } from "./pages.ts";

/** What a virtual cluster may take: cores, GiB, GiB. */
export interface ClusterSize {
  cpu: number;
  memoryGib: number;
  storageGib: number;
}

/** A virtual cluster as lists show it. */
export interface VirtualCluster {
  name: string;
  uid: string;
  project: { name: string; uid: string };
  clusterGroup: { name: string; uid: string } | null;
  /** `Running`, `Paused`, `Provisioning`, ...; unknown ones as Palette writes them. */
  status: string;
  health: string;
  /** Where its size is kept; empty until it has one. */
  configUid: string;
  /** RFC 3339; empty when Palette does not tell. */
  createdAt: string;
  tags: string[];
}

/** The state of one virtual cluster. */
export interface VirtualClusterState extends VirtualCluster {
  /** Why it is in that state, as far as Palette says. */
  message: string;
}

export interface NewVirtualCluster {
  name: string;
  clusterGroupUid: string;
  size: ClusterSize;
  tags: string[];
}

const MIB = 1024;

/** Virtual clusters of the client's project, sorted by name; only those of exactly that name, if given. */
export async function listVirtualClusters(
  client: PaletteClient,
  name?: string,
): Promise<VirtualCluster[]> {
  const request = {
    method: "POST",
    path: "/v1/dashboard/spectroclusters/search",
    body: searchOf(name),
  };
  const clusters = await collectPages(client, request, summaryOf);
  // Palette may compare without regard to case.
  return clusters.filter((cluster) => name === undefined || cluster.name === name).sort(byName);
}

/** A name that no imported or real cluster of the project has taken either. */
export async function isClusterNameTaken(client: PaletteClient, name: string): Promise<boolean> {
  const request = {
    method: "POST",
    path: "/v1/dashboard/spectroclusters/search",
    body: { filter: allOf([isNotDeleted(), isText("clusterName", name)]) },
  };
  for await (const item of listPages(client, request)) {
    if (item.at("metadata", "name").text() === name) return true;
  }
  return false;
}

/** @throws {ApiError} `not-found` */
export async function getVirtualCluster(
  client: PaletteClient,
  uid: string,
): Promise<VirtualClusterState> {
  const answer = await client.call({ method: "GET", path: clusterPath(uid) });
  const status = answer.at("status");
  return {
    ...metadataOf(answer),
    project: {
      name: "",
      uid: answer.at("metadata", "annotations", "projectUid").textOrEmpty(),
    },
    clusterGroup: groupOf(status),
    status: statusOf(status),
    health: "",
    configUid: answer.at("spec", "cloudConfigRef", "uid").textOrEmpty(),
    message: messageOf(status),
  };
}

/** @returns Uid of the new cluster. */
export async function createVirtualCluster(
  client: PaletteClient,
  { name, clusterGroupUid, size, tags }: NewVirtualCluster,
): Promise<string> {
  const answer = await client.call({
    method: "POST",
    path: "/v1/spectroclusters/virtual",
    body: {
      metadata: { name, ...(tags.length === 0 ? {} : { labels: labelsOf(tags) }) },
      spec: {
        cloudConfig: {},
        clusterConfig: { hostClusterConfig: { clusterGroup: { uid: clusterGroupUid } } },
        machinepoolconfig: [{ cloudConfig: { instanceType: instanceTypeOf(size) } }],
        profiles: [],
      },
    },
  });
  return answer.at("uid").text();
}

/** Starts the deletion of any cluster. */
export async function deleteCluster(
  client: PaletteClient,
  uid: string,
  { force = false }: { force?: boolean } = {},
): Promise<void> {
  await client.call({
    method: "DELETE",
    path: clusterPath(uid),
    ...(force ? { query: { forceDelete: "true" } } : {}),
  });
}

/** Starts to pause or resume. */
export async function setPaused(
  client: PaletteClient,
  uid: string,
  pause: boolean,
): Promise<void> {
  await client.call({
    method: "PATCH",
    path: `${clusterPath(uid)}/clusterConfig/lifecycleConfig`,
    body: { lifecycleConfig: { pause } },
  });
}

/** @returns Null when the cluster has no size yet. */
export async function getSize(
  client: PaletteClient,
  configUid: string,
): Promise<ClusterSize | null> {
  const answer = await client.call({
    method: "GET",
    path: `/v1/cloudconfigs/virtual/${encodeURIComponent(configUid)}`,
  });
  const type = answer.at("spec", "machinePoolConfig").list()[0]?.at("instanceType");
  if (type === undefined) return null;
  return {
    cpu: type.at("maxCPU").numberOrNull() ?? 0,
    memoryGib: (type.at("maxMemInMiB").numberOrNull() ?? 0) / MIB,
    storageGib: type.at("maxStorageGiB").numberOrNull() ?? 0,
  };
}

export async function resizeVirtualCluster(
  client: PaletteClient,
  configUid: string,
  size: ClusterSize,
): Promise<void> {
  await client.call({
    method: "PUT",
    path: `/v1/cloudconfigs/virtual/${encodeURIComponent(configUid)}/resize`,
    body: { instanceType: instanceTypeOf(size) },
  });
}

export function clusterPath(uid: string): string {
  return `/v1/spectroclusters/${encodeURIComponent(uid)}`;
}

/** The smallest is the server's business; memory counts in MiB there. */
function instanceTypeOf({ cpu, memoryGib, storageGib }: ClusterSize) {
  return {
    maxCPU: cpu,
    maxMemInMiB: memoryGib * MIB,
    maxStorageGiB: storageGib,
    minCPU: 0,
    minMemInMiB: 0,
    minStorageGiB: 0,
  };
}

/** Virtual clusters have the environment `nested`. */
function searchOf(name: string | undefined) {
  return {
    filter: allOf([
      isText("environment", "nested"),
      isNotDeleted(),
      ...(name === undefined ? [] : [isText("clusterName", name)]),
    ]),
    sort: [{ field: "clusterName", order: "asc" }],
  };
}

function allOf(filters: unknown[]) {
  return { conjunction: "and", filterGroups: [{ conjunction: "and", filters }] };
}

function isText(property: string, value: string) {
  const match = { conjunction: "or", values: [value] };
  return {
    property,
    type: "string",
    condition: { string: { operator: "eq", negation: false, match } },
  };
}

function isNotDeleted() {
  return { property: "isDeleted", type: "bool", condition: { bool: { value: false } } };
}

function summaryOf(item: Answer): VirtualCluster {
  const status = item.at("status");
  const project = item.at("specSummary", "projectMeta");
  return {
    ...metadataOf(item),
    project: { name: project.at("name").textOrEmpty(), uid: project.at("uid").textOrEmpty() },
    clusterGroup: groupOf(status),
    status: statusOf(status),
    health: status.at("health", "state").textOrEmpty(),
    configUid: item.at("specSummary", "cloudConfig", "uid").textOrEmpty(),
  };
}

function metadataOf(object: Answer) {
  const metadata = object.at("metadata");
  return {
    name: metadata.at("name").text(),
    uid: metadata.at("uid").text(),
    createdAt: metadata.at("creationTimestamp").textOrEmpty(),
    tags: tagsOf(metadata.at("labels").texts()),
  };
}

function groupOf(status: Answer): { name: string; uid: string } | null {
  const group = status.at("virtual", "clusterGroup");
  const uid = group.at("uid").textOrEmpty();
  return uid === "" ? null : { name: group.at("name").textOrEmpty(), uid };
}

/** Two of Palette's fields as the one word that callers test: pausing shows in the second only. */
export function statusOf(status: Answer): string {
  const state = status.at("state").textOrEmpty();
  const lifecycle = status.at("virtual", "lifecycleStatus", "status").textOrEmpty();
  if (state === "Error") return "Failed";
  if (state === "Running" && lifecycle !== "") return lifecycle === "Error" ? "Failed" : lifecycle;
  return state || "Unknown";
}

/** Why a cluster is in its state; empty when Palette does not say. */
export function messageOf(status: Answer): string {
  const lifecycle = status.at("virtual", "lifecycleStatus");
  if (lifecycle.at("status").textOrEmpty() === "Error") return lifecycle.at("msg").textOrEmpty();
  const bad = status.at("conditions").list()
    .find((condition) => condition.at("status").textOrEmpty() !== "True");
  return bad?.at("message").textOrEmpty() ?? "";
}
