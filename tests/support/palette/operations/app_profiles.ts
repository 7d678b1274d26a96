import {
  FLAG,
  INTEGER,
  known,
  LABELS,
  list,
  LIST_META,
  object,
  type Operation,
  PAGE_QUERY,
  pageOf,
  reading,
  Refusal,
  TEXT,
  UID_ANSWER,
} from "../operation.ts";
import type { PaletteAppProfile, PaletteState, PaletteTier } from "../state.ts";
import { newUid } from "./clusters.ts";

const TIER_TYPE = { enum: ["manifest", "helm", "operator-instance", "container"] };
const META = object({
  name: TEXT,
  uid: TEXT,
  labels: LABELS,
  annotations: LABELS,
  creationTimestamp: TEXT,
  lastModifiedTimestamp: TEXT,
});
const VERSIONS = list(object({ uid: TEXT, version: TEXT }));
const TIERS = list(object({ name: TEXT, type: TIER_TYPE, uid: TEXT, version: TEXT }));
export const TIER_SPEC = object({
  containerRegistryUid: TEXT,
  installOrder: INTEGER,
  manifests: list(object({ name: TEXT, uid: TEXT })),
  properties: list(object({ name: TEXT, value: TEXT, format: TEXT, type: TEXT })),
  registryUid: TEXT,
  sourceAppTierUid: TEXT,
  type: TIER_TYPE,
  values: TEXT,
  version: TEXT,
});
const PROFILE_BODY = object({
  metadata: object({ name: TEXT, labels: LABELS, annotations: LABELS }, ["name"]),
  spec: object({
    version: TEXT,
    template: object({
      appTiers: list(object({
        containerRegistryUid: TEXT,
        installOrder: INTEGER,
        manifests: list(object({ name: TEXT, content: TEXT })),
        name: TEXT,
        properties: list(object({ name: TEXT, value: TEXT })),
        registryUid: TEXT,
        sourceAppTierUid: TEXT,
        type: TIER_TYPE,
        values: TEXT,
        version: TEXT,
      }, ["name"])),
    }),
  }, ["template"]),
}, ["metadata", "spec"]);

interface ProfileBody {
  metadata: {
    name: string;
    labels?: Record<string, string>;
    annotations?: { description?: string };
  };
  spec: { version?: string; template: { appTiers: Partial<PaletteTier>[] } };
}

function visible(projectUid: string | null, { appProfiles }: PaletteState): PaletteAppProfile[] {
  return appProfiles.filter((profile) =>
    profile.scope === "tenant" || profile.projectUid === projectUid
  );
}

export function profileOf(
  uid: string | undefined,
  projectUid: string | null,
  state: PaletteState,
): PaletteAppProfile {
  return known(
    visible(projectUid, state).find((profile) => profile.uid === uid),
    "No such app profile",
  );
}

function metaBody({ name, uid, labels, description, createdAt, scope }: PaletteAppProfile) {
  return {
    name,
    uid,
    labels,
    annotations: { scope, ...(description === "" ? {} : { description }) },
    creationTimestamp: createdAt,
    lastModifiedTimestamp: createdAt,
  };
}

function versionsOf(profile: PaletteAppProfile, state: PaletteState) {
  return state.appProfiles
    .filter(({ name, scope }) => name === profile.name && scope === profile.scope)
    .map(({ uid, version }) => ({ uid, version }));
}

/** Uids of tiers and manifests follow from their places. */
function tierUid(profile: PaletteAppProfile, at: number): string {
  return `${profile.uid.slice(0, 20)}t${at}`;
}

export function tierBodies(profile: PaletteAppProfile, state: PaletteState) {
  return profile.tiers.map((tier, at) => ({
    metadata: { name: tier.name, uid: tierUid(profile, at) },
    spec: {
      containerRegistryUid: tier.containerRegistryUid,
      installOrder: tier.installOrder,
      manifests: tier.manifests.map(({ name }, index) => ({ name, uid: `m${index}` })),
      properties: tier.properties.map(({ name, value }) => {
        const pack = state.packs.find(({ uid }) => uid === tier.sourceAppTierUid);
        const format = pack?.parameters.find((parameter) => parameter.name === name)?.format;
        return { name, value, ...(format === undefined ? {} : { format }) };
      }),
      registryUid: tier.registryUid,
      sourceAppTierUid: tier.sourceAppTierUid,
      type: tier.type,
      values: tier.values,
      version: tier.version,
    },
  }));
}

function tiersOf({ spec }: ProfileBody): PaletteTier[] {
  return spec.template.appTiers.map((tier) => ({
    name: tier.name ?? "",
    type: tier.type ?? "manifest",
    version: tier.version ?? "",
    installOrder: tier.installOrder ?? 0,
    registryUid: tier.registryUid ?? "",
    containerRegistryUid: tier.containerRegistryUid ?? "",
    sourceAppTierUid: tier.sourceAppTierUid ?? "",
    values: tier.values ?? "",
    properties: tier.properties ?? [],
    manifests: tier.manifests ?? [],
  }));
}

export const APP_PROFILE_OPERATIONS: Operation[] = [
  {
    id: "v1DashboardAppProfiles",
    method: "POST",
    path: "/v1/dashboard/appProfiles",
    project: "allowed",
    query: PAGE_QUERY,
    body: object({
      filter: object({
        profileName: object({
          eq: TEXT,
          ne: TEXT,
          contains: TEXT,
          beginsWith: TEXT,
          ignoreCase: FLAG,
        }),
      }),
      sort: list(object({
        field: { enum: ["profileName", "creationTimestamp", "lastModifiedTimestamp"] },
        order: { enum: ["asc", "desc"] },
      })),
    }),
    response: object({
      appProfiles: list(object({
        metadata: META,
        spec: object({ version: TEXT, versions: VERSIONS, template: object({ appTiers: TIERS }) }),
      })),
      listmeta: LIST_META,
    }),
    handle: ({ query, body, projectUid }, state) => {
      const { eq } = (body as { filter?: { profileName?: { eq?: string } } }).filter
        ?.profileName ?? {};
      const found = visible(projectUid, state)
        .filter(({ name }) => eq === undefined || name.toLowerCase() === eq.toLowerCase());
      // One row a profile: its latest version.
      const latest = found.filter((profile) =>
        versionsOf(profile, state).at(-1)?.uid === profile.uid
      );
      const { items, listmeta } = pageOf(latest, query);
      const appProfiles = items.map((profile) => ({
        metadata: metaBody(profile),
        spec: {
          version: profile.version,
          versions: versionsOf(profile, state),
          template: {
            appTiers: profile.tiers.map(({ name, type, version }, at) => ({
              name,
              type,
              version,
              uid: tierUid(profile, at),
            })),
          },
        },
      }));
      return { status: 200, body: { appProfiles, listmeta } };
    },
  },
  {
    id: "v1AppProfilesCreate",
    method: "POST",
    path: "/v1/appProfiles",
    project: "allowed",
    query: {},
    body: PROFILE_BODY,
    response: UID_ANSWER,
    handle: ({ body, projectUid }, state) => {
      const given = body as ProfileBody;
      const { name, labels = {}, annotations = {} } = given.metadata;
      const version = given.spec.version ?? "1.0.0";
      const scope = projectUid === null ? "tenant" : "project";
      const isTaken = state.appProfiles.some((profile) =>
        profile.name === name && profile.version === version && profile.scope === scope
      );
      if (isTaken) throw new Refusal(409, "DuplicateAppProfile", "The version exists already");
      const uid = newUid();
      state.appProfiles.push({
        uid,
        name,
        version,
        scope,
        projectUid: projectUid ?? "",
        description: annotations.description ?? "",
        labels,
        createdAt: "2026-01-02T15:00:00Z",
        tiers: tiersOf(given),
      });
      return { status: 201, body: { uid } };
    },
  },
  reading({
    id: "v1AppProfilesUidGet",
    path: "/v1/appProfiles/{uid}",
    response: object({
      metadata: META,
      spec: object({ version: TEXT, versions: VERSIONS, template: object({ appTiers: TIERS }) }),
      status: object({ inUseApps: list(object({ name: TEXT, uid: TEXT, kind: TEXT })) }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const profile = profileOf(parameters["uid"], projectUid, state);
      return {
        status: 200,
        body: {
          metadata: metaBody(profile),
          spec: {
            version: profile.version,
            versions: versionsOf(profile, state),
            template: { appTiers: [] },
          },
          status: {
            inUseApps: state.apps.filter((app) => app.profileUid === profile.uid)
              .map(({ name, uid }) => ({ name, uid, kind: "appdeployment" })),
          },
        },
      };
    },
  }),
  {
    id: "v1AppProfilesUidUpdate",
    method: "PUT",
    path: "/v1/appProfiles/{uid}",
    project: "allowed",
    query: {},
    body: PROFILE_BODY,
    response: null,
    handle: ({ parameters, body, projectUid }, state) => {
      const profile = profileOf(parameters["uid"], projectUid, state);
      profile.tiers = tiersOf(body as ProfileBody);
      for (const app of state.apps) {
        if (app.profileUid === profile.uid) app.isUpdateAvailable = true;
      }
      return { status: 204 };
    },
  },
  {
    id: "v1AppProfilesUidDelete",
    method: "DELETE",
    path: "/v1/appProfiles/{uid}",
    project: "allowed",
    query: {},
    body: null,
    response: null,
    handle: ({ parameters, projectUid }, state) => {
      const profile = profileOf(parameters["uid"], projectUid, state);
      if ((profile.scope === "tenant") !== (projectUid === null)) {
        throw new Refusal(403, "OperationForbidden", "The app profile is of another scope");
      }
      state.appProfiles = state.appProfiles.filter((other) => other !== profile);
      return { status: 204 };
    },
  },
  reading({
    id: "v1AppProfilesUidTiersGet",
    path: "/v1/appProfiles/{uid}/tiers",
    response: object({
      metadata: META,
      spec: object({
        appTiers: list(object({ metadata: object({ name: TEXT, uid: TEXT }), spec: TIER_SPEC })),
      }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const profile = profileOf(parameters["uid"], projectUid, state);
      return {
        status: 200,
        body: { metadata: metaBody(profile), spec: { appTiers: tierBodies(profile, state) } },
      };
    },
  }),
  reading({
    id: "v1AppProfilesUidTiersUidManifestsUidGet",
    path: "/v1/appProfiles/{uid}/tiers/{tierUid}/manifests/{manifestUid}",
    response: object({
      metadata: object({ name: TEXT, uid: TEXT }),
      spec: object({ published: object({ content: TEXT }) }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const profile = profileOf(parameters["uid"], projectUid, state);
      const tier = profile.tiers.find((_, at) => tierUid(profile, at) === parameters["tierUid"]);
      const manifest = known(
        tier?.manifests[Number(parameters["manifestUid"]?.slice(1))],
        "No such manifest",
      );
      const { name, content } = manifest;
      return {
        status: 200,
        body: {
          metadata: { name, uid: parameters["manifestUid"] },
          spec: { published: { content } },
        },
      };
    },
  }),
];
