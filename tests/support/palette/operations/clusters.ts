/** Clusters in general, and virtual ones. */

import {
  ANY,
  FLAG,
  INTEGER,
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
import type { PaletteCluster, PaletteState } from "../state.ts";
import { kubeconfigOf } from "../state.ts";

const META = object({
  name: TEXT,
  uid: TEXT,
  labels: LABELS,
  annotations: LABELS,
  creationTimestamp: TEXT,
});
const REFERENCE = object({ name: TEXT, uid: TEXT });
const VIRTUAL = object({
  clusterGroup: REFERENCE,
  lifecycleStatus: object({
    status: { enum: ["Pausing", "Paused", "Resuming", "Running", "Error"] },
    msg: TEXT,
  }),
});
const INSTANCE_TYPE = object({
  maxCPU: INTEGER,
  maxMemInMiB: INTEGER,
  maxStorageGiB: INTEGER,
  minCPU: INTEGER,
  minMemInMiB: INTEGER,
  minStorageGiB: INTEGER,
});
const FILTER = object({
  property: { enum: ["environment", "isDeleted", "clusterName"] },
  type: { enum: ["string", "bool"] },
  condition: object({
    string: object({
      operator: { enum: ["eq", "contains", "beginsWith"] },
      negation: FLAG,
      ignoreCase: FLAG,
      match: object({ conjunction: { enum: ["and", "or"] }, values: list(TEXT) }),
    }),
    bool: object({ value: FLAG }),
  }),
}, ["property", "type", "condition"]);

interface Search {
  filter?: {
    filterGroups?: {
      filters: {
        property: string;
        condition: { string?: { match: { values: string[] } }; bool?: { value: boolean } };
      }[];
    }[];
  };
}

/** The cluster, gone on by one look. */
function look(cluster: PaletteCluster, state: PaletteState): PaletteCluster {
  if (cluster.states.length > 1) cluster.states.shift();
  if (cluster.lifecycles.length > 1) cluster.lifecycles.shift();
  if (cluster.states[0] === "Gone") {
    state.clusters = state.clusters.filter((other) => other !== cluster);
    throw notFound();
  }
  return cluster;
}

export function notFound(): Refusal {
  return new Refusal(404, "ResourceNotFound", "The cluster was not found");
}

export function clusterOf(
  uid: string | undefined,
  projectUid: string | null,
  { clusters }: PaletteState,
): PaletteCluster {
  const found = clusters.find((cluster) =>
    cluster.uid === uid && cluster.projectUid === projectUid
  );
  if (found === undefined) throw notFound();
  return found;
}

function virtualOf(configUid: string | undefined, { clusters }: PaletteState) {
  const found = clusters.find(({ virtual }) => virtual?.configUid === configUid);
  if (!found?.virtual) throw notFound();
  return found.virtual;
}

function statusBody(cluster: PaletteCluster, { clusterGroups }: PaletteState) {
  const { virtual, message } = cluster;
  const state = cluster.states[0] ?? "";
  const group = clusterGroups.find(({ uid }) => uid === virtual?.groupUid);
  return {
    state,
    ...(virtual === null ? {} : {
      virtual: {
        clusterGroup: { name: group?.name ?? "", uid: virtual.groupUid },
        lifecycleStatus: { status: cluster.lifecycles[0] ?? "Running", msg: message },
      },
    }),
  };
}

function metaBody({ name, uid, labels, createdAt, projectUid }: PaletteCluster) {
  return {
    name,
    uid,
    labels,
    annotations: { projectUid, scope: "project" },
    creationTimestamp: createdAt,
  };
}

function matches(cluster: PaletteCluster, search: Search): boolean {
  const filters = (search.filter?.filterGroups ?? []).flatMap((group) => group.filters);
  return filters.every(({ property, condition }) => {
    const values = condition.string?.match.values ?? [];
    if (property === "environment") return (cluster.virtual !== null) === values.includes("nested");
    if (property === "isDeleted") return condition.bool?.value === false;
    // As the real one may: without regard to case.
    return values.some((value) => value.toLowerCase() === cluster.name.toLowerCase());
  });
}

let created = 0;

/** Uids of what is made during a test; told from one another, not from run to run. */
export function newUid(): string {
  return `f${(++created).toString(16).padStart(23, "0")}`;
}

export function refuseTaken(name: string, projectUid: string, state: PaletteState): void {
  const isTaken = state.clusters.some((cluster) =>
    cluster.name === name && cluster.projectUid === projectUid
  );
  if (isTaken) {
    throw new Refusal(409, "DuplicateClusterName", `Cluster ${name} already exists`);
  }
}

/** @throws {Refusal} In the tenant's scope. */
export function requireProject(projectUid: string | null): string {
  if (projectUid !== null) return projectUid;
  throw new Refusal(400, "ProjectScopeRequired", "A ProjectUid is required");
}

interface CreateBody {
  metadata: { name: string; labels?: Record<string, string> };
  spec: {
    clusterConfig: { hostClusterConfig: { clusterGroup: { uid: string } } };
    machinepoolconfig: { cloudConfig: { instanceType: SizeBody } }[];
  };
}

interface SizeBody {
  maxCPU: number;
  maxMemInMiB: number;
  maxStorageGiB: number;
}

export function createVirtual(
  given: { name: string; labels: Record<string, string>; groupUid: string; size: SizeBody },
  projectUid: string,
  state: PaletteState,
): PaletteCluster {
  const { name, labels, groupUid, size } = given;
  refuseTaken(name, projectUid, state);
  if (!state.clusterGroups.some(({ uid }) => uid === groupUid)) {
    throw new Refusal(404, "ResourceNotFound", "The cluster group was not found");
  }
  const { allocated, used } = state.credit;
  if (used.cpu + size.maxCPU > allocated.cpu) {
    throw new Refusal(403, "ResourceQuotaExceeded", "The cpu quota of the user is exceeded");
  }
  used.cpu += size.maxCPU;
  const uid = newUid();
  const cluster: PaletteCluster = {
    uid,
    name,
    projectUid,
    labels,
    createdAt: new Date().toISOString(),
    states: ["Pending", "Provisioning", "Provisioning", "Running"],
    lifecycles: ["Running"],
    message: "",
    virtual: { configUid: newUid(), groupUid, size, nextSize: null },
    kubeconfig: kubeconfigOf(name),
    importLooks: 0,
  };
  state.clusters.push(cluster);
  return cluster;
}

export const CLUSTER_OPERATIONS: Operation[] = [
  {
    id: "v1SpectroClustersSearchFilterSummary",
    method: "POST",
    path: "/v1/dashboard/spectroclusters/search",
    project: "allowed",
    query: PAGE_QUERY,
    body: object({
      filter: object({
        conjunction: { enum: ["and", "or"] },
        filterGroups: list(object({ conjunction: { enum: ["and", "or"] }, filters: list(FILTER) })),
      }),
      sort: list(object({
        field: { enum: ["clusterName", "creationTimestamp"] },
        order: { enum: ["asc", "desc"] },
      })),
    }),
    response: object({
      items: list(object({
        metadata: META,
        specSummary: object({
          cloudConfig: object({ uid: TEXT, cloudType: TEXT }),
          projectMeta: REFERENCE,
        }),
        status: object({ state: TEXT, health: object({ state: TEXT }), virtual: VIRTUAL }),
      })),
      listmeta: LIST_META,
    }, ["items"]),
    handle: ({ query, body, projectUid }, state) => {
      const found = state.clusters.filter((cluster) =>
        cluster.projectUid === projectUid && matches(cluster, body as Search)
      );
      const page = pageOf(found, query);
      const project = state.projects.find(({ uid }) => uid === projectUid);
      const items = page.items.map((cluster) => ({
        metadata: metaBody(cluster),
        specSummary: {
          cloudConfig: { uid: cluster.virtual?.configUid ?? "", cloudType: "nested" },
          projectMeta: { name: project?.name ?? "", uid: cluster.projectUid },
        },
        status: {
          ...statusBody(cluster, state),
          health: { state: cluster.states[0] === "Running" ? "Healthy" : "UnHealthy" },
        },
      }));
      return { status: 200, body: { ...page, items } };
    },
  },
  {
    id: "v1SpectroClustersVirtualCreate",
    method: "POST",
    path: "/v1/spectroclusters/virtual",
    project: "allowed",
    query: {},
    body: object({
      metadata: object({ name: TEXT, labels: LABELS }, ["name"]),
      spec: object({
        cloudConfig: object({}),
        clusterConfig: object({
          hostClusterConfig: object({ clusterGroup: object({ uid: TEXT }, ["uid"]) }),
        }),
        machinepoolconfig: list(object({
          cloudConfig: object({ instanceType: INSTANCE_TYPE }, ["instanceType"]),
        }, ["cloudConfig"])),
        profiles: list(ANY),
      }, ["clusterConfig", "machinepoolconfig"]),
    }, ["metadata", "spec"]),
    response: UID_ANSWER,
    handle: ({ body, projectUid }, state) => {
      const { metadata, spec } = body as CreateBody;
      const size = spec.machinepoolconfig[0]?.cloudConfig.instanceType;
      if (size === undefined) throw new Refusal(400, "InvalidBody", "no machine pool");
      const { uid } = createVirtual(
        {
          name: metadata.name,
          labels: metadata.labels ?? {},
          groupUid: spec.clusterConfig.hostClusterConfig.clusterGroup.uid,
          size,
        },
        requireProject(projectUid),
        state,
      );
      return { status: 201, body: { uid } };
    },
  },
  reading({
    id: "v1SpectroClustersGet",
    path: "/v1/spectroclusters/{uid}",
    response: object({
      metadata: META,
      spec: object({
        cloudConfigRef: object({ uid: TEXT }),
        cloudType: TEXT,
        clusterType: { enum: ["PureManage", "AlloyMonitor", "AlloyAssist", "AlloyExtend"] },
      }),
      status: object({
        state: TEXT,
        virtual: VIRTUAL,
        clusterImport: object({ importLink: TEXT, state: TEXT }),
        conditions: list(object({ type: TEXT, status: TEXT, message: TEXT })),
      }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const cluster = look(clusterOf(parameters["uid"], projectUid, state), state);
      const isImported = cluster.virtual === null;
      if (isImported && cluster.importLooks > 0) cluster.importLooks--;
      const hasLink = isImported && cluster.importLooks === 0;
      return {
        status: 200,
        body: {
          metadata: metaBody(cluster),
          spec: {
            cloudConfigRef: { uid: cluster.virtual?.configUid ?? "" },
            cloudType: isImported ? "generic" : "nested",
            clusterType: isImported ? "AlloyExtend" : "PureManage",
          },
          status: {
            ...statusBody(cluster, state),
            ...(isImported
              ? {
                clusterImport: {
                  importLink: hasLink ? `kubectl apply -f IMPORT/${cluster.uid}` : "",
                  state: cluster.states[0] ?? "",
                },
              }
              : {}),
            conditions: cluster.message === ""
              ? []
              : [{ type: "Ready", status: "False", message: cluster.message }],
          },
        },
      };
    },
  }),
  {
    id: "v1SpectroClustersDelete",
    method: "DELETE",
    path: "/v1/spectroclusters/{uid}",
    project: "allowed",
    query: { forceDelete: FLAG },
    body: null,
    response: null,
    handle: ({ parameters, projectUid }, state) => {
      const cluster = clusterOf(parameters["uid"], projectUid, state);
      cluster.states = ["Deleting", "Deleting", "Gone"];
      return { status: 204 };
    },
  },
  {
    id: "v1SpectroClustersUidLifecycleConfigUpdate",
    method: "PATCH",
    path: "/v1/spectroclusters/{uid}/clusterConfig/lifecycleConfig",
    project: "allowed",
    query: {},
    body: object({ lifecycleConfig: object({ pause: FLAG }, ["pause"]) }, ["lifecycleConfig"]),
    response: null,
    handle: ({ parameters, body, projectUid }, state) => {
      const cluster = clusterOf(parameters["uid"], projectUid, state);
      const { pause } = (body as { lifecycleConfig: { pause: boolean } }).lifecycleConfig;
      cluster.lifecycles = pause
        ? ["Running", "Pausing", "Paused"]
        : ["Paused", "Resuming", "Running"];
      return { status: 204 };
    },
  },
  reading({
    id: "v1CloudConfigsVirtualGet",
    path: "/v1/cloudconfigs/virtual/{configUid}",
    response: object({
      metadata: object({ uid: TEXT }),
      spec: object({
        clusterConfig: object({}),
        hostClusterUid: TEXT,
        machinePoolConfig: list(object({ instanceType: INSTANCE_TYPE })),
      }, ["clusterConfig", "hostClusterUid", "machinePoolConfig"]),
    }),
    handle: ({ parameters }, state) => {
      const virtual = virtualOf(parameters["configUid"], state);
      virtual.size = virtual.nextSize ?? virtual.size;
      virtual.nextSize = null;
      return {
        status: 200,
        body: {
          metadata: { uid: virtual.configUid },
          spec: {
            clusterConfig: {},
            hostClusterUid: "6342eab2faa0813ead9082ff",
            machinePoolConfig: [{ instanceType: virtual.size }],
          },
        },
      };
    },
  }),
  {
    id: "v1CloudConfigsVirtualUidUpdate",
    method: "PUT",
    path: "/v1/cloudconfigs/virtual/{configUid}/resize",
    project: "allowed",
    query: {},
    body: object({ instanceType: INSTANCE_TYPE }, ["instanceType"]),
    response: null,
    handle: ({ parameters, body }, state) => {
      const virtual = virtualOf(parameters["configUid"], state);
      const { instanceType } = body as { instanceType: SizeBody };
      const { allocated, used } = state.credit;
      if (used.cpu + instanceType.maxCPU - virtual.size.maxCPU > allocated.cpu) {
        throw new Refusal(403, "ResourceQuotaExceeded", "The cpu quota of the user is exceeded");
      }
      virtual.nextSize = instanceType;
      return { status: 204 };
    },
  },
  reading({
    id: "v1SpectroClustersUidKubeConfig",
    path: "/v1/spectroclusters/{uid}/assets/kubeconfig",
    query: { frp: FLAG },
    response: null,
    handle: ({ parameters, projectUid }, state) => {
      const cluster = clusterOf(parameters["uid"], projectUid, state);
      if (cluster.states[0] !== "Running") {
        throw new Refusal(404, "ResourceNotFound", "The kubeconfig was not found");
      }
      const { kubeconfig } = cluster;
      if (kubeconfig === null) return { status: 200, file: "" };
      return { status: 200, file: state.encodesKubeconfigs ? btoa(kubeconfig) : kubeconfig };
    },
  }),
  reading({
    id: "v1SpectroClustersUidAdminKubeConfig",
    path: "/v1/spectroclusters/{uid}/assets/adminKubeconfig",
    response: null,
    handle: ({ parameters, projectUid }, state) => {
      clusterOf(parameters["uid"], projectUid, state);
      throw new Refusal(404, "ResourceNotFound", "The kubeconfig was not found");
    },
  }),
  reading({
    id: "v1EventsComponentsObjTypeUidList",
    path: "/v1/events/components/{objectKind}/{objectUid}",
    query: { ...PAGE_QUERY, fields: TEXT, filters: TEXT, orderBy: TEXT },
    response: object({
      items: list(object({
        metadata: object({ uid: TEXT, creationTimestamp: TEXT, lastModifiedTimestamp: TEXT }),
        severity: TEXT,
        reason: TEXT,
        message: TEXT,
        source: object({ component: TEXT }),
        involvedObject: object({ kind: TEXT, name: TEXT, uid: TEXT }),
      })),
      listmeta: LIST_META,
    }, ["items"]),
    handle: ({ parameters, projectUid, query }, state) => {
      const { name, uid } = clusterOf(parameters["objectUid"], projectUid, state);
      const events = state.events.filter(({ clusterUid }) => clusterUid === uid);
      const isNewestFirst = query.get("orderBy") === "metadata.lastModifiedTimestamp=-1";
      const ordered = events.sort((a, b) => (a.time < b.time ? -1 : 1) * (isNewestFirst ? -1 : 1));
      const page = pageOf(ordered, query);
      const items = page.items.map(({ time, severity, reason, component, message }, at) => ({
        metadata: { uid: `e${at}`, creationTimestamp: time, lastModifiedTimestamp: time },
        severity,
        reason,
        message,
        source: { component },
        involvedObject: { kind: "spectrocluster", name, uid },
      }));
      return { status: 200, body: { ...page, items } };
    },
  }),
];
