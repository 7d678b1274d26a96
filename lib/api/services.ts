import { isNotFound } from "./api_error.ts";
import type { PaletteClient } from "./client.ts";

/** Palette's own services on hosts and clusters that its API knows. */
export const SERVICE_NAMES = [
  ...["ally", "jet", "palette", "ambit", "ally-lite", "palette-lite", "crony", "tick", "edge"],
  ...["lodge", "level", "edgeconfig", "firth", "stylus", "provider-k3s", "provider-kubeadm"],
  ...["provider-rke2", "provider-nodeadm", "provider-canonical"],
] as const;

export type ServiceName = typeof SERVICE_NAMES[number];

/** Which of a service's manifests: what it needs, or what it is started with. */
export type ServiceAction = "resources" | "apply";

/** The latest version of a service; null when this Palette does not have it. */
export async function getServiceVersion(
  client: PaletteClient,
  service: ServiceName,
): Promise<string | null> {
  try {
    const answer = await client.call({ method: "GET", path: `/v1/services/${service}/version` });
    const latest = answer.at("spec", "latestVersion");
    return latest.at("content").textOrEmpty().trim() || latest.at("name").textOrEmpty() || null;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Texts of the manifests of a service; none when it has none for the action. */
export async function getServiceManifests(
  client: PaletteClient,
  { service, version, action }: { service: ServiceName; version: string; action: ServiceAction },
): Promise<string[]> {
  const path = `/v1/services/${service}/versions/${encodeURIComponent(version)}/manifest`;
  try {
    const answer = await client.call({ method: "GET", path, query: { action } });
    return answer.at("spec", "manifests").list()
      .map((manifest) => manifest.at("content").textOrEmpty());
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
