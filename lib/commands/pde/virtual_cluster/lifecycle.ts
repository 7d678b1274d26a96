import { UserError } from "../../../errors.ts";
import { setPaused } from "../../../api/virtual_clusters.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { requireFlags } from "../../lookup.ts";
import type { WaitOptions } from "../../wait.ts";
import { VIRTUAL_CLUSTER } from "../names.ts";
import { type ClusterChoice, findCluster, waitForCluster } from "./find.ts";

export const LIFECYCLE_ACTIONS = ["pause", "resume"] as const;

type LifecycleAction = typeof LIFECYCLE_ACTIONS[number];

export interface LifecycleOptions {
  choice: ClusterChoice;
  action?: LifecycleAction | undefined;
  wait: WaitOptions;
}

interface Steps {
  from: string;
  /** While Palette is at it. */
  during: string;
  to: string;
  done: string;
}

const STEPS: Record<LifecycleAction, Steps> = {
  pause: { from: "Running", during: "Pausing", to: "Paused", done: "Paused" },
  resume: { from: "Paused", during: "Resuming", to: "Running", done: "Resumed" },
};

/** Pauses or resumes a virtual cluster. */
export async function changeLifecycle(
  { choice, action: given, wait }: LifecycleOptions,
  context: CommandContext,
): Promise<void> {
  const isNamed = choice.name ?? choice.uid;
  requireFlags({ "--name": isNamed, "--action": given }, context);
  const { palette, cluster } = await findCluster(choice, context);
  const action = given ?? await askAction(context);
  const { from, during, to, done } = STEPS[action];
  const { name, uid } = cluster;
  let { status } = cluster;
  const isThere = status === to;
  if (status === from) {
    await setPaused(palette, uid, action === "pause");
    status = during;
  } else if (status !== during && !isThere) {
    throw new UserError(
      "conflict",
      `Cannot ${action} ${VIRTUAL_CLUSTER} "${name}": its status is ${status}, not ${from}`,
      { hint: "Run palette pde virtual-cluster list until its status has changed" },
    );
  }
  if (wait.wait && !isThere) {
    const goal = { goal: to, isReached: (state: { status: string }) => state.status === to };
    ({ status } = await waitForCluster({ palette, cluster }, goal, wait, context));
  }
  await context.printer.result({
    document: () => ({ name, uid, action, status }),
    text: () =>
      isThere
        ? `${VIRTUAL_CLUSTER} ${sanitizeLine(name)} is ${to} already\n`
        : `${done} ${VIRTUAL_CLUSTER} ${sanitizeLine(name)}\n`,
  });
}

async function askAction({ prompter }: CommandContext): Promise<LifecycleAction> {
  const options = LIFECYCLE_ACTIONS.map((action) => ({ value: action, label: action }));
  const answer = await prompter?.select({ label: "Action", options });
  return answer === "resume" ? "resume" : "pause";
}
