import { UserError } from "../../errors.ts";
import type { PaletteClient } from "../../api/client.ts";
import { getImportedCluster } from "../../api/imported_clusters.ts";
import type { CommandContext } from "../context.ts";
import { type Look, waitFor, type WaitOptions } from "../wait.ts";
import type { Outcome } from "./outcomes.ts";

/**
 * Waits until every imported cluster runs; one that does not is noted in its outcome, and stays
 * imported.
 */
export async function waitUntilRunning(
  outcomes: readonly Outcome[],
  palette: PaletteClient,
  options: WaitOptions,
  context: CommandContext,
): Promise<void> {
  const pending = new Set(outcomes.filter(({ status }) => status === "imported"));
  if (pending.size === 0) return;
  const [first] = pending;
  const isOne = pending.size === 1;
  const look = async (): Promise<Look<null>> => {
    const statuses: string[] = [];
    for (const outcome of pending) {
      const { status, message } = await getImportedCluster(palette, outcome.uid ?? "");
      if (status === "Failed") outcome.error = failed(outcome, message);
      if (status === "Failed" || status === "Running") pending.delete(outcome);
      else statuses.push(isOne ? status : `${outcome.name} ${status}`);
    }
    return pending.size === 0
      ? { is: "done", value: null }
      : { is: "going-on", status: statuses.join(", ") };
  };
  const awaited = isOne
    ? { what: `Cluster "${first?.name}"`, goal: "Running", look }
    : { what: `The import of ${pending.size} clusters`, goal: "done", look };
  try {
    await waitFor(awaited, options, context);
  } catch (error) {
    if (context.signal.aborted || !(error instanceof UserError)) throw error;
    for (const outcome of pending) outcome.error = error;
  }
}

function failed({ name }: Outcome, message: string): UserError {
  return new UserError("api", `Cluster "${name}" failed${message === "" ? "" : `: ${message}`}`, {
    hint: "Look at its events in the Palette console, then delete it and try again",
  });
}
