import type { Answer } from "./answer.ts";
import type { PaletteClient } from "./client.ts";
import { labelsOf, tagsOf } from "./labels.ts";
import { byName } from "./order.ts";
import { collectPages } from "./pages.ts";
import type { ClusterSize } from "./virtual_clusters.ts";

/** An app profile that runs on a virtual cluster, as lists show it. */
export interface App {
  name: string;
  uid: string;
  appProfile: { name: string; version: string; uid: string };
  virtualCluster: { name: string; uid: string };
  /** `Deployed`, `Deploying`, `Pending`, ...; as Palette writes it. */
  status: string;
  /** The profile has changed since. */
  isUpdateAvailable: boolean;
  /** RFC 3339; empty when Palette does not tell. */
  createdAt: string;
  tags: string[];
}

/** A service of an app that can be reached. */
export interface AppService {
  name: string;
  host: string;
  ports: number[];
}

/** The state of one app. */
export interface AppState {
  status: string;
  profileVersion: string;
  services: AppService[];
  /** Every tier says that it is ready. */
  isReady: boolean;
  /** What a tier says that is in error; null when none is. */
  error: string | null;
}

export interface NewApp {
  name: string;
  appProfileUid: string;
  tags: string[];
}

/** Apps of the client's project, sorted by name; only those of exactly that name, if given. */
export async function listApps(client: PaletteClient, name?: string): Promise<App[]> {
  const body = {
    ...(name === undefined ? {} : { filter: { appDeploymentName: { eq: name } } }),
    sort: [{ field: "appDeploymentName", order: "asc" }],
  };
  const request = { method: "POST", path: "/v1/dashboard/appDeployments", body };
  const apps = await collectPages(client, request, appOf, "appDeployments");
  return apps.filter((app) => name === undefined || app.name === name).sort(byName);
}

/** @throws {ApiError} `not-found` */
export async function getApp(client: PaletteClient, uid: string): Promise<AppState> {
  const answer = await client.call({ method: "GET", path: appPath(uid) });
  const status = answer.at("status");
  const tiers = status.at("appTiers").list();
  const bad = tiers.find((tier) => isCondition(tier, "Error"));
  return {
    status: status.at("state").textOrEmpty(),
    profileVersion: answer.at("spec", "profile", "metadata", "version").textOrEmpty(),
    services: tiers.flatMap((tier) => tier.at("services").list().map(serviceOf)),
    isReady: tiers.every((tier) => isCondition(tier, "Ready")),
    error: bad === undefined
      ? null
      : `${bad.at("name").textOrEmpty()}: ${bad.at("condition", "message").textOrEmpty()}`,
  };
}

/** @returns Uid of the new app. */
export async function createAppOnCluster(
  client: PaletteClient,
  app: NewApp,
  clusterUid: string,
): Promise<string> {
  return await create(client, "/v1/appDeployments", app, { clusterUid });
}

/** Makes the virtual cluster, too. */
export async function createAppInGroup(
  client: PaletteClient,
  app: NewApp,
  target: { clusterGroupUid: string; clusterName: string; size: ClusterSize },
): Promise<string> {
  const { clusterGroupUid, clusterName, size } = target;
  return await create(client, "/v1/appDeployments/clusterGroup", app, {
    clusterGroupUid,
    clusterName,
    clusterLimits: {
      cpu: size.cpu,
      memoryMiB: size.memoryGib * 1024,
      storageGiB: size.storageGib,
    },
  });
}

/** Brings an app to what its profile says by now. */
export async function applyProfileUpdate(client: PaletteClient, uid: string): Promise<void> {
  await client.call({ method: "PATCH", path: `${appPath(uid)}/profile/apply` });
}

/** Moves an app to another version of its profile. */
export async function moveToProfile(
  client: PaletteClient,
  uid: string,
  appProfileUid: string,
): Promise<void> {
  await client.call({ method: "PUT", path: `${appPath(uid)}/profile`, body: { appProfileUid } });
}

/** What a tier that an app runs is made of. */
export interface RunningTier {
  name: string;
  version: string;
  values: string;
}

export async function getRunningTiers(
  client: PaletteClient,
  uid: string,
): Promise<RunningTier[]> {
  const answer = await client.call({ method: "GET", path: `${appPath(uid)}/profile` });
  return answer.at("template", "appTiers").list().map((tier) => ({
    name: tier.at("metadata", "name").text(),
    version: tier.at("spec", "version").textOrEmpty(),
    values: tier.at("spec", "values").textOrEmpty(),
  }));
}

export async function deleteApp(client: PaletteClient, uid: string): Promise<void> {
  await client.call({ method: "DELETE", path: appPath(uid) });
}

async function create(
  client: PaletteClient,
  path: string,
  { name, appProfileUid, tags }: NewApp,
  targetSpec: unknown,
): Promise<string> {
  const answer = await client.call({
    method: "POST",
    path,
    body: {
      metadata: { name, ...(tags.length === 0 ? {} : { labels: labelsOf(tags) }) },
      spec: { config: { targetSpec }, profile: { appProfileUid } },
    },
  });
  return answer.at("uid").text();
}

function appPath(uid: string): string {
  return `/v1/appDeployments/${encodeURIComponent(uid)}`;
}

function appOf(item: Answer): App {
  const metadata = item.at("metadata");
  const profile = item.at("spec", "profile", "metadata");
  const cluster = item.at("spec", "config", "target", "clusterRef");
  return {
    name: metadata.at("name").text(),
    uid: metadata.at("uid").text(),
    appProfile: {
      name: profile.at("name").textOrEmpty(),
      version: profile.at("version").textOrEmpty(),
      uid: profile.at("uid").textOrEmpty(),
    },
    virtualCluster: {
      name: cluster.at("name").textOrEmpty(),
      uid: cluster.at("uid").textOrEmpty(),
    },
    status: item.at("status", "state").textOrEmpty(),
    isUpdateAvailable: item.at("status", "notifications", "isAvailable").flag(),
    createdAt: metadata.at("creationTimestamp").textOrEmpty(),
    tags: tagsOf(metadata.at("labels").texts()),
  };
}

function isCondition(tier: Answer, type: string): boolean {
  const condition = tier.at("condition");
  return condition.at("type").textOrEmpty() === type &&
    condition.at("status").textOrEmpty() === "True";
}

function serviceOf(service: Answer): AppService {
  return {
    name: service.at("name").textOrEmpty(),
    host: service.at("host").textOrEmpty(),
    ports: service.at("ports").list().map((port) => port.at("port").numberOrNull() ?? 0),
  };
}
