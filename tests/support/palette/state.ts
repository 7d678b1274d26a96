import type { PaletteContent } from "./content_state.ts";

/** What the stand-in for Palette knows; plain and mutable, so that tests arrange it directly. */
export interface PaletteState extends PaletteContent {
  tenant: { uid: string; orgName: string; banner: Banner };
  system: {
    version: string;
    appEnv: string;
    banner: Banner;
    /** API keys may read the installed version. */
    tellsVersion: boolean;
  };
  users: PaletteUser[];
  apiKeys: Map<string, { userUid: string; isExpired?: boolean }>;
  projects: PaletteProject[];
  clusterGroups: PaletteClusterGroup[];
  hidesSystemGroups: boolean;
  credit: { allocated: PaletteCredit; used: PaletteCredit };
  clusters: PaletteCluster[];
  /** What becomes of the next clusters that are imported. */
  importing: PaletteImporting;
  events: PaletteEventState[];
  registryNames: PaletteRegistryName[];
  packs: PalettePack[];
  appProfiles: PaletteAppProfile[];
  apps: PaletteApp[];
  /** Kubeconfigs are sent in base64. */
  encodesKubeconfigs: boolean;
  registries: PaletteRegistry[];
  /** Why Palette cannot use any registry it is to try; null when all is well. */
  registryProblem: string | null;
}

export interface Banner {
  isEnabled: boolean;
  title: string;
  message: string;
}

export interface PaletteUser {
  uid: string;
  email: string;
  firstName: string;
  lastName: string;
  isTenantAdmin: boolean;
  /** Names of the organizations that list this user. */
  organizations: string[];
  /** Projects a user who is no tenant administrator sees. */
  projectUids: string[];
}

export interface PaletteProject {
  uid: string;
  name: string;
  description: string;
  labels: Record<string, string>;
}

export interface PaletteClusterGroup {
  uid: string;
  name: string;
  scope: "project" | "tenant" | "system";
  /** The project of one with project scope. */
  projectUid?: string;
  isInactive?: boolean;
  limits?: Record<string, number>;
}

export interface PaletteCredit {
  cpu: number;
  memoryGiB: number;
  storageGiB: number;
  virtualClustersLimit: number;
}

/** A cluster, virtual or imported. It goes on when it is looked at, never by time. */
export interface PaletteCluster {
  uid: string;
  name: string;
  projectUid: string;
  labels: Record<string, string>;
  createdAt: string;
  /** States it goes through, one a look; it stays in the last, and is gone after `Gone`. */
  states: string[];
  /** The same for pausing and resuming. */
  lifecycles: string[];
  /** Why it failed. */
  message: string;
  virtual: PaletteVirtual | null;
  /** Null while it has none, whatever its state. */
  kubeconfig: string | null;
  /** Of an imported cluster; looks until there is a link. */
  importLooks: number;
}

export interface PaletteImporting {
  /** States they go through, one a look. */
  states: string[];
  /** Why they fail. */
  message: string;
  /** Looks until there is a link. */
  looks: number;
  /** Null while it has none, link or not. */
  manifest: string | null;
}

export interface PaletteVirtual {
  configUid: string;
  groupUid: string;
  size: { maxCPU: number; maxMemInMiB: number; maxStorageGiB: number };
  /** What it is resized to with the next look at its size. */
  nextSize: { maxCPU: number; maxMemInMiB: number; maxStorageGiB: number } | null;
}

export interface PaletteRegistryName {
  uid: string;
  name: string;
  kind: string;
}

/** One version of a pack in a registry. */
export interface PalettePack {
  uid: string;
  name: string;
  version: string;
  registryUid: string;
  type: string;
  values: string;
  parameters: { name: string; format?: string; value?: string; listOptions?: string[] }[];
}

/** One version of an app profile. */
export interface PaletteAppProfile {
  uid: string;
  name: string;
  version: string;
  scope: "project" | "tenant";
  projectUid: string;
  description: string;
  labels: Record<string, string>;
  createdAt: string;
  tiers: PaletteTier[];
}

export interface PaletteTier {
  name: string;
  type: string;
  version: string;
  installOrder: number;
  registryUid: string;
  containerRegistryUid: string;
  sourceAppTierUid: string;
  values: string;
  properties: { name: string; value: string }[];
  manifests: { name: string; content: string }[];
}

export interface PaletteApp {
  uid: string;
  name: string;
  projectUid: string;
  clusterUid: string;
  profileUid: string;
  labels: Record<string, string>;
  createdAt: string;
  /** As of a cluster: one a look. */
  states: string[];
  /** What a tier says is wrong; empty for nothing. */
  error: string;
  isUpdateAvailable: boolean;
  services: { name: string; host: string; ports: { port: number }[] }[];
}

export interface PaletteEventState {
  clusterUid: string;
  time: string;
  severity: string;
  reason: string;
  component: string;
  message: string;
}

export interface PaletteRegistry {
  uid: string;
  name: string;
  /** `basic` and `ecr` are OCI. */
  kind: "basic" | "ecr" | "helm";
  endpoint: string;
  scope: "tenant" | "system";
  isPrivate: boolean;
  auth: {
    type: "noAuth" | "basic" | "token";
    username?: string;
    password?: string;
    tls?: { enabled: boolean; insecureSkipVerify: boolean };
  };
  createdAt: string;
  /** States of the sync it goes through, one a look; it stays in the last. */
  syncs: string[];
  syncMessage: string;
  /** Empty when it never was. */
  lastSynced: string;
  isSyncSupported: boolean;
  /** Names of profiles that keep it from being deleted. */
  usedBy: string[];
}

export const ADMIN_KEY = "c0ffee00admin/key+of=the&tests";
export const USER_KEY = "deadbeefuserkeyofthetests";
export const EXPIRED_KEY = "0ldkeyofthetests";

export const ADMIN_UID = "63a1f0f0f0f0f0f0f0f0f001";
export const USER_UID = "63a1f0f0f0f0f0f0f0f0f002";

export const DEFAULT_PROJECT = { name: "Default", uid: "6342eab2faa0813ead9082e0" };
export const DEV_PROJECT = { name: "dev-team", uid: "6342eab2faa0813ead9082e1" };
export const STAGING_PROJECT = { name: "staging", uid: "6342eab2faa0813ead9082e2" };

/** One tenant with an administrator, a user who sees two projects, and nothing sorted by name. */
export function defaultState(): PaletteState {
  return {
    tenant: {
      uid: "40b8a9a7f724831be814e5734ea744ed",
      orgName: "demo-org",
      banner: { isEnabled: false, title: "", message: "" },
    },
    system: {
      version: "4.7.4",
      appEnv: "saas",
      banner: { isEnabled: false, title: "", message: "" },
      tellsVersion: false,
    },
    users: [
      {
        uid: ADMIN_UID,
        email: "admin@example.com",
        firstName: "Ada",
        lastName: "Admin",
        isTenantAdmin: true,
        organizations: ["demo-org"],
        projectUids: [],
      },
      {
        uid: USER_UID,
        email: "dev@example.com",
        firstName: "Dee",
        lastName: "Veloper",
        isTenantAdmin: false,
        organizations: ["demo-org"],
        projectUids: [DEV_PROJECT.uid, STAGING_PROJECT.uid],
      },
    ],
    apiKeys: new Map([
      [ADMIN_KEY, { userUid: ADMIN_UID }],
      [USER_KEY, { userUid: USER_UID }],
      [EXPIRED_KEY, { userUid: USER_UID, isExpired: true }],
    ]),
    projects: [
      { ...STAGING_PROJECT, description: "", labels: {} },
      {
        ...DEFAULT_PROJECT,
        description: "Where everybody starts",
        labels: { owner: "platform", legacy: "spectro__tag" },
      },
      { ...DEV_PROJECT, description: "Development", labels: { owner: "dev" } },
    ],
    clusterGroups: [
      { uid: "635669ba4583891d109fe6c2", name: "shared", scope: "tenant" },
      {
        uid: "635669ba4583891d109fe6c0",
        name: "beehive",
        scope: "project",
        projectUid: DEV_PROJECT.uid,
      },
      { uid: "635669ba4583891d109fe6c1", name: "beehive", scope: "system" },
    ],
    hidesSystemGroups: false,
    credit: {
      allocated: { cpu: 12, memoryGiB: 12, storageGiB: 20, virtualClustersLimit: 2 },
      used: { cpu: 4, memoryGiB: 4, storageGiB: 4, virtualClustersLimit: 1 },
    },
    clusters: [],
    importing: {
      states: ["Pending", "Pending", "Importing", "Importing", "Running"],
      message: "",
      looks: 2,
      manifest: IMPORT_MANIFEST,
    },
    events: [],
    registryNames: [
      { uid: "645669ba4583891d109fe6a0", name: "Public Repo", kind: "pack" },
      { uid: "645669ba4583891d109fe6a1", name: "Bitnami", kind: "helm" },
      { uid: "645669ba4583891d109fe6a2", name: "private-images", kind: "oci" },
    ],
    packs: defaultPacks(),
    appProfiles: [],
    apps: [],
    encodesKubeconfigs: false,
    registries: [],
    registryProblem: null,
    clusterProfiles: [],
    macros: new Map(),
    services: new Map(),
    contentRegistries: [],
    imageMirrors: "",
    clusterDefinition: null,
  };
}

/** As short as a manifest can be that makes cluster-wide things and others. */
export const IMPORT_MANIFEST = `apiVersion: v1
kind: Namespace
metadata:
  name: cluster-agent
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: agent
  namespace: cluster-agent
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: agent
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: cluster-admin
subjects:
- kind: ServiceAccount
  name: agent
  namespace: cluster-agent
`;

/** A virtual cluster that runs, in the development project. */
export function runningCluster(name: string, given: Partial<PaletteCluster> = {}): PaletteCluster {
  const uid = given.uid ?? uidOf(name);
  return {
    uid,
    name,
    projectUid: DEV_PROJECT.uid,
    labels: {},
    createdAt: "2026-01-02T10:00:00Z",
    states: ["Running"],
    lifecycles: ["Running"],
    message: "",
    virtual: {
      configUid: `c${uid.slice(1)}`,
      groupUid: "635669ba4583891d109fe6c1",
      size: { maxCPU: 4, maxMemInMiB: 4096, maxStorageGiB: 4 },
      nextSize: null,
    },
    kubeconfig: kubeconfigOf(name),
    importLooks: 0,
    ...given,
  };
}

/** 24 hexadecimal digits that follow from a name. */
export function uidOf(name: string): string {
  const hex = [...new TextEncoder().encode(name)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.padEnd(24, "0").slice(0, 24);
}

export function kubeconfigOf(name: string): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    server: https://${name}.clusters.example.com:6443
    certificate-authority-data: Y2E=
contexts:
- name: admin@kubernetes
  context:
    cluster: kubernetes
    user: admin
current-context: admin@kubernetes
users:
- name: admin
  user:
    client-certificate-data: Y2VydA==
    client-key-data: a2V5
`;
}

function defaultPacks(): PalettePack[] {
  const ofPublic = { registryUid: "645669ba4583891d109fe6a0", values: "", parameters: [] };
  const database: PalettePack["parameters"] = [
    { name: "dbUserName", value: "pguser" },
    { name: "dbPassword", format: "password" },
    { name: "databaseVolumeSize", value: "8" },
    { name: "version", value: "14", listOptions: ["14", "15"] },
  ];
  return [
    {
      ...ofPublic,
      uid: "655669ba4583891d109fe6b0",
      name: "container",
      version: "1.0.0",
      type: "spectro",
      values: "pack:\n  namespace: ns # of the tier\ncontainerService:\n  image: none\n",
    },
    {
      ...ofPublic,
      uid: "655669ba4583891d109fe6b1",
      name: "postgresql-operator",
      version: "1.8.2",
      type: "spectro",
      parameters: database,
    },
    {
      ...ofPublic,
      uid: "655669ba4583891d109fe6b2",
      name: "postgresql-operator",
      version: "1.8.1",
      type: "spectro",
      parameters: database,
    },
    {
      ...ofPublic,
      uid: "655669ba4583891d109fe6b3",
      name: "kafka",
      version: "20.0.0",
      registryUid: "645669ba4583891d109fe6a1",
      type: "helm",
    },
  ];
}

/** An app profile of the development project with one manifest. */
export function appProfileOf(
  name: string,
  version: string,
  given: Partial<PaletteAppProfile> = {},
): PaletteAppProfile {
  return {
    uid: uidOf(`${version} ${name}`),
    name,
    version,
    scope: "project",
    projectUid: DEV_PROJECT.uid,
    description: "",
    labels: {},
    createdAt: "2026-01-01T15:04:05Z",
    tiers: [{
      name: "extras",
      type: "manifest",
      version: "",
      installOrder: 0,
      registryUid: "",
      containerRegistryUid: "",
      sourceAppTierUid: "",
      values: "",
      properties: [],
      manifests: [{ name: "nginx", content: "kind: Namespace\n" }],
    }],
    ...given,
  };
}

/** An app that is deployed, in the development project. */
export function deployedApp(
  name: string,
  profile: PaletteAppProfile,
  cluster: PaletteCluster,
  given: Partial<PaletteApp> = {},
): PaletteApp {
  return {
    uid: uidOf(`app ${name}`),
    name,
    projectUid: DEV_PROJECT.uid,
    clusterUid: cluster.uid,
    profileUid: profile.uid,
    labels: {},
    createdAt: "2026-01-02T12:04:05Z",
    states: ["Deployed"],
    error: "",
    isUpdateAvailable: false,
    services: [{ name: "web", host: "web.example.com", ports: [{ port: 8080 }] }],
    ...given,
  };
}
