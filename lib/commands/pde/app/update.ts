import {
  applyProfileUpdate,
  getApp,
  getRunningTiers,
  moveToProfile,
} from "../../../api/app_deployments.ts";
import { getAppTiers } from "../../../api/app_profiles.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { confirmOrAbort } from "../../lookup.ts";
import type { WaitOptions } from "../../wait.ts";
import { findProfile, findVersion } from "../app_profile/find.ts";
import { APP } from "../names.ts";
import { type AppChoice, findApp, type FoundApp, waitForApp } from "./find.ts";

export interface UpdateOptions {
  choice: AppChoice;
  /** Move to this version of the profile; the pending changes of its own by default. */
  version?: string | undefined;
  isSure: boolean;
  wait: WaitOptions;
}

/** Brings an app to what its profile says by now, or to another version of it. */
export async function updateApp(
  { choice, version, isSure, wait }: UpdateOptions,
  context: CommandContext,
): Promise<void> {
  const found = await findApp(choice, context);
  const { palette, app } = found;
  const { name, uid } = app;
  const target = version === undefined ? null : await versionOf(found, version, context);
  const isPending = target === null
    ? app.isUpdateAvailable
    : target.uid !== app.appProfile.uid || app.isUpdateAvailable;
  const from = app.appProfile.version;
  let to = target?.version ?? from;
  if (isPending) {
    const targetUid = target?.uid ?? app.appProfile.uid;
    if (context.prompter !== null && !isSure) {
      const changed = await changedTiers(found, targetUid);
      const tiers = changed.length === 0 ? "" : ` (tiers ${changed.join(", ")})`;
      await confirmOrAbort(`Update ${APP} ${name}${tiers}?`, isSure, context.prompter);
    }
    if (target === null || target.uid === app.appProfile.uid) {
      await applyProfileUpdate(palette, uid);
    } else await moveToProfile(palette, uid, target.uid);
    const state = wait.wait ? await waitForApp(found, wait, context) : await getApp(palette, uid);
    to = state.profileVersion || to;
  }
  await context.printer.result({
    document: () => ({
      name,
      uid,
      from: { version: from },
      to: { version: to },
      updated: isPending,
    }),
    text: () =>
      isPending
        ? `Updated ${APP} ${sanitizeLine(name)}\n`
        : `${APP} ${sanitizeLine(name)} has no pending update\n`,
  });
}

async function versionOf(found: FoundApp, version: string, context: CommandContext) {
  const profile = await findProfile(found, { name: found.app.appProfile.name }, context);
  return findVersion(profile, { version });
}

/** Names of tiers that are new, gone, or of another version or content. */
async function changedTiers({ palette, app }: FoundApp, profileUid: string): Promise<string[]> {
  const [running, wanted] = await Promise.all([
    getRunningTiers(palette, app.uid),
    getAppTiers(palette, profileUid),
  ]);
  const key = ({ version, values }: { version: string; values: string }) => `${version}\0${values}`;
  const before = new Map(running.map((tier) => [tier.name, key(tier)]));
  const after = new Map(wanted.map((tier) => [tier.name, key(tier)]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name)).map(sanitizeLine);
}
