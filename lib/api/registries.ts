import type { Secret } from "../secrets/secret.ts";
import type { Answer } from "./answer.ts";
import type { PaletteClient } from "./client.ts";
import { byName } from "./order.ts";
import { listPages } from "./pages.ts";

export const REGISTRY_TYPES = ["oci", "helm"] as const;

export type RegistryType = typeof REGISTRY_TYPES[number];

/** How Palette logs in to an OCI registry; each way has paths of its own. */
export type OciLogin = "basic" | "ecr";

/** How far Palette has read what a registry offers. */
export interface RegistrySync {
  /** `Success`, `InProgress`, ...; as Palette writes it, empty before the first. */
  status: string;
  message: string;
  /** RFC 3339; empty when it never was. */
  lastSynced: string;
  /** False for a registry that Palette reads only when it needs something of it. */
  isSupported: boolean;
}

/** What tells which paths a registry has. */
export interface RegistryRef {
  uid: string;
  type: RegistryType;
  /** Null for Helm. */
  login: OciLogin | null;
}

/** A registry as lists show it; credentials are never asked for. */
export interface Registry extends RegistryRef {
  name: string;
  endpoint: string;
  /** `tenant` or `system`. */
  scope: string;
  isPrivate: boolean;
  /** What an OCI registry is read as: `helm`, `zarf` or `pack`; empty for Helm. */
  provider: string;
  /** RFC 3339; empty when Palette does not tell. */
  createdAt: string;
  sync: RegistrySync;
}

export interface NewRegistry {
  name: string;
  type: RegistryType;
  endpoint: string;
  credentials: { username: string; password: Secret } | null;
  /** Palette accepts any certificate of the registry. */
  insecure: boolean;
}

/** Registries that the client's scope sees, sorted by name; only those of a type, if given. */
export async function listRegistries(
  client: PaletteClient,
  type?: RegistryType,
): Promise<Registry[]> {
  const lists = await Promise.all([
    type === "helm" ? [] : listOci(client),
    type === "oci" ? [] : listHelm(client),
  ]);
  return lists.flat().sort(byName);
}

/**
 * Has Palette try a registry before it is created.
 * @throws {ApiError} With what the registry, or Palette, says against it.
 */
export async function validateRegistry(client: PaletteClient, wanted: NewRegistry): Promise<void> {
  await client.call({
    method: "POST",
    path: `${collectionOf(wanted.type)}/validate`,
    body: specOf(wanted),
    inTenant: true,
  });
}

/** @returns Uid of the new registry. */
export async function createRegistry(client: PaletteClient, wanted: NewRegistry): Promise<string> {
  const answer = await client.call({
    method: "POST",
    path: collectionOf(wanted.type),
    body: { metadata: { name: wanted.name }, spec: specOf(wanted) },
    inTenant: true,
  });
  return answer.at("uid").text();
}

/** @throws {ApiError} When a profile still uses it. */
export async function deleteRegistry(client: PaletteClient, registry: RegistryRef): Promise<void> {
  await client.call({ method: "DELETE", path: pathOf(registry), inTenant: true });
}

export async function getRegistrySync(
  client: PaletteClient,
  registry: RegistryRef,
): Promise<RegistrySync> {
  const path = `${pathOf(registry)}/sync/status`;
  return syncOf(await client.call({ method: "GET", path, inTenant: true }));
}

/** All in one answer. */
async function listOci(client: PaletteClient): Promise<Registry[]> {
  const answer = await client.call({ method: "GET", path: "/v1/registries/oci/summary" });
  return answer.at("items").list().map((item) => ({
    ...summaryOf(item),
    type: "oci",
    login: item.at("spec", "registryType").textOrEmpty().toLowerCase() === "ecr" ? "ecr" : "basic",
    provider: item.at("spec", "providerType").textOrEmpty(),
  }));
}

async function listHelm(client: PaletteClient): Promise<Registry[]> {
  const registries: Registry[] = [];
  const request = { method: "GET", path: "/v1/registries/helm/summary" };
  for await (const item of listPages(client, request)) {
    registries.push({ ...summaryOf(item), type: "helm", login: null, provider: "" });
  }
  return registries;
}

function summaryOf(item: Answer) {
  const metadata = item.at("metadata");
  const spec = item.at("spec");
  return {
    name: metadata.at("name").text(),
    uid: metadata.at("uid").text(),
    createdAt: metadata.at("creationTimestamp").textOrEmpty(),
    endpoint: spec.at("endpoint").textOrEmpty(),
    scope: spec.at("scope").textOrEmpty(),
    isPrivate: spec.at("isPrivate").flag(),
    sync: syncOf(item.at("status", "sync")),
  };
}

function syncOf(sync: Answer): RegistrySync {
  return {
    status: sync.at("status").textOrEmpty(),
    message: sync.at("message").textOrEmpty(),
    lastSynced: sync.at("lastSyncedTime").textOrEmpty(),
    isSupported: sync.at("isSyncSupported").flag(),
  };
}

/** Where registries of a type are created; those of ECR are not created here. */
function collectionOf(type: RegistryType): string {
  return type === "helm" ? "/v1/registries/helm" : "/v1/registries/oci/basic";
}

function pathOf({ uid, type, login }: RegistryRef): string {
  const id = encodeURIComponent(uid);
  return type === "helm"
    ? `/v1/registries/helm/${id}`
    : `/v1/registries/oci/${id}/${login ?? "basic"}`;
}

function specOf({ name, type, endpoint, credentials, insecure }: NewRegistry) {
  const login = credentials === null
    ? { type: "noAuth" }
    : { type: "basic", username: credentials.username, password: credentials.password.reveal() };
  const isTls = endpoint.startsWith("https:");
  const auth = { ...login, tls: { enabled: isTls, insecureSkipVerify: insecure } };
  return type === "helm"
    ? { name, endpoint, scope: "tenant", isPrivate: credentials !== null, auth }
    : { endpoint, providerType: "helm", auth };
}
