import { UserError } from "../../../errors.ts";
import { deleteAppProfile, getAppProfile } from "../../../api/app_profiles.ts";
import { isNotFound } from "../../../api/api_error.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { confirmDeletion, requireFlags } from "../../lookup.ts";
import { APP_PROFILE } from "../names.ts";
import { findProfile, findVersion, type ProfileChoice } from "./find.ts";

export interface DeleteOptions {
  choice: ProfileChoice;
  version?: string | undefined;
  isSure: boolean;
}

/** Deletes one version of an app profile. */
export async function deleteProfile(
  { choice, version: wanted, isSure }: DeleteOptions,
  context: CommandContext,
): Promise<void> {
  const { project, name: wantedName, uid: wantedUid } = choice;
  if (wantedUid === undefined) {
    requireFlags({ "--name": wantedName, "--version": wanted }, context);
  }
  const scope = await context.projectPalette(project);
  const profile = await findProfile(scope, choice, context);
  const { version, uid } = wanted === undefined && wantedUid === undefined
    ? findVersion(profile, { uid: await askVersion(profile.versions, context) })
    : findVersion(profile, { version: wanted, uid: wantedUid });
  const { name } = profile;
  const { inUseBy } = await getAppProfile(scope.palette, uid);
  if (inUseBy.length > 0) {
    throw new UserError(
      "conflict",
      `Cannot delete ${APP_PROFILE} ${name} version ${version}: it is used by ${
        inUseBy.join(", ")
      }`,
      {
        hint: "Delete the apps first with palette pde app delete, or move them to another version",
      },
    );
  }
  await confirmDeletion(`${APP_PROFILE} ${name} version ${version}`, isSure, context);
  try {
    await deleteAppProfile(scope.palette, uid, { inTenant: profile.scope === "tenant" });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await context.printer.result({
    document: () => ({ name, version, deleted: true }),
    text: () => `Deleted ${APP_PROFILE} ${sanitizeLine(name)} version ${sanitizeLine(version)}\n`,
  });
}

async function askVersion(
  versions: { version: string; uid: string }[],
  { prompter }: CommandContext,
): Promise<string> {
  return await prompter?.select({
    label: "Version",
    options: versions.map(({ version, uid }) => ({ value: uid, label: sanitizeLine(version) })),
  }) ?? "";
}
