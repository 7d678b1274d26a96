import { object, type Operation, TEXT } from "../operation.ts";

export const CLUSTER_GROUP_OPERATIONS: Operation[] = [
  {
    id: "v1ClusterGroupsHostClusterMetadata",
    method: "GET",
    path: "/v1/clustergroups/hostCluster/metadata",
    project: "allowed",
    query: {},
    body: null,
    response: object(
      { items: { type: "array", items: object({ name: TEXT, uid: TEXT, scope: TEXT }) } },
      ["items"],
    ),
    handle: ({ projectUid }, { clusterGroups }) => ({
      status: 200,
      body: {
        items: clusterGroups
          .filter((group) => group.scope !== "project" || group.projectUid === projectUid)
          .map(({ name, uid, scope }) => ({ name, uid, scope })),
      },
    }),
  },
];
