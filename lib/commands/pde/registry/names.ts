import type { RegistryType } from "../../../api/registries.ts";
import { REGISTRY } from "../names.ts";

const KINDS: Record<RegistryType, string> = { oci: "OCI Registry", helm: "Helm Registry" };

/** What messages call a registry whose type is known. */
export function kindOf(type: RegistryType): string {
  return KINDS[type];
}

/** What messages call a registry of a type that may be left open. */
export function kindOrRegistry(type: RegistryType | undefined): string {
  return type === undefined ? REGISTRY : kindOf(type);
}
