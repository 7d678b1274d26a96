/** Clusters that Palette did not make. */

import { object, type Operation, reading, Refusal, TEXT, UID_ANSWER } from "../operation.ts";
import { clusterOf, newUid, notFound, refuseTaken, requireProject } from "./clusters.ts";

const PROXY = object({
  caContainerMountPath: TEXT,
  caHostPath: TEXT,
  httpProxy: TEXT,
  httpsProxy: TEXT,
  noProxy: TEXT,
});

export const IMPORTED_CLUSTER_OPERATIONS: Operation[] = [
  {
    id: "v1SpectroClustersGenericImport",
    method: "POST",
    path: "/v1/spectroclusters/generic/import",
    project: "allowed",
    query: {},
    body: object({
      metadata: object({ name: TEXT }, ["name"]),
      spec: object({
        clusterConfig: object({ importMode: { enum: ["read-only"] }, proxy: PROXY }),
      }, ["clusterConfig"]),
    }, ["metadata", "spec"]),
    response: UID_ANSWER,
    handle: ({ body, projectUid }, state) => {
      const { name } = (body as { metadata: { name: string } }).metadata;
      const project = requireProject(projectUid);
      refuseTaken(name, project, state);
      const uid = newUid();
      state.clusters.push({
        uid,
        name,
        projectUid: project,
        labels: {},
        createdAt: "2026-01-02T15:00:00Z",
        states: [...state.importing.states],
        lifecycles: [],
        message: state.importing.message,
        virtual: null,
        kubeconfig: null,
        importLooks: state.importing.looks,
      });
      return { status: 201, body: { uid } };
    },
  },
  reading({
    id: "v1SpectroClustersUidImportManifest",
    path: "/v1/spectroclusters/{uid}/import/manifest",
    response: null,
    handle: ({ parameters, projectUid }, state) => {
      const cluster = clusterOf(parameters["uid"], projectUid, state);
      const { manifest } = state.importing;
      if (cluster.virtual !== null) throw notFound();
      if (cluster.importLooks > 0 || manifest === null) {
        throw new Refusal(404, "ResourceNotFound", "The manifest was not found");
      }
      return { status: 200, file: manifest };
    },
  }),
];
