import {
  FLAG,
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
  type Schema,
  TEXT,
  UID_ANSWER,
} from "../operation.ts";
import { type PaletteRegistry, type PaletteState, uidOf } from "../state.ts";

type Kind = PaletteRegistry["kind"];

const AUTH = object({
  type: { enum: ["noAuth", "basic", "token"] },
  username: TEXT,
  password: TEXT,
  token: TEXT,
  tls: object({
    enabled: FLAG,
    insecureSkipVerify: FLAG,
    ca: TEXT,
    certificate: TEXT,
    key: TEXT,
  }),
});
const OCI_SPEC = object({
  endpoint: TEXT,
  providerType: { enum: ["helm", "zarf", "pack"] },
  basePath: TEXT,
  baseContentPath: TEXT,
  auth: AUTH,
}, ["endpoint", "auth"]);
const HELM_SPEC = object({
  name: TEXT,
  endpoint: TEXT,
  scope: { enum: ["tenant", "system"] },
  isPrivate: FLAG,
  auth: AUTH,
}, ["endpoint", "auth"]);
const SYNC = object({
  status: TEXT,
  message: TEXT,
  lastRunTime: TEXT,
  lastSyncedTime: TEXT,
  isSyncSupported: FLAG,
});
const META = object({ name: TEXT, uid: TEXT, labels: LABELS, creationTimestamp: TEXT });
const SCOPE_QUERY = { scope: { enum: ["system", "tenant", "all"] } };

interface SpecBody {
  endpoint: string;
  auth: PaletteRegistry["auth"];
  isPrivate?: boolean;
}

function entityOf(spec: Schema): Schema {
  return object({ metadata: object({ name: TEXT, labels: LABELS }, ["name"]), spec }, [
    "metadata",
    "spec",
  ]);
}

function find(uid: string | undefined, kind: Kind, state: PaletteState): PaletteRegistry {
  const found = known(
    state.registries.find((registry) => registry.uid === uid && registry.kind === kind),
    `The ${kind} registry was not found`,
  );
  return found;
}

function syncBody({ syncs, syncMessage, lastSynced, isSyncSupported }: PaletteRegistry) {
  return {
    status: syncs[0] ?? "",
    message: syncMessage,
    ...(lastSynced === "" ? {} : { lastSyncedTime: lastSynced }),
    isSyncSupported,
  };
}

function metaBody({ name, uid, createdAt }: PaletteRegistry) {
  return { name, uid, creationTimestamp: createdAt };
}

/** Palette tries the registry with what it was given. */
function tryOut({ auth }: SpecBody, { registryProblem }: PaletteState): void {
  if (registryProblem !== null) {
    throw new Refusal(400, "RegistryValidationFailed", registryProblem);
  }
  if (auth.type === "basic" && (!auth.username || !auth.password)) {
    throw new Refusal(400, "InvalidCredentials", "The registry refused the credentials");
  }
}

function create(
  kind: Kind,
  { metadata, spec }: { metadata: { name: string }; spec: SpecBody },
  state: PaletteState,
): string {
  const { name } = metadata;
  if (state.registries.some((other) => other.name === name && other.kind === kind)) {
    throw new Refusal(409, "DuplicateRegistryName", `A registry with the name ${name} exists`);
  }
  tryOut(spec, state);
  const registry = registryOf(kind, name, {
    endpoint: spec.endpoint,
    auth: spec.auth,
    isPrivate: spec.isPrivate ?? spec.auth.type !== "noAuth",
    syncs: ["", "InProgress", "Success"],
    lastSynced: "",
  });
  state.registries.push(registry);
  return registry.uid;
}

/** A registry that Palette has read. */
export function registryOf(
  kind: Kind,
  name: string,
  given: Partial<PaletteRegistry> = {},
): PaletteRegistry {
  return {
    uid: uidOf(`${kind.charAt(0)}-${name}`),
    name,
    kind,
    endpoint: `https://${name}.example.com`,
    scope: "tenant",
    isPrivate: false,
    auth: { type: "noAuth" },
    createdAt: "2026-01-02T10:00:00Z",
    syncs: ["Success"],
    syncMessage: "",
    lastSynced: "2026-01-02T14:00:00Z",
    isSyncSupported: true,
    usedBy: [],
    ...given,
  };
}

/** Looking at the state of the sync makes it go on; it stays in the last. */
function syncOperation(id: string, path: string, kind: Kind): Operation {
  return reading({
    id,
    path,
    project: "refused",
    response: SYNC,
    handle: ({ parameters }, state) => {
      const registry = find(parameters["uid"], kind, state);
      const body = syncBody(registry);
      if (registry.syncs.length > 1) registry.syncs.shift();
      return { status: 200, body };
    },
  });
}

function deleteOperation(id: string, path: string, kind: Kind): Operation {
  return {
    id,
    method: "DELETE",
    path,
    project: "refused",
    query: {},
    body: null,
    response: null,
    handle: ({ parameters }, state) => {
      const registry = find(parameters["uid"], kind, state);
      const [profile] = registry.usedBy;
      if (profile !== undefined) {
        throw new Refusal(
          409,
          "RegistryInUse",
          `The registry ${registry.name} is used by the profile ${profile}`,
        );
      }
      state.registries = state.registries.filter((other) => other !== registry);
      return { status: 204 };
    },
  };
}

function createOperation(id: string, path: string, kind: Kind, spec: Schema): Operation {
  return {
    id,
    method: "POST",
    path,
    project: "refused",
    query: kind === "helm" ? SCOPE_QUERY : { skipPackSync: FLAG },
    body: entityOf(spec),
    response: UID_ANSWER,
    handle: ({ body }, state) => ({
      status: 201,
      body: { uid: create(kind, body as Parameters<typeof create>[1], state) },
    }),
  };
}

function validateOperation(id: string, path: string, spec: Schema): Operation {
  return {
    id,
    method: "POST",
    path,
    project: "refused",
    query: {},
    body: spec,
    response: null,
    handle: ({ body }, state) => {
      tryOut(body as SpecBody, state);
      return { status: 204 };
    },
  };
}

export const REGISTRY_OPERATIONS: Operation[] = [
  reading({
    id: "v1OciRegistriesSummary",
    path: "/v1/registries/oci/summary",
    response: object({
      items: list(object({
        metadata: META,
        spec: object({
          endpoint: TEXT,
          isPrivate: FLAG,
          providerType: TEXT,
          registryType: TEXT,
          scope: TEXT,
        }),
        status: object({ sync: SYNC }),
      })),
    }, ["items"]),
    handle: (_, { registries }) => ({
      status: 200,
      body: {
        items: registries.filter(({ kind }) => kind !== "helm").map((registry) => ({
          metadata: metaBody(registry),
          spec: {
            endpoint: registry.endpoint,
            isPrivate: registry.isPrivate,
            providerType: "helm",
            registryType: registry.kind,
            scope: registry.scope,
          },
          status: { sync: syncBody(registry) },
        })),
      },
    }),
  }),
  reading({
    id: "v1RegistriesHelmSummaryList",
    path: "/v1/registries/helm/summary",
    query: { ...PAGE_QUERY, ...SCOPE_QUERY },
    response: object({
      items: list(object({
        metadata: META,
        spec: object({ endpoint: TEXT, isPrivate: FLAG, scope: TEXT }),
        status: object({ sync: SYNC }),
      })),
      listmeta: LIST_META,
    }, ["items"]),
    handle: ({ query }, { registries }) => {
      const page = pageOf(registries.filter(({ kind }) => kind === "helm"), query);
      const items = page.items.map((registry) => ({
        metadata: metaBody(registry),
        spec: {
          endpoint: registry.endpoint,
          isPrivate: registry.isPrivate,
          scope: registry.scope,
        },
        status: { sync: syncBody(registry) },
      }));
      return { status: 200, body: { ...page, items } };
    },
  }),
  createOperation("v1BasicOciRegistriesCreate", "/v1/registries/oci/basic", "basic", OCI_SPEC),
  createOperation("v1RegistriesHelmCreate", "/v1/registries/helm", "helm", HELM_SPEC),
  validateOperation(
    "v1BasicOciRegistriesValidate",
    "/v1/registries/oci/basic/validate",
    OCI_SPEC,
  ),
  validateOperation("V1RegistriesHelmValidate", "/v1/registries/helm/validate", HELM_SPEC),
  deleteOperation("v1BasicOciRegistriesUidDelete", "/v1/registries/oci/{uid}/basic", "basic"),
  deleteOperation("v1EcrRegistriesUidDelete", "/v1/registries/oci/{uid}/ecr", "ecr"),
  deleteOperation("v1RegistriesHelmUidDelete", "/v1/registries/helm/{uid}", "helm"),
  syncOperation(
    "v1BasicOciRegistriesUidSyncStatus",
    "/v1/registries/oci/{uid}/basic/sync/status",
    "basic",
  ),
  syncOperation(
    "v1EcrRegistriesUidSyncStatus",
    "/v1/registries/oci/{uid}/ecr/sync/status",
    "ecr",
  ),
  syncOperation(
    "v1RegistriesHelmUidSyncStatus",
    "/v1/registries/helm/{uid}/sync/status",
    "helm",
  ),
];
