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
import type { PaletteApp, PaletteState } from "../state.ts";
import { profileOf, TIER_SPEC, tierBodies } from "./app_profiles.ts";
import { clusterOf, createVirtual, newUid, requireProject } from "./clusters.ts";

const META = object({
  name: TEXT,
  uid: TEXT,
  labels: LABELS,
  annotations: LABELS,
  creationTimestamp: TEXT,
});
const NEW_META = object({ name: TEXT, labels: LABELS, annotations: LABELS }, ["name"]);
const PROFILE_META = object({ name: TEXT, uid: TEXT, version: TEXT });
const TARGET = object({
  target: object({
    clusterRef: object({
      deploymentClusterType: { enum: ["virtual", "host"] },
      name: TEXT,
      uid: TEXT,
    }),
  }),
});
const PROFILE = object({ appProfileUid: TEXT }, ["appProfileUid"]);

function appOf(
  uid: string | undefined,
  projectUid: string | null,
  { apps }: PaletteState,
): PaletteApp {
  return known(
    apps.find((app) => app.uid === uid && app.projectUid === projectUid),
    "The app was not found",
  );
}

function metaBody({ name, uid, labels, createdAt }: PaletteApp) {
  return { name, uid, labels, annotations: {}, creationTimestamp: createdAt };
}

function profileMeta({ profileUid }: PaletteApp, { appProfiles }: PaletteState) {
  const profile = appProfiles.find(({ uid }) => uid === profileUid);
  return {
    name: profile?.name ?? "",
    uid: profileUid,
    version: profile?.version ?? "",
  };
}

function targetBody({ clusterUid }: PaletteApp, { clusters }: PaletteState) {
  const cluster = clusters.find(({ uid }) => uid === clusterUid);
  return {
    target: {
      clusterRef: {
        deploymentClusterType: "virtual",
        name: cluster?.name ?? "",
        uid: clusterUid,
      },
    },
  };
}

interface NewApp {
  metadata: { name: string; labels?: Record<string, string> };
  spec: {
    config: {
      targetSpec: {
        clusterUid?: string;
        clusterGroupUid?: string;
        clusterName?: string;
        clusterLimits?: { cpu: number; memoryMiB: number; storageGiB: number };
      };
    };
    profile: { appProfileUid: string };
  };
}

function deploy(
  { metadata, spec }: NewApp,
  clusterUid: string,
  projectUid: string,
  state: PaletteState,
): string {
  const profile = profileOf(spec.profile.appProfileUid, projectUid, state);
  const uid = newUid();
  state.apps.push({
    uid,
    name: metadata.name,
    projectUid,
    clusterUid,
    profileUid: profile.uid,
    labels: metadata.labels ?? {},
    createdAt: "2026-01-02T15:00:00Z",
    states: ["Pending", "Deploying", "Deploying", "Deployed"],
    error: "",
    isUpdateAvailable: false,
    services: [],
  });
  return uid;
}

function refuseTaken(name: string, projectUid: string, { apps }: PaletteState): void {
  if (apps.some((app) => app.name === name && app.projectUid === projectUid)) {
    throw new Refusal(409, "DuplicateAppDeployment", `App ${name} already exists`);
  }
}

export const APP_OPERATIONS: Operation[] = [
  {
    id: "v1DashboardAppDeployments",
    method: "POST",
    path: "/v1/dashboard/appDeployments",
    project: "allowed",
    query: PAGE_QUERY,
    body: object({
      filter: object({
        appDeploymentName: object({
          eq: TEXT,
          ne: TEXT,
          contains: TEXT,
          beginsWith: TEXT,
          ignoreCase: FLAG,
        }),
      }),
      sort: list(object({
        field: { enum: ["appDeploymentName", "creationTimestamp", "lastModifiedTimestamp"] },
        order: { enum: ["asc", "desc"] },
      })),
    }),
    response: object({
      appDeployments: list(object({
        metadata: META,
        spec: object({ config: TARGET, profile: object({ metadata: PROFILE_META }) }),
        status: object({ state: TEXT, notifications: object({ isAvailable: FLAG }) }),
      })),
      listmeta: LIST_META,
    }),
    handle: ({ query, body, projectUid }, state) => {
      const { eq } = (body as { filter?: { appDeploymentName?: { eq?: string } } }).filter
        ?.appDeploymentName ?? {};
      const found = state.apps.filter((app) =>
        app.projectUid === projectUid &&
        (eq === undefined || app.name.toLowerCase() === eq.toLowerCase())
      );
      const { items, listmeta } = pageOf(found, query);
      const appDeployments = items.map((app) => ({
        metadata: metaBody(app),
        spec: {
          config: targetBody(app, state),
          profile: { metadata: profileMeta(app, state) },
        },
        status: {
          state: app.states[0] ?? "",
          notifications: { isAvailable: app.isUpdateAvailable },
        },
      }));
      return { status: 200, body: { appDeployments, listmeta } };
    },
  },
  {
    id: "v1AppDeploymentsVirtualClusterCreate",
    method: "POST",
    path: "/v1/appDeployments",
    project: "allowed",
    query: {},
    body: object({
      metadata: NEW_META,
      spec: object({
        config: object({ targetSpec: object({ clusterUid: TEXT }, ["clusterUid"]) }),
        profile: PROFILE,
      }, ["config", "profile"]),
    }, ["metadata", "spec"]),
    response: UID_ANSWER,
    handle: ({ body, projectUid }, state) => {
      const app = body as NewApp;
      const project = requireProject(projectUid);
      refuseTaken(app.metadata.name, project, state);
      const cluster = clusterOf(app.spec.config.targetSpec.clusterUid, project, state);
      return { status: 201, body: { uid: deploy(app, cluster.uid, project, state) } };
    },
  },
  {
    id: "v1AppDeploymentsClusterGroupCreate",
    method: "POST",
    path: "/v1/appDeployments/clusterGroup",
    project: "allowed",
    query: {},
    body: object({
      metadata: NEW_META,
      spec: object({
        config: object({
          targetSpec: object({
            clusterGroupUid: TEXT,
            clusterName: TEXT,
            clusterLimits: object({ cpu: INTEGER, memoryMiB: INTEGER, storageGiB: INTEGER }),
          }, ["clusterGroupUid", "clusterName"]),
        }),
        profile: PROFILE,
      }, ["config", "profile"]),
    }, ["metadata", "spec"]),
    response: UID_ANSWER,
    handle: ({ body, projectUid }, state) => {
      const app = body as NewApp;
      const project = requireProject(projectUid);
      refuseTaken(app.metadata.name, project, state);
      const { clusterName = "", clusterGroupUid = "", clusterLimits } = app.spec.config.targetSpec;
      profileOf(app.spec.profile.appProfileUid, project, state);
      const cluster = createVirtual(
        {
          name: clusterName,
          labels: {},
          groupUid: clusterGroupUid,
          size: {
            maxCPU: clusterLimits?.cpu ?? 4,
            maxMemInMiB: clusterLimits?.memoryMiB ?? 4096,
            maxStorageGiB: clusterLimits?.storageGiB ?? 2,
          },
        },
        project,
        state,
      );
      return { status: 201, body: { uid: deploy(app, cluster.uid, project, state) } };
    },
  },
  reading({
    id: "v1AppDeploymentsUidGet",
    path: "/v1/appDeployments/{uid}",
    response: object({
      metadata: META,
      spec: object({ config: TARGET, profile: object({ metadata: PROFILE_META }) }),
      status: object({
        state: TEXT,
        appTiers: list(object({
          name: TEXT,
          condition: object({ type: TEXT, status: TEXT, message: TEXT }),
          services: list(object({
            name: TEXT,
            host: TEXT,
            ports: list(object({ port: INTEGER })),
          })),
        })),
      }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const app = appOf(parameters["uid"], projectUid, state);
      if (app.states.length > 1) app.states.shift();
      if (app.states[0] === "Gone") {
        state.apps = state.apps.filter((other) => other !== app);
        throw new Refusal(404, "ResourceNotFound", "The app was not found");
      }
      const isReady = app.states[0] === "Deployed" && app.error === "";
      return {
        status: 200,
        body: {
          metadata: metaBody(app),
          spec: {
            config: targetBody(app, state),
            profile: { metadata: profileMeta(app, state) },
          },
          status: {
            state: app.states[0] ?? "",
            appTiers: [{
              name: "extras",
              condition: app.error === ""
                ? { type: "Ready", status: isReady ? "True" : "False", message: "" }
                : { type: "Error", status: "True", message: app.error },
              services: app.services,
            }],
          },
        },
      };
    },
  }),
  {
    id: "v1AppDeploymentsUidDelete",
    method: "DELETE",
    path: "/v1/appDeployments/{uid}",
    project: "allowed",
    query: {},
    body: null,
    response: null,
    handle: ({ parameters, projectUid }, state) => {
      appOf(parameters["uid"], projectUid, state).states = ["Deleting", "Deleting", "Gone"];
      return { status: 204 };
    },
  },
  reading({
    id: "v1AppDeploymentsUidProfileGet",
    path: "/v1/appDeployments/{uid}/profile",
    response: object({
      metadata: PROFILE_META,
      template: object({
        appTiers: list(object({ metadata: object({ name: TEXT, uid: TEXT }), spec: TIER_SPEC })),
      }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const app = appOf(parameters["uid"], projectUid, state);
      const tiers = tierBodies(profileOf(app.profileUid, projectUid, state), state);
      const appTiers = app.isUpdateAvailable
        ? tiers.map((tier) => ({ ...tier, spec: { ...tier.spec, values: "older: true" } }))
        : tiers;
      return {
        status: 200,
        body: { metadata: profileMeta(app, state), template: { appTiers } },
      };
    },
  }),
  {
    id: "v1AppDeploymentsUidProfileUpdate",
    method: "PUT",
    path: "/v1/appDeployments/{uid}/profile",
    project: "allowed",
    query: {},
    body: PROFILE,
    response: null,
    handle: ({ parameters, body, projectUid }, state) => {
      const app = appOf(parameters["uid"], projectUid, state);
      const { appProfileUid } = body as { appProfileUid: string };
      app.profileUid = profileOf(appProfileUid, projectUid, state).uid;
      app.states = ["Updating", "Updating", "Deployed"];
      return { status: 204 };
    },
  },
  {
    id: "v1AppDeploymentsUidProfileApply",
    method: "PATCH",
    path: "/v1/appDeployments/{uid}/profile/apply",
    project: "allowed",
    query: { notify: TEXT },
    body: null,
    response: null,
    handle: ({ parameters, projectUid }, state) => {
      const app = appOf(parameters["uid"], projectUid, state);
      app.isUpdateAvailable = false;
      app.states = ["Updating", "Updating", "Deployed"];
      return { status: 204 };
    },
  },
];
