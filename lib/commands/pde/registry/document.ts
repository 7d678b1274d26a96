import type { Registry, RegistrySync } from "../../../api/registries.ts";

/** A registry in documents, the same in a list and alone. */
export function registryDocument(
  { name, uid, type, endpoint, scope, isPrivate, sync }: Registry,
) {
  return { name, uid, type, endpoint, scope, private: isPrivate, sync: syncDocument(sync) };
}

export function syncDocument({ status, message, lastSynced }: RegistrySync) {
  return { status, message, lastSynced };
}
