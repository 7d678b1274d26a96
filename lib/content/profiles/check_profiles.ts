import { UserError } from "../../errors.ts";
import type { ProfileContent } from "./load_profiles.ts";

/** Layers that a host boots: profiles of other types go on top of them. */
const INFRASTRUCTURE = new Set(["cluster", "infra"]);
/** A pack whose place another one has taken. */
const LEGACY_REGISTRY = /^harbor[ -]edge[ -]native/i;

/**
 * Checks that a host could be made of the profiles.
 * @returns What may be wrong with them, a line each.
 * @throws {UserError} `validation` for more than one infrastructure layer, and a pack that cannot
 *   be bundled.
 */
export function checkProfiles(profiles: readonly ProfileContent[]): string[] {
  const infrastructure = profiles.filter(({ type }) => INFRASTRUCTURE.has(type));
  if (infrastructure.length > 1) throw severalLayers(infrastructure);
  for (const profile of profiles) {
    const legacy = profile.packs.find(({ name, displayName }) =>
      LEGACY_REGISTRY.test(name) || LEGACY_REGISTRY.test(displayName)
    );
    if (legacy === undefined) continue;
    throw new UserError(
      "validation",
      `Cannot bundle ${nameOf(profile)}: its pack "${legacy.name}" is not supported here`,
      { hint: "Use the pack Registry Connect in its place" },
    );
  }
  const warnings = profiles.filter(({ isDraft }) => isDraft)
    .map((profile) => `${nameOf(profile)} is not published; its draft is used`);
  for (const profile of profiles) {
    if (["edge-native", "all", ""].includes(profile.cloudType)) continue;
    warnings.push(`${nameOf(profile)} is for ${profile.cloudType}, not for edge-native`);
  }
  return warnings;
}

/**
 * Checks that the profiles are a cluster definition.
 * @throws {UserError} `validation` unless there is one infrastructure layer and no pack twice.
 */
export function checkDefinitionProfiles(profiles: readonly ProfileContent[]): void {
  const infrastructure = profiles.filter(({ type }) => INFRASTRUCTURE.has(type));
  if (infrastructure.length > 1) throw severalLayers(infrastructure);
  if (infrastructure.length === 0) {
    throw new UserError("validation", "The cluster definition has no infrastructure layer", {
      hint: "Name one infra or full profile in --cluster-definition-profile-ids",
    });
  }
  const owners = new Map<string, ProfileContent>();
  for (const profile of profiles) {
    for (const { name } of profile.packs) {
      const other = owners.get(name);
      if (other !== undefined) {
        throw new UserError(
          "validation",
          `The cluster definition has the pack "${name}" twice: in ${nameOf(other)} and ` +
            nameOf(profile),
          { hint: "Leave one of the profiles out of --cluster-definition-profile-ids" },
        );
      }
      owners.set(name, profile);
    }
  }
}

function severalLayers(profiles: readonly ProfileContent[]): UserError {
  return new UserError(
    "validation",
    `There is more than one infrastructure layer: ${profiles.map(nameOf).join(", ")}`,
    { hint: "Name one infra or full profile, and add-on profiles" },
  );
}

function nameOf({ name, version, uid }: ProfileContent): string {
  return `profile "${name || uid}"${version === "" ? "" : ` ${version}`}`;
}
