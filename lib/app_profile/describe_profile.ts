import type { PaletteClient } from "../api/client.ts";
import {
  type AppProfileVersion,
  type AppTier,
  getAppTiers,
  getTierManifest,
} from "../api/app_profiles.ts";
import { getPack } from "../api/packs.ts";
import { inParallel } from "../api/parallel.ts";
import { listRegistryNames } from "../api/registry_names.ts";
import { isSecretProperty } from "../config/secret_kinds.ts";

/** A tier in the form that configuration files have. */
export interface DescribedTier {
  name: string;
  type: string;
  pack: string;
  packUid: string;
  packVersion: string;
  registry: string;
  registryUid: string;
  /** Empty for public images. */
  imageRegistry: string;
  installOrder: number;
  /** Without the secret ones. */
  properties: Record<string, string>;
  /** Names of the secret ones. */
  secretProperties: string[];
  values: string;
  manifests: { name: string; content: string }[];
}

/** The tiers of a profile with the names that users give instead of uids. */
export async function describeTiers(
  client: PaletteClient,
  profile: AppProfileVersion,
): Promise<DescribedTier[]> {
  const [tiers, registries] = await Promise.all([
    getAppTiers(client, profile.uid),
    listRegistryNames(client),
  ]);
  const names = new Map(registries.map(({ uid, name }) => [uid, name]));
  return await inParallel(tiers, async (tier) => {
    const [packName, manifests] = await Promise.all([
      packNameOf(tier, client),
      inParallel(tier.manifests, async ({ name, uid }) => ({
        name,
        content: await getTierManifest(client, {
          profileUid: profile.uid,
          tierUid: tier.uid,
          manifestUid: uid,
        }),
      })),
    ]);
    const isSecret = (property: AppTier["properties"][number]) =>
      property.isSecret || isSecretProperty(property.name);
    return {
      name: tier.name,
      type: tier.type,
      pack: packName,
      packUid: tier.sourceUid,
      packVersion: tier.version,
      registry: names.get(tier.registryUid) ?? "",
      registryUid: tier.registryUid,
      imageRegistry: names.get(tier.containerRegistryUid) ?? "",
      installOrder: tier.installOrder,
      properties: Object.fromEntries(
        tier.properties.filter((property) => !isSecret(property))
          .map(({ name, value }) => [name, value]),
      ),
      secretProperties: tier.properties.filter(isSecret).map(({ name }) => name),
      values: tier.values,
      manifests,
    };
  });
}

/** Empty for a pack that is gone. */
async function packNameOf({ sourceUid }: AppTier, client: PaletteClient): Promise<string> {
  if (sourceUid === "") return "";
  try {
    return (await getPack(client, sourceUid)).name;
  } catch {
    return "";
  }
}
