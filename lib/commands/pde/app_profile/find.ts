import { UserError } from "../../../errors.ts";
import { type AppProfile, listAppProfiles } from "../../../api/app_profiles.ts";
import type { CommandContext } from "../../context.ts";
import { lookUp, type Wanted } from "../../lookup.ts";
import { nearNames } from "../../names.ts";
import type { ProjectPalette } from "../../palette_client.ts";
import { APP_PROFILE } from "../names.ts";

/** An app profile as flags name it; the uid is that of any of its versions. */
export interface ProfileChoice extends Wanted {
  project?: string | undefined;
}

export interface FoundVersion {
  profile: AppProfile;
  version: string;
  uid: string;
}

/** The app profile of a project that is meant. */
export async function findProfile(
  { palette, place }: ProjectPalette,
  wanted: Wanted,
  context: CommandContext,
  flags?: { name: string; uid?: string },
): Promise<AppProfile> {
  const list = async (name?: string) =>
    (await listAppProfiles(palette, name))
      .map((profile) => ({ ...profile, uid: uidOf(profile, wanted.uid) }));
  return await lookUp(wanted, {
    kind: APP_PROFILE,
    place,
    list,
    detail: ({ scope }) => scope,
    ...(flags === undefined ? {} : { flags }),
  }, context);
}

/** One version stands for the profile: the wanted one, else the highest. */
function uidOf({ versions }: AppProfile, wanted: string | undefined): string {
  const named = versions.find(({ uid }) => uid === wanted);
  return (named ?? versions[0])?.uid ?? "";
}

/**
 * A version of a profile; the highest when none is named.
 * @throws {UserError} `not-found`
 */
export function findVersion(
  profile: AppProfile,
  { version, uid }: { version?: string | undefined; uid?: string | undefined },
): FoundVersion {
  const { versions, name } = profile;
  const found = version === undefined
    ? versions.find((item) => item.uid === uid) ?? versions[0]
    : versions.find((item) => item.version === version);
  if (found !== undefined) return { profile, version: found.version, uid: found.uid };
  throw new UserError("not-found", `${APP_PROFILE} "${name}" has no version "${version}"`, {
    hint: nearNames(version ?? "", versions.map((item) => item.version)),
  });
}
