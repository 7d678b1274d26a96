/** Every call of the API client, a table a resource, made against a Palette in its usual state. */

import {
  applyProfileUpdate,
  createAppInGroup,
  createAppOnCluster,
  deleteApp,
  getApp,
  getRunningTiers,
  listApps,
  moveToProfile,
} from "../../lib/api/app_deployments.ts";
import {
  createAppProfile,
  deleteAppProfile,
  getAppProfile,
  getAppTiers,
  getTierManifest,
  listAppProfiles,
  type NewAppProfile,
  updateAppProfile,
} from "../../lib/api/app_profiles.ts";
import type { PaletteClient } from "../../lib/api/client.ts";
import {
  getClusterGroup,
  getCreditUsage,
  hidesSystemGroups,
  listClusterGroups,
  summarizeClusterGroups,
} from "../../lib/api/cluster_groups.ts";
import { listClusterEvents } from "../../lib/api/events.ts";
import {
  createImportedCluster,
  getImportedCluster,
  getImportManifest,
} from "../../lib/api/imported_clusters.ts";
import { downloadClusterDefinition } from "../../lib/api/cluster_definitions.ts";
import {
  getClusterProfile,
  getProfilePacks,
  getProfileVariables,
} from "../../lib/api/cluster_profiles.ts";
import { downloadKubeconfig } from "../../lib/api/kubeconfigs.ts";
import { listMacros } from "../../lib/api/macros.ts";
import { findPacks, getPack, listPackVersions } from "../../lib/api/packs.ts";
import { listProjectNames, listProjects } from "../../lib/api/projects.ts";
import {
  createRegistry,
  deleteRegistry,
  getRegistrySync,
  listRegistries,
  validateRegistry,
} from "../../lib/api/registries.ts";
import { getImageMirrors, getRegistry } from "../../lib/api/registry_access.ts";
import { listRegistryNames } from "../../lib/api/registry_names.ts";
import { getServiceManifests, getServiceVersion } from "../../lib/api/services.ts";
import { getServerVersion, getSystemBanner, getTenantBanner, ping } from "../../lib/api/system.ts";
import { getUser, getUserInfo, isTenantAdmin, listOrganizations } from "../../lib/api/users.ts";
import {
  createVirtualCluster,
  deleteCluster,
  getSize,
  getVirtualCluster,
  isClusterNameTaken,
  listVirtualClusters,
  resizeVirtualCluster,
  setPaused,
} from "../../lib/api/virtual_clusters.ts";
import { Secret } from "../../lib/secrets/secret.ts";

const SIZE = { cpu: 2, memoryGib: 3, storageGib: 0 };
const GROUP_UID = "635669ba4583891d109fe6c1";

const PROFILE: NewAppProfile = {
  name: "web",
  version: "1.0.0",
  description: "of the tests",
  tags: ["env:dev", "flag"],
  tiers: [
    {
      name: "db",
      type: "operator-instance",
      installOrder: 0,
      registryUid: "645669ba4583891d109fe6a0",
      sourceAppTierUid: "655669ba4583891d109fe6b1",
      version: "1.8.2",
      properties: [{ name: "dbPassword", value: "c2VjcmV0" }],
    },
    { name: "api", type: "container", installOrder: 1, values: "a: b", containerRegistryUid: "r" },
    {
      name: "extras",
      type: "manifest",
      installOrder: 2,
      manifests: [{ name: "m", content: "kind: Namespace" }],
    },
  ],
};

type Use = (client: PaletteClient) => Promise<void>;

export const USES: readonly Use[] = [
  useSystem,
  useProjects,
  useClusters,
  usePacks,
  useApps,
  useRegistries,
  useImports,
  useContent,
];

async function useImports(client: PaletteClient) {
  const uid = await createImportedCluster(client, { name: "legacy" });
  // There is a manifest once there is a link.
  for (let look = 0; look < 4; look++) await getImportedCluster(client, uid);
  await getImportManifest(client, uid);
}

async function useRegistries(client: PaletteClient) {
  for (const type of ["oci", "helm"] as const) {
    const credentials = { username: "harbor", password: new Secret("s3cret") };
    const wanted = { name: type, type, endpoint: "https://x.example.com", insecure: true };
    await validateRegistry(client, { ...wanted, credentials: null });
    await createRegistry(client, { ...wanted, credentials });
  }
  for (const registry of await listRegistries(client)) {
    await getRegistrySync(client, registry);
    await deleteRegistry(client, registry);
  }
}

async function useSystem(client: PaletteClient) {
  await ping(client);
  const info = await getUserInfo(client);
  await getUser(client, info.userUid);
  await isTenantAdmin(client);
  await listOrganizations(client);
  await getSystemBanner(client);
  await getTenantBanner(client, info.tenantUid);
  await getServerVersion(client);
  await hidesSystemGroups(client, info.tenantUid);
}

async function useProjects(client: PaletteClient) {
  const [first] = await listProjectNames(client);
  await listProjects(client);
  await client.call({ method: "GET", path: `/v1/projects/${first?.uid}` });
}

async function useClusters(client: PaletteClient) {
  await listClusterGroups(client);
  await summarizeClusterGroups(client);
  await getClusterGroup(client, GROUP_UID);
  await getCreditUsage(client, "tenant");
  const tags = ["env:dev"];
  const uid = await createVirtualCluster(client, {
    name: "dev",
    clusterGroupUid: GROUP_UID,
    size: SIZE,
    tags,
  });
  const [cluster] = await listVirtualClusters(client, "dev");
  const configUid = cluster?.configUid ?? "";
  await isClusterNameTaken(client, "dev");
  for (let look = 0; look < 4; look++) await getVirtualCluster(client, uid);
  await getSize(client, configUid);
  await resizeVirtualCluster(client, configUid, { ...SIZE, memoryGib: 4 });
  await downloadKubeconfig(client, uid, { isAdmin: true });
  for await (const _ of listClusterEvents(client, uid));
  await setPaused(client, uid, true);
  await deleteCluster(client, uid, { force: true });
}

async function usePacks(client: PaletteClient) {
  await listRegistryNames(client);
  const [found] = await findPacks(client, { name: "kafka", addOnTypes: ["app"] });
  const registryUid = found?.registry.uid ?? "";
  const [version] = await listPackVersions(client, "kafka", registryUid);
  await getPack(client, version?.packUid ?? "");
}

async function useApps(client: PaletteClient) {
  const inTenant = false;
  const profileUid = await createAppProfile(client, PROFILE, { inTenant });
  await listAppProfiles(client, "web");
  await getAppProfile(client, profileUid);
  const tiers = await getAppTiers(client, profileUid);
  const extras = tiers.find(({ name }) => name === "extras");
  await getTierManifest(client, {
    profileUid,
    tierUid: extras?.uid ?? "",
    manifestUid: extras?.manifests[0]?.uid ?? "",
  });
  await updateAppProfile(client, profileUid, PROFILE, { inTenant });
  const app = { name: "shop", appProfileUid: profileUid, tags: ["env:dev"] };
  const target = { clusterGroupUid: GROUP_UID, clusterName: "shop-vc", size: SIZE };
  const uid = await createAppInGroup(client, app, target);
  const [cluster] = await listVirtualClusters(client, "shop-vc");
  await createAppOnCluster(client, { ...app, name: "mail", tags: [] }, cluster?.uid ?? "");
  await listApps(client, "shop");
  await getApp(client, uid);
  await getRunningTiers(client, uid);
  await moveToProfile(client, uid, profileUid);
  await applyProfileUpdate(client, uid);
  await deleteApp(client, uid);
  await deleteAppProfile(client, profileUid, { inTenant });
}

/** The state has to know one of each: `contentState()`. */
async function useContent(client: PaletteClient) {
  const { tenantUid } = await getUserInfo(client);
  const [first] = await listProjectNames(client);
  for (const uid of ["665669ba4583891d109fe6c0", "665669ba4583891d109fe6c1"]) {
    await getClusterProfile(client, uid);
    await getProfilePacks(client, uid);
    await getProfileVariables(client, uid);
  }
  await listMacros(client, { projectUid: first?.uid ?? "", tenantUid });
  const version = await getServiceVersion(client, "stylus") ?? "";
  await getServiceManifests(client, { service: "stylus", version, action: "resources" });
  for (const [uid, kind] of [["r0", "helm"], ["r1", "pack"], ["r2", "oci"], ["r3", "oci"]]) {
    await getRegistry(client, { uid: uid ?? "", kind: kind ?? "" });
  }
  await getImageMirrors(client);
  await downloadClusterDefinition(client, ["665669ba4583891d109fe6c0"]);
}
