import { UserError } from "../errors.ts";
import type { NewAppTier } from "../api/app_profiles.ts";
import type { PaletteClient } from "../api/client.ts";
import { findPacks, getPack, listPackVersions, type Pack } from "../api/packs.ts";
import { listRegistryNames, type RegistryName } from "../api/registry_names.ts";
import { isSecretProperty } from "../config/secret_kinds.ts";
import type { Reference, TierDocument } from "./app_profile_file.ts";

/** Where Palette itself keeps the pack of containers. */
const PUBLIC_REGISTRY = "Public Repo";
const CONTAINER_PACK = "container";
const CONTAINER_VERSION = "1.0.0";

/**
 * Tiers as Palette takes them: names of registries and packs become uids, the short form of a
 * container the values of its pack, secrets base64.
 * @param tiers Properties decrypted.
 * @throws {UserError} `not-found`, `ambiguous`, `validation`
 */
export async function resolveTiers(
  tiers: readonly TierDocument[],
  client: PaletteClient,
): Promise<NewAppTier[]> {
  const needsRegistries = tiers.some(({ type }) => type !== "manifest");
  const registries = needsRegistries ? await listRegistryNames(client) : [];
  const resolved: NewAppTier[] = [];
  for (const tier of tiers) resolved.push(await resolveTier(tier, registries, client));
  return resolved;
}

async function resolveTier(
  tier: TierDocument,
  registries: RegistryName[],
  client: PaletteClient,
): Promise<NewAppTier> {
  const { name, type, installOrder } = tier;
  const base = { name, type, installOrder };
  // As the console does: blank lines at the ends are not part of it.
  const values = tier.values.trim();
  if (type === "manifest") return { ...base, manifests: tier.manifests };
  const source = await sourceOf(tier, registries, client);
  const common = {
    ...base,
    ...(source.registryUid === "" ? {} : { registryUid: source.registryUid }),
    ...(source.packUid === "" ? {} : { sourceAppTierUid: source.packUid }),
    ...(source.version === "" ? {} : { version: source.version }),
  };
  if (type === "helm") return { ...common, ...(values === "" ? {} : { values }) };
  const pack = source.packUid === "" ? null : await getPack(client, source.packUid);
  if (type === "operator-instance") {
    return {
      ...common,
      ...(values === "" ? {} : { values }),
      properties: propertiesOf(tier, pack),
    };
  }
  const { container, imageRegistry } = tier;
  const { containerValues } = await import("./container_values.ts");
  const privateRegistry = imageRegistry === ""
    ? null
    : registryOf({ name: imageRegistry, uid: "" }, tier, registries);
  return {
    ...common,
    ...(privateRegistry === null ? {} : { containerRegistryUid: privateRegistry.uid }),
    values: container === null ? values : containerValues(container, pack?.values ?? "").trim(),
  };
}

interface Source {
  registryUid: string;
  packUid: string;
  version: string;
}

/** The pack that a tier is made from, in the version that it names, else in the registry's first. */
async function sourceOf(
  tier: TierDocument,
  registries: RegistryName[],
  client: PaletteClient,
): Promise<Source> {
  const isContainer = tier.type === "container";
  const reference = isContainer && tier.registry.name === "" && tier.registry.uid === ""
    ? { name: PUBLIC_REGISTRY, uid: "" }
    : tier.registry;
  const registryUid = reference.name === "" && reference.uid === ""
    ? ""
    : registryOf(reference, tier, registries).uid;
  const { uid, version } = tier.pack;
  if (uid !== "") return { registryUid, packUid: uid, version };
  const name = tier.pack.name || (isContainer ? CONTAINER_PACK : "");
  const wanted = version || (isContainer ? CONTAINER_VERSION : "");
  const found = await findPacks(client, { name, registryUid });
  if (found.length === 0) {
    throw new UserError(
      "not-found",
      `Pack "${name}" of tier "${tier.name}" not found in registry "${
        reference.name || reference.uid
      }"`,
      { hint: "Check the names of pack and registry; a new registry may still be syncing" },
    );
  }
  const versions = await listPackVersions(client, name, registryUid);
  const match = wanted === "" ? versions[0] : versions.find((item) => item.version === wanted);
  if (match !== undefined) return { registryUid, packUid: match.packUid, version: match.version };
  throw new UserError(
    "not-found",
    `Pack "${name}" of tier "${tier.name}" has no version "${wanted}"`,
    { hint: `There are ${versions.map((item) => item.version).join(", ") || "none"}` },
  );
}

function registryOf(
  { name, uid }: Reference,
  tier: TierDocument,
  registries: RegistryName[],
): RegistryName {
  const found = registries.filter((registry) =>
    uid === "" ? registry.name === name : registry.uid === uid
  );
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  const place = `Registry "${name || uid}" of tier "${tier.name}"`;
  if (first === undefined) {
    throw new UserError("not-found", `${place} not found`, {
      hint: `There are ${registries.map((registry) => registry.name).join(", ") || "none"}`,
    });
  }
  throw new UserError("ambiguous", `${place}: several have the name`, {
    hint: `Give registryUid with one of ${
      found.map((registry) => `${registry.uid} (${registry.kind})`).join(", ")
    }`,
  });
}

/** Properties that the pack does not know are refused, where it says what it knows. */
function propertiesOf(tier: TierDocument, pack: Pack | null): { name: string; value: string }[] {
  const parameters = pack?.parameters ?? [];
  return Object.entries(tier.properties).map(([name, value]) => {
    const parameter = parameters.find((candidate) => candidate.name === name);
    if (parameters.length > 0 && parameter === undefined) {
      throw new UserError(
        "validation",
        `Property "${name}" of tier "${tier.name}" is not known to its pack`,
        { hint: `There are ${parameters.map((candidate) => candidate.name).join(", ")}` },
      );
    }
    const isSecret = parameter?.isSecret ?? isSecretProperty(name);
    return { name, value: isSecret ? base64(value) : value };
  });
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
