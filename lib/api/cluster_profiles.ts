import type { Answer } from "./answer.ts";
import type { PaletteClient } from "./client.ts";

/** A version of a cluster profile. */
export interface ClusterProfile {
  uid: string;
  name: string;
  version: string;
  /** `cluster` (all layers), `infra`, `add-on` or `system`; as Palette writes it. */
  type: string;
  /** `edge-native`, `all` and others. */
  cloudType: string;
  /** Nothing of it is published yet. */
  isDraft: boolean;
}

/** A layer of a profile. */
export interface ProfilePack {
  name: string;
  displayName: string;
  version: string;
  /** `kernel`, `os`, `k8s`, `cni`, `csi` or `addon`. */
  layer: string;
  /** `spectro`, `helm`, `manifest` or `oci`. */
  type: string;
  registryUid: string;
  /** In YAML, macros as they were written. */
  values: string;
  /** Manifest that the pack itself brings. */
  templateManifest: string;
  /** Manifests attached to it. */
  manifests: { name: string; content: string }[];
}

/** One version of a profile. */
export async function getClusterProfile(
  client: PaletteClient,
  uid: string,
): Promise<ClusterProfile> {
  const answer = await client.call({ method: "GET", path: profilePath(uid) });
  const published = answer.at("spec", "published");
  const isDraft = published.at("type").textOrEmpty() === "" &&
    published.at("packs").list().length === 0;
  const template = isDraft ? answer.at("spec", "draft") : published;
  return {
    uid,
    name: answer.at("metadata", "name").textOrEmpty() || template.at("name").textOrEmpty(),
    version: answer.at("spec", "version").textOrEmpty() ||
      template.at("profileVersion").textOrEmpty(),
    type: template.at("type").textOrEmpty(),
    cloudType: template.at("cloudType").textOrEmpty(),
    isDraft,
  };
}

/** Layers of a profile, with values and manifests; in their order. */
export async function getProfilePacks(client: PaletteClient, uid: string): Promise<ProfilePack[]> {
  const path = `${profilePath(uid)}/packs`;
  const [withTemplates, withManifests] = await Promise.all([
    client.call({ method: "GET", path }),
    client.call({ method: "GET", path: `${path}/manifests` }),
  ]);
  const templates = new Map(
    withTemplates.at("items").list().map((item) =>
      [item.at("spec", "name").textOrEmpty(), item.at("spec", "template")] as const
    ),
  );
  return withManifests.at("spec", "packs").list().map((item) => {
    const spec = item.at("spec");
    return packOf(spec, templates.get(spec.at("name").text()));
  });
}

function packOf(spec: Answer, template: Answer | undefined): ProfilePack {
  const name = spec.at("name").text();
  return {
    name,
    displayName: spec.at("displayName").textOrEmpty(),
    version: spec.at("version").textOrEmpty(),
    layer: spec.at("layer").textOrEmpty(),
    type: spec.at("type").textOrEmpty() || "spectro",
    registryUid: spec.at("registryUid").textOrEmpty(),
    values: spec.at("values").textOrEmpty() || (template?.at("values").textOrEmpty() ?? ""),
    templateManifest: template?.at("manifest").textOrEmpty() ?? "",
    manifests: spec.at("manifests").list().map((manifest) => ({
      name: manifest.at("name").textOrEmpty(),
      content: manifest.at("content").textOrEmpty(),
    })),
  };
}

/** Default values of a profile's variables; those that have none, or are secret, are left out. */
export async function getProfileVariables(
  client: PaletteClient,
  uid: string,
): Promise<Map<string, string>> {
  const answer = await client.call({ method: "GET", path: `${profilePath(uid)}/variables` });
  return new Map(
    answer.at("variables").list()
      .filter((variable) => !variable.at("isSensitive").flag())
      .map((variable) =>
        [variable.at("name").text(), variable.at("defaultValue").textOrEmpty()] as const
      )
      .filter(([, value]) => value !== ""),
  );
}

function profilePath(uid: string): string {
  return `/v1/clusterprofiles/${encodeURIComponent(uid)}`;
}
