import { type AppProfileVersion, getAppProfile } from "../../../api/app_profiles.ts";
import { type DescribedTier, describeTiers } from "../../../app_profile/describe_profile.ts";
import { formatYaml, type Json } from "../../../output/format.ts";
import { sanitizeText } from "../../../output/sanitize.ts";
import { formatFields, formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { findProfile, findVersion, type ProfileChoice } from "./find.ts";

export interface DescribeOptions {
  choice: ProfileChoice;
  /** The highest by default. */
  version?: string | undefined;
}

/** Shows one version of an app profile. */
export async function describeProfile(
  options: DescribeOptions,
  context: CommandContext,
): Promise<void> {
  const { profile, tiers } = await fetchProfile(options, context);
  await context.printer.result({
    document: () => profileDocument(profile, tiers),
    text: () =>
      formatFields([
        ["Name", profile.name],
        ["Version", profile.version],
        ["Uid", profile.uid],
        ["Scope", profile.scope],
        ["Cloud", "all"],
        ["Description", profile.description],
        ["Tags", profile.tags.join(", ")],
        ["Created", profile.createdAt],
        ["Updated", profile.updatedAt],
        ["Used by", profile.inUseBy.join(", ")],
      ]) + "\n" +
      formatTable(
        ["TIER", "TYPE", "PACK", "PACK-VERSION", "REGISTRY", "ORDER"],
        tiers.map((tier) => [
          tier.name,
          tier.type,
          tier.pack,
          tier.packVersion,
          tier.registry,
          String(tier.installOrder),
        ]),
      ) + propertyLines(tiers),
  });
}

/** Prints the configuration file that makes a profile again, apart from its secrets. */
export async function exportProfile(
  options: DescribeOptions,
  context: CommandContext,
): Promise<void> {
  const { profile, tiers } = await fetchProfile(options, context);
  const secrets = tiers.flatMap((tier) =>
    tier.secretProperties.map((name) => `${name} of tier ${tier.name}`)
  );
  if (secrets.length > 0) context.printer.notice(`left out, for you to add: ${secrets.join(", ")}`);
  const document = profileDocument(profile, tiers);
  await context.printer.result({
    document: () => document,
    text: async () => sanitizeText(await formatYaml(document)),
  });
}

interface FetchedProfile {
  profile: AppProfileVersion;
  tiers: DescribedTier[];
}

async function fetchProfile(
  { choice, version }: DescribeOptions,
  context: CommandContext,
): Promise<FetchedProfile> {
  const { project, ...wanted } = choice;
  const scope = await context.projectPalette(project);
  const found = await findProfile(scope, wanted, context);
  const { uid } = findVersion(found, { version, uid: wanted.uid });
  const profile = await getAppProfile(scope.palette, uid);
  return { profile, tiers: await describeTiers(scope.palette, profile) };
}

function profileDocument(profile: AppProfileVersion, tiers: DescribedTier[]): Json {
  return {
    name: profile.name,
    version: profile.version,
    description: profile.description,
    context: profile.scope,
    cloud: "all",
    tags: profile.tags,
    tiers: tiers.map(tierDocument),
    uid: profile.uid,
    createdAt: profile.createdAt,
    updatedAt: profile.updatedAt,
  };
}

/** Only what a tier has, so that the file stays short. */
function tierDocument(tier: DescribedTier): Json {
  const hasProperties = Object.keys(tier.properties).length > 0;
  return {
    name: tier.name,
    type: tier.type,
    ...(tier.pack !== "" ? { pack: tier.pack } : tier.packUid ? { packUid: tier.packUid } : {}),
    ...(tier.packVersion === "" ? {} : { packVersion: tier.packVersion }),
    ...(tier.registry !== ""
      ? { registry: tier.registry }
      : tier.registryUid
      ? { registryUid: tier.registryUid }
      : {}),
    ...(tier.imageRegistry === "" ? {} : { imageRegistry: tier.imageRegistry }),
    installOrder: tier.installOrder,
    ...(hasProperties ? { properties: tier.properties } : {}),
    ...(tier.values === "" ? {} : { values: tier.values }),
    ...(tier.manifests.length === 0
      ? {}
      : { manifests: tier.manifests.map((item) => ({ ...item })) }),
  };
}

function propertyLines(tiers: DescribedTier[]): string {
  const rows = tiers.flatMap((tier) => [
    ...Object.entries(tier.properties).map(([name, value]) => [tier.name, name, value]),
    ...tier.secretProperties.map((name) => [tier.name, name, "****"]),
  ]);
  return rows.length === 0 ? "" : `\n${formatTable(["TIER", "PROPERTY", "VALUE"], rows)}`;
}
