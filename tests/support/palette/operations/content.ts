import { definitionArchive, type PaletteClusterProfile } from "../content_state.ts";
import {
  ANY,
  FLAG,
  known,
  LABELS,
  list,
  object,
  type Operation,
  reading,
  Refusal,
  type Schema,
  TEXT,
} from "../operation.ts";
import type { PaletteState } from "../state.ts";

const LAYER: Schema = { enum: ["kernel", "os", "k8s", "cni", "csi", "addon"] };
const PACK_TYPE: Schema = { enum: ["spectro", "helm", "manifest", "oci"] };
const META = object({ name: TEXT, uid: TEXT, annotations: LABELS, labels: LABELS });
const TEMPLATE = object({
  name: TEXT,
  type: TEXT,
  cloudType: TEXT,
  profileVersion: TEXT,
  packs: list(object({ name: TEXT, layer: LAYER, version: TEXT, type: PACK_TYPE })),
});
const PACK_FIELDS = {
  name: TEXT,
  displayName: TEXT,
  version: TEXT,
  layer: LAYER,
  type: PACK_TYPE,
  registryUid: TEXT,
  values: TEXT,
};
const FILE = object({ content: TEXT, name: TEXT, path: TEXT });
const AUTH = object({ type: TEXT, username: TEXT, password: TEXT });
const MACROS = object({ macros: list(object({ name: TEXT, value: TEXT })) });

function profileOf(
  uid: string | undefined,
  projectUid: string | null,
  { clusterProfiles }: PaletteState,
): PaletteClusterProfile {
  return known(
    clusterProfiles.find((profile) => profile.uid === uid && profile.projectUid === projectUid),
    "No such cluster profile",
  );
}

function packFields(pack: PaletteClusterProfile["packs"][number]) {
  const { name, displayName, version, layer, type, registryUid, values } = pack;
  return { name, displayName, version, layer, type, registryUid, values };
}

function macrosAt(path: string, id: string, keyOf: (parameters: Record<string, string>) => string) {
  const operation: Operation = reading({
    id,
    path,
    project: path.startsWith("/v1/clusterprofiles") ? "allowed" : "refused",
    response: MACROS,
    handle: ({ parameters }, { macros }) => ({
      status: 200,
      body: { macros: macros.get(keyOf(parameters)) ?? [] },
    }),
  });
  return operation;
}

function registryAt(
  path: string,
  id: string,
  { kind, pathKey }: { kind: string; pathKey: "basePath" | "baseContentPath" | null },
) {
  const operation: Operation = reading({
    id,
    path,
    response: object({
      metadata: META,
      spec: object({
        endpoint: TEXT,
        auth: AUTH,
        basePath: TEXT,
        baseContentPath: TEXT,
        isPrivate: FLAG,
      }, ["endpoint"]),
    }),
    handle: ({ parameters }, { contentRegistries, registries }) => {
      const found = known(
        [...contentRegistries, ...registries].find(({ uid, kind: own }) =>
          uid === parameters["uid"] && own === kind
        ),
        "No such registry",
      );
      const spec = {
        endpoint: found.endpoint,
        ...(kind === "ecr" ? { isPrivate: true } : { auth: found.auth ?? { type: "noAuth" } }),
        ...(pathKey === null || !("basePath" in found) ? {} : { [pathKey]: found.basePath ?? "" }),
      };
      return { status: 200, body: { metadata: { uid: found.uid }, spec } };
    },
  });
  return operation;
}

export const CONTENT_OPERATIONS: Operation[] = [
  reading({
    id: "v1ClusterProfilesGet",
    path: "/v1/clusterprofiles/{uid}",
    query: { includePackMeta: TEXT },
    response: object({
      metadata: META,
      spec: object({
        version: TEXT,
        published: TEMPLATE,
        draft: TEMPLATE,
        versions: list(object({ uid: TEXT, version: TEXT })),
      }),
      status: object({ isPublished: FLAG }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const profile = profileOf(parameters["uid"], projectUid, state);
      const { uid, name, version, type, cloudType, isPublished, packs } = profile;
      const template = {
        name,
        type,
        cloudType,
        profileVersion: version,
        packs: packs.map((pack) => ({
          name: pack.name,
          layer: pack.layer,
          version: pack.version,
          type: pack.type,
        })),
      };
      return {
        status: 200,
        body: {
          metadata: { name, uid, annotations: { scope: "project" } },
          spec: {
            version,
            ...(isPublished ? { published: template } : { draft: template, published: {} }),
            versions: [{ uid, version }],
          },
          status: { isPublished },
        },
      };
    },
  }),
  reading({
    id: "v1ClusterProfilesUidPacksGet",
    path: "/v1/clusterprofiles/{uid}/packs",
    query: { includePackMeta: TEXT },
    response: object({
      items: list(object({
        metadata: META,
        spec: object({ ...PACK_FIELDS, template: object({ manifest: TEXT, values: TEXT }) }),
      })),
    }, ["items"]),
    handle: ({ parameters, projectUid }, state) => {
      const { packs } = profileOf(parameters["uid"], projectUid, state);
      return {
        status: 200,
        body: {
          items: packs.map((pack) => ({
            metadata: { name: pack.name },
            spec: {
              ...packFields(pack),
              template: { manifest: pack.templateManifest, values: pack.values },
            },
          })),
        },
      };
    },
  }),
  reading({
    id: "v1ClusterProfilesUidPacksManifestsGet",
    path: "/v1/clusterprofiles/{uid}/packs/manifests",
    query: { includePackMeta: TEXT },
    response: object({
      metadata: META,
      spec: object({
        packs: list(object({
          metadata: META,
          spec: object({
            ...PACK_FIELDS,
            manifests: list(object({ name: TEXT, uid: TEXT, content: TEXT })),
          }),
        })),
      }),
    }),
    handle: ({ parameters, projectUid }, state) => {
      const { uid, name, packs } = profileOf(parameters["uid"], projectUid, state);
      return {
        status: 200,
        body: {
          metadata: { uid, name },
          spec: {
            packs: packs.map((pack) => ({
              metadata: { name: pack.name },
              spec: { ...packFields(pack), manifests: pack.manifests },
            })),
          },
        },
      };
    },
  }),
  reading({
    id: "V1ClusterProfilesUidVariablesGet",
    path: "/v1/clusterprofiles/{uid}/variables",
    response: object({
      variables: list(object({ name: TEXT, defaultValue: TEXT, isSensitive: FLAG }, ["name"])),
    }),
    handle: ({ parameters, projectUid }, state) => ({
      status: 200,
      body: { variables: profileOf(parameters["uid"], projectUid, state).variables },
    }),
  }),
  macrosAt("/v1/clusterprofiles/macros", "v1MacrosList", () => "all"),
  macrosAt("/v1/projects/{uid}/macros", "v1ProjectsUidMacrosList", ({ uid }) => uid ?? ""),
  macrosAt(
    "/v1/tenants/{tenantUid}/macros",
    "v1TenantsUidMacrosList",
    ({ tenantUid }) => tenantUid ?? "",
  ),
  reading({
    id: "v1ServiceVersionGet",
    path: "/v1/services/{serviceName}/version",
    query: { clusterUid: TEXT, edgeHostUid: TEXT },
    response: object({ spec: object({ name: TEXT, latestVersion: FILE }) }),
    handle: ({ parameters: { serviceName = "" } }, { services }) => {
      const service = known(services.get(serviceName), "No such service");
      return {
        status: 200,
        body: { spec: { name: serviceName, latestVersion: { content: `${service.version}\n` } } },
      };
    },
  }),
  reading({
    id: "v1ServiceManifestGet",
    path: "/v1/services/{serviceName}/versions/{version}/manifest",
    query: { action: { enum: ["apply", "delete", "resources"] } },
    response: object({ spec: object({ name: TEXT, version: TEXT, manifests: list(FILE) }) }),
    handle: ({ parameters: { serviceName = "", version }, query }, { services }) => {
      const service = services.get(serviceName);
      const action = query.get("action") as "apply" | "resources" | null;
      if (action === null) throw new Refusal(400, "InvalidQuery", "action is required");
      const contents = known(
        service?.version === version ? service?.manifests[action] : undefined,
        "No such manifest",
      );
      const manifests = contents.map((content, at) => ({ name: `${at}.yaml`, content }));
      return { status: 200, body: { spec: { name: serviceName, version, manifests } } };
    },
  }),
  registryAt("/v1/registries/helm/{uid}", "v1RegistriesHelmUidGet", {
    kind: "helm",
    pathKey: null,
  }),
  registryAt("/v1/registries/pack/{uid}", "v1RegistriesPackUidGet", {
    kind: "pack",
    pathKey: null,
  }),
  registryAt("/v1/registries/oci/{uid}/basic", "v1BasicOciRegistriesUidGet", {
    kind: "basic",
    pathKey: "basePath",
  }),
  registryAt("/v1/registries/oci/{uid}/ecr", "v1EcrRegistriesUidGet", {
    kind: "ecr",
    pathKey: "baseContentPath",
  }),
  reading({
    id: "v1OciImageRegistryGet",
    path: "/v1/registries/oci/image",
    response: object({ endpoint: TEXT, mirrorRegistries: TEXT }),
    handle: (_, { imageMirrors }) => ({
      status: 200,
      body: imageMirrors === ""
        ? {}
        : { endpoint: "images.example.com", mirrorRegistries: imageMirrors },
    }),
  }),
  {
    id: "v1SpectroClustersSpcDownload",
    method: "POST",
    path: "/v1/spectroclusters/spc/download",
    project: "allowed",
    query: {},
    body: object({
      metadata: object({ name: TEXT, labels: LABELS, annotations: LABELS }),
      spec: object({
        cloudType: TEXT,
        profiles: list(object({ uid: TEXT, packs: list(ANY) }, ["uid"])),
      }, ["cloudType", "profiles"]),
    }),
    response: null,
    handle: ({ body, projectUid }, state) => {
      const { profiles } = (body as { spec: { profiles: { uid: string }[] } }).spec;
      const names = profiles.map(({ uid }) => profileOf(uid, projectUid, state).name);
      return {
        status: 200,
        file: state.clusterDefinition ?? definitionArchive(JSON.stringify(names)),
      };
    },
  },
];
