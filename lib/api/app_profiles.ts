import type { Answer } from "./answer.ts";
import type { PaletteClient } from "./client.ts";
import { labelsOf, tagsOf } from "./labels.ts";
import { collectPages } from "./pages.ts";
import { byVersionFromHighest } from "./versions.ts";

export const TIER_TYPES = ["container", "helm", "manifest", "operator-instance"] as const;

export type TierType = typeof TIER_TYPES[number];

/** An app profile with all its versions; each version is an object of its own. */
export interface AppProfile {
  name: string;
  scope: string;
  /** From the highest. */
  versions: { version: string; uid: string }[];
  /** Of the highest version. */
  tierCount: number;
  /** RFC 3339; empty when Palette does not tell. */
  createdAt: string;
  tags: string[];
}

/** One version of an app profile. */
export interface AppProfileVersion {
  name: string;
  uid: string;
  version: string;
  scope: string;
  description: string;
  tags: string[];
  createdAt: string;
  updatedAt: string;
  /** Names of apps that run it. */
  inUseBy: string[];
}

/** A tier as Palette keeps it. */
export interface AppTier {
  name: string;
  uid: string;
  type: string;
  version: string;
  installOrder: number;
  registryUid: string;
  containerRegistryUid: string;
  /** Pack that it is made from. */
  sourceUid: string;
  values: string;
  properties: { name: string; value: string; isSecret: boolean }[];
  manifests: { name: string; uid: string }[];
}

/** A tier to be made. */
export interface NewAppTier {
  name: string;
  type: TierType;
  installOrder: number;
  version?: string;
  registryUid?: string;
  containerRegistryUid?: string;
  sourceAppTierUid?: string;
  values?: string;
  properties?: { name: string; value: string }[];
  manifests?: { name: string; content: string }[];
}

export interface NewAppProfile {
  name: string;
  version: string;
  description: string;
  tags: string[];
  tiers: NewAppTier[];
}

/** App profiles that the client's project sees, by name; only those of exactly that name, if given. */
export async function listAppProfiles(
  client: PaletteClient,
  name?: string,
): Promise<AppProfile[]> {
  const filter = name === undefined ? {} : { filter: { profileName: { eq: name } } };
  const body = { ...filter, sort: [{ field: "profileName", order: "asc" }] };
  const request = { method: "POST", path: "/v1/dashboard/appProfiles", body };
  const found = new Map<string, AppProfile>();
  for (const profile of await collectPages(client, request, profileOf, "appProfiles")) {
    if (name !== undefined && profile.name !== name) continue;
    const key = `${profile.scope}\0${profile.name}`;
    found.set(key, merged(found.get(key), profile));
  }
  return [...found.values()].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : a.scope < b.scope ? -1 : 1
  );
}

/** @throws {ApiError} `not-found` */
export async function getAppProfile(
  client: PaletteClient,
  uid: string,
): Promise<AppProfileVersion> {
  const answer = await client.call({ method: "GET", path: profilePath(uid) });
  const metadata = answer.at("metadata");
  return {
    name: metadata.at("name").text(),
    uid: metadata.at("uid").text(),
    version: answer.at("spec", "version").textOrEmpty(),
    scope: scopeOf(metadata),
    description: metadata.at("annotations", "description").textOrEmpty(),
    tags: tagsOf(metadata.at("labels").texts()),
    createdAt: metadata.at("creationTimestamp").textOrEmpty(),
    updatedAt: metadata.at("lastModifiedTimestamp").textOrEmpty(),
    inUseBy: answer.at("status", "inUseApps").list().map((app) => app.at("name").textOrEmpty()),
  };
}

/** Tiers in their order. */
export async function getAppTiers(client: PaletteClient, uid: string): Promise<AppTier[]> {
  const answer = await client.call({ method: "GET", path: `${profilePath(uid)}/tiers` });
  return answer.at("spec", "appTiers").list().map((tier) => {
    const spec = tier.at("spec");
    return {
      name: tier.at("metadata", "name").text(),
      uid: tier.at("metadata", "uid").text(),
      type: spec.at("type").textOrEmpty() || "manifest",
      version: spec.at("version").textOrEmpty(),
      installOrder: spec.at("installOrder").numberOrNull() ?? 0,
      registryUid: spec.at("registryUid").textOrEmpty(),
      containerRegistryUid: spec.at("containerRegistryUid").textOrEmpty(),
      sourceUid: spec.at("sourceAppTierUid").textOrEmpty(),
      values: spec.at("values").textOrEmpty(),
      properties: spec.at("properties").list().map((property) => ({
        name: property.at("name").text(),
        value: property.at("value").textOrEmpty(),
        isSecret: property.at("format").textOrEmpty() === "password",
      })),
      manifests: spec.at("manifests").list().map((manifest) => ({
        name: manifest.at("name").textOrEmpty(),
        uid: manifest.at("uid").text(),
      })),
    };
  });
}

/** The text of a tier's manifest. */
export async function getTierManifest(
  client: PaletteClient,
  place: { profileUid: string; tierUid: string; manifestUid: string },
): Promise<string> {
  const { profileUid, tierUid, manifestUid } = place;
  const path = `${profilePath(profileUid)}/tiers/${encodeURIComponent(tierUid)}/manifests/${
    encodeURIComponent(manifestUid)
  }`;
  const answer = await client.call({ method: "GET", path });
  return answer.at("spec", "published", "content").textOrEmpty();
}

/** What is sent to make or replace a version of a profile. */
export function appProfileBody({ name, version, description, tags, tiers }: NewAppProfile) {
  return {
    metadata: {
      name,
      ...(tags.length === 0 ? {} : { labels: labelsOf(tags) }),
      ...(description === "" ? {} : { annotations: { description } }),
    },
    spec: { version, template: { appTiers: tiers } },
  };
}

/**
 * Makes a version of a profile, and the profile with its first one.
 * @returns Its uid.
 */
export async function createAppProfile(
  client: PaletteClient,
  profile: NewAppProfile,
  { inTenant }: { inTenant: boolean },
): Promise<string> {
  const body = appProfileBody(profile);
  const answer = await client.call({ method: "POST", path: "/v1/appProfiles", body, inTenant });
  return answer.at("uid").text();
}

/** Replaces the content of a version. */
export async function updateAppProfile(
  client: PaletteClient,
  uid: string,
  profile: NewAppProfile,
  { inTenant }: { inTenant: boolean },
): Promise<void> {
  const body = appProfileBody(profile);
  await client.call({ method: "PUT", path: profilePath(uid), body, inTenant });
}

/** Deletes one version. */
export async function deleteAppProfile(
  client: PaletteClient,
  uid: string,
  { inTenant }: { inTenant: boolean },
): Promise<void> {
  await client.call({ method: "DELETE", path: profilePath(uid), inTenant });
}

function profilePath(uid: string): string {
  return `/v1/appProfiles/${encodeURIComponent(uid)}`;
}

function profileOf(item: Answer): AppProfile {
  const metadata = item.at("metadata");
  const spec = item.at("spec");
  const own = { version: spec.at("version").textOrEmpty(), uid: metadata.at("uid").text() };
  const listed = spec.at("versions").list().map((version) => ({
    version: version.at("version").textOrEmpty(),
    uid: version.at("uid").text(),
  }));
  return {
    name: metadata.at("name").text(),
    scope: scopeOf(metadata),
    versions: inOrder([...listed, own]),
    tierCount: spec.at("template", "appTiers").list().length,
    createdAt: metadata.at("creationTimestamp").textOrEmpty(),
    tags: tagsOf(metadata.at("labels").texts()),
  };
}

/** A server may list each version of a profile as a profile. */
function merged(known: AppProfile | undefined, profile: AppProfile): AppProfile {
  if (known === undefined) return profile;
  const versions = inOrder([...known.versions, ...profile.versions]);
  const isNewer = versions[0]?.uid === profile.versions[0]?.uid;
  return { ...(isNewer ? profile : known), versions };
}

function inOrder(versions: AppProfile["versions"]): AppProfile["versions"] {
  const byUid = new Map(
    versions.filter(({ version }) => version !== "").map((version) => [version.uid, version]),
  );
  return [...byUid.values()].sort((a, b) => byVersionFromHighest(a.version, b.version));
}

function scopeOf(metadata: Answer): string {
  return metadata.at("annotations", "scope").textOrEmpty() || "project";
}
