import {
  FLAG,
  INTEGER,
  known,
  list,
  NUMBER,
  object,
  type Operation,
  reading,
  Refusal,
  TEXT,
} from "../operation.ts";
import type { PaletteClusterGroup, PaletteState } from "../state.ts";

const CREDIT = object({
  cpu: NUMBER,
  memoryGiB: NUMBER,
  storageGiB: INTEGER,
  virtualClustersLimit: NUMBER,
});

/** Groups that a request in a project sees. */
export function visibleGroups(
  projectUid: string | null,
  { clusterGroups, hidesSystemGroups }: PaletteState,
): PaletteClusterGroup[] {
  return clusterGroups.filter((group) =>
    (group.scope !== "project" || group.projectUid === projectUid) &&
    (group.scope !== "system" || !hidesSystemGroups)
  );
}

export const CLUSTER_GROUP_OPERATIONS: Operation[] = [
  reading({
    id: "v1ClusterGroupsHostClusterMetadata",
    path: "/v1/clustergroups/hostCluster/metadata",
    response: object({ items: list(object({ name: TEXT, uid: TEXT, scope: TEXT })) }, ["items"]),
    // The tenant's wish to hide groups is left to the client here, to see that it looks.
    handle: ({ projectUid }, state) => ({
      status: 200,
      body: {
        items: visibleGroups(projectUid, { ...state, hidesSystemGroups: false })
          .map(({ name, uid, scope }) => ({ name, uid, scope })),
      },
    }),
  }),
  reading({
    id: "v1ClusterGroupsHostClusterSummary",
    path: "/v1/clustergroups/hostCluster",
    response: object({
      summaries: list(object({
        metadata: object({ name: TEXT, uid: TEXT }),
        spec: object({ scope: TEXT, kubernetesDistroType: TEXT, virtualClustersCount: INTEGER }),
      })),
    }, ["summaries"]),
    handle: ({ projectUid }, state) => ({
      status: 200,
      body: {
        summaries: visibleGroups(projectUid, state).map(({ name, uid, scope }) => ({
          metadata: { name, uid },
          spec: {
            scope,
            kubernetesDistroType: "k3s",
            virtualClustersCount: state.clusters
              .filter(({ virtual }) => virtual?.groupUid === uid).length,
          },
        })),
      },
    }),
  }),
  reading({
    id: "v1ClusterGroupsUidGet",
    path: "/v1/clustergroups/{uid}",
    response: object({
      metadata: object({ name: TEXT, uid: TEXT }),
      spec: object({
        clustersConfig: object({
          kubernetesDistroType: { enum: ["k3s", "cncf_k8s", "vcluster-generic"] },
          limitConfig: object({
            cpu: INTEGER,
            cpuMilliCore: INTEGER,
            memory: INTEGER,
            memoryMiB: INTEGER,
            overSubscription: INTEGER,
            storageGiB: INTEGER,
          }),
        }),
        type: { enum: ["hostCluster"] },
      }),
      status: object({ isActive: FLAG }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const group = known(
        visibleGroups(projectUid, state).find(({ uid }) => uid === parameters["uid"]),
        "The cluster group was not found",
      );
      return {
        status: 200,
        body: {
          metadata: { name: group.name, uid: group.uid },
          spec: {
            clustersConfig: {
              kubernetesDistroType: "k3s",
              limitConfig: group.limits ?? { cpu: 12, memoryMiB: 12288, storageGiB: 20 },
            },
            type: "hostCluster",
          },
          status: { isActive: group.isInactive !== true },
        },
      };
    },
  }),
  reading({
    id: "v1ClusterGroupsDeveloperCreditUsageGet",
    path: "/v1/clustergroups/developerCredit/usage/{scope}",
    response: object({ allocatedCredit: CREDIT, usedCredit: CREDIT }),
    handle: ({ parameters }, { credit }) => {
      if (parameters["scope"] !== "system" && parameters["scope"] !== "tenant") {
        throw new Refusal(400, "InvalidScope", "scope must be system or tenant");
      }
      return {
        status: 200,
        body: { allocatedCredit: credit.allocated, usedCredit: credit.used },
      };
    },
  }),
  reading({
    id: "V1TenantPrefClusterGroupGet",
    path: "/v1/tenants/{tenantUid}/preferences/clusterGroup",
    project: "refused",
    response: object({ hideSystemClusterGroups: FLAG, isClusterGroupEnabled: FLAG }),
    handle: ({ parameters }, { tenant, hidesSystemGroups }) => {
      if (parameters["tenantUid"] !== tenant.uid) {
        throw new Refusal(404, "ResourceNotFound", "The tenant was not found");
      }
      return {
        status: 200,
        body: { hideSystemClusterGroups: hidesSystemGroups, isClusterGroupEnabled: true },
      };
    },
  }),
];
