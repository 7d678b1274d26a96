import { isNotFound } from "../../../api/api_error.ts";
import { deleteCluster, getVirtualCluster } from "../../../api/virtual_clusters.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { confirmDeletion } from "../../lookup.ts";
import { lookForEnd, waitFor, type WaitOptions } from "../../wait.ts";
import { VIRTUAL_CLUSTER } from "../names.ts";
import { type ClusterChoice, findCluster } from "./find.ts";

export interface DeleteOptions {
  choice: ClusterChoice;
  isSure: boolean;
  /** Also one whose deletion hangs. */
  force: boolean;
  wait: WaitOptions;
}

/** Deletes a virtual cluster with all that runs on it. */
export async function deleteVirtualCluster(
  { choice, isSure, force, wait }: DeleteOptions,
  context: CommandContext,
): Promise<void> {
  const { palette, cluster } = await findCluster(choice, context);
  const { name, uid } = cluster;
  await confirmDeletion(`${VIRTUAL_CLUSTER} ${name}`, isSure, context);
  try {
    await deleteCluster(palette, uid, { force });
  } catch (error) {
    // Somebody else was faster.
    if (!isNotFound(error)) throw error;
  }
  if (wait.wait) {
    const what = `${VIRTUAL_CLUSTER} "${name}"`;
    const look = () => lookForEnd(() => getVirtualCluster(palette, uid));
    await waitFor({ what, goal: "deleted", look }, wait, context);
  }
  await context.printer.result({
    document: () => ({ name, uid, status: wait.wait ? "Deleted" : "Deleting" }),
    text: () => `Deleted ${VIRTUAL_CLUSTER} ${sanitizeLine(name)}\n`,
  });
}
