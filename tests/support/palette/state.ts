/** What the stand-in for Palette knows; plain and mutable, so that tests arrange it directly. */
export interface PaletteState {
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
  };
}
