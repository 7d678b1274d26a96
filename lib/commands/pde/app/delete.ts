import { deleteApp, getApp } from "../../../api/app_deployments.ts";
import { isNotFound } from "../../../api/api_error.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { confirmDeletion } from "../../lookup.ts";
import { lookForEnd, waitFor, type WaitOptions } from "../../wait.ts";
import { APP, VIRTUAL_CLUSTER } from "../names.ts";
import { type AppChoice, findApp } from "./find.ts";

export interface DeleteOptions {
  choice: AppChoice;
  isSure: boolean;
  wait: WaitOptions;
}

/** Deletes an app; the virtual cluster that it runs on stays. */
export async function deleteDeployedApp(
  { choice, isSure, wait }: DeleteOptions,
  context: CommandContext,
): Promise<void> {
  const { palette, app } = await findApp(choice, context);
  const { name, uid, virtualCluster } = app;
  await confirmDeletion(`${APP} ${name}`, isSure, context);
  try {
    await deleteApp(palette, uid);
  } catch (error) {
    // Somebody else was faster.
    if (!isNotFound(error)) throw error;
  }
  if (wait.wait) {
    const look = () =>
      lookForEnd(async () => {
        const { status, error } = await getApp(palette, uid);
        return { status, message: error ?? "" };
      });
    await waitFor({ what: `${APP} "${name}"`, goal: "deleted", look }, wait, context);
  }
  context.printer.notice(`${VIRTUAL_CLUSTER} ${virtualCluster.name} stays`);
  await context.printer.result({
    document: () => ({ name, uid, deleted: true }),
    text: () => `Deleted ${APP} ${sanitizeLine(name)}\n`,
  });
}
