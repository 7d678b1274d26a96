import { UserError } from "../../errors.ts";
import { isNotFound } from "../../api/api_error.ts";
import type { PaletteClient } from "../../api/client.ts";
import {
  type ClusterProfile,
  getClusterProfile,
  getProfilePacks,
  getProfileVariables,
  type ProfilePack,
} from "../../api/cluster_profiles.ts";
import { listMacros } from "../../api/macros.ts";
import { inParallel } from "../../api/parallel.ts";
import { getRegistry, type PaletteRegistry } from "../../api/registry_access.ts";
import { listRegistryNames } from "../../api/registry_names.ts";
import { getUserInfo } from "../../api/users.ts";

/** A profile with all that decides what it needs. */
export interface ProfileContent extends ClusterProfile {
  packs: ProfilePack[];
  /** Values of its variables where they have a default. */
  variables: ReadonlyMap<string, string>;
}

/**
 * Reads profiles of one project, in the order in which they are named.
 * @param place The project in messages.
 * @throws {UserError} `not-found` with all that are missing.
 */
export async function loadProfiles(
  client: PaletteClient,
  uids: readonly string[],
  place: string,
): Promise<ProfileContent[]> {
  const loaded = await inParallel([...new Set(uids)], async (uid) => {
    try {
      const [profile, packs] = await Promise.all([
        getClusterProfile(client, uid),
        getProfilePacks(client, uid),
      ]);
      const usesVariables = packs.some((pack) => textsOf(pack).some(hasVariable));
      const variables = usesVariables
        ? await getProfileVariables(client, uid)
        : new Map<string, string>();
      return { ...profile, packs, variables };
    } catch (error) {
      if (isNotFound(error)) return uid;
      throw error;
    }
  });
  const missing = loaded.filter((profile) => typeof profile === "string");
  if (missing.length > 0) {
    const names = missing.map((uid) => `"${uid}"`).join(", ");
    throw new UserError("not-found", `Cluster profiles not found in ${place}: ${names}`, {
      hint: "All profiles have to be in one project; choose it with --project-id",
    });
  }
  return loaded.filter((profile) => typeof profile !== "string");
}

/**
 * Macros that packs use and Palette keeps, by path; nothing is asked for when none does.
 * @param project Whose macros they are.
 */
export async function loadMacros(
  client: PaletteClient,
  profiles: readonly ProfileContent[],
  project: { uid: string; name: string },
): Promise<Map<string, string>> {
  const given = new Map([
    ["spectro.system.project.uid", project.uid],
    ["spectro.system.project.name", project.name],
  ]);
  const kubernetes = profiles.flatMap(({ packs }) => packs).find(({ layer }) => layer === "k8s");
  if (kubernetes !== undefined) {
    given.set("spectro.system.kubernetes.version", kubernetes.version.replace(/^v/, ""));
  }
  const usesMacros = profiles.some(({ packs }) =>
    packs.some((pack) => textsOf(pack).some((text) => text.includes(".spectro.macro.")))
  );
  if (!usesMacros) return given;
  const { tenantUid } = await getUserInfo(client);
  const macros = await listMacros(client, { projectUid: project.uid, tenantUid });
  for (const [name, value] of macros) given.set(`spectro.macro.${name}`, value);
  return given;
}

/** The registries that are asked for; those that the user may not read are left out. */
export async function loadRegistries(
  client: PaletteClient,
  uids: readonly string[],
): Promise<Map<string, PaletteRegistry>> {
  const wanted = [...new Set(uids)].filter((uid) => uid !== "");
  if (wanted.length === 0) return new Map();
  const names = await listRegistryNames(client);
  const loaded = await inParallel(wanted, async (uid) => {
    const kind = names.find((registry) => registry.uid === uid)?.kind ?? "";
    return await getRegistry(client, { uid, kind });
  });
  return new Map(
    loaded.filter((registry) => registry !== null).map((registry) => [registry.uid, registry]),
  );
}

function textsOf({ values, templateManifest, manifests }: ProfilePack): string[] {
  return [values, templateManifest, ...manifests.map(({ content }) => content)];
}

function hasVariable(text: string): boolean {
  return text.includes(".spectro.var.");
}
