import { UserError } from "../../errors.ts";
import { listDocument } from "../../output/format.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import type { CommandContext } from "../context.ts";

/** What became of one kubeconfig. */
export interface Outcome {
  /** In Palette; null when it is not known. */
  name: string | null;
  /** Of the cluster in Palette; null when there is none. */
  uid: string | null;
  kubeconfig: string;
  /** `checked` by a dry run. An imported cluster may have an error, too: it does not run in time. */
  status: "imported" | "checked" | "failed";
  error: UserError | null;
}

/**
 * Tells what was done. The error of a single kubeconfig is left to the end of the run, which a
 * stopped one does not get to.
 */
export async function printOutcomes(
  outcomes: readonly Outcome[],
  sourceCount: number,
  { printer, redactor, signal }: CommandContext,
): Promise<void> {
  if (outcomes.length === 0) return;
  const shown = (error: UserError) => ({
    code: error.code,
    message: redactor.redact(error.message),
    hint: error.hint === undefined ? null : redactor.redact(error.hint),
  });
  await printer.result({
    document: () =>
      listDocument(outcomes.map(({ name, uid, kubeconfig, status, error }) => ({
        name,
        uid,
        kubeconfig,
        status,
        error: error === null ? null : shown(error),
      }))),
    text: () => outcomes.map(lineOf).join(""),
  });
  if (sourceCount === 1 && !signal.aborted) return;
  // Several that do not run in time share one error.
  for (const error of new Set(outcomes.map((outcome) => outcome.error))) {
    if (error !== null) printer.failure(shown(error));
  }
  const untried = sourceCount - outcomes.length;
  if (untried > 0) printer.notice(`not tried: ${untried} of ${sourceCount} kubeconfigs`);
}

/** @throws {UserError} When something failed: its error, or that of the first with their number. */
export function throwFailure(outcomes: readonly Outcome[]): void {
  const errors = outcomes.flatMap(({ error }) => error === null ? [] : [error]);
  const [first] = errors;
  if (first === undefined) return;
  if (outcomes.length === 1) throw first;
  const failed = outcomes.filter(({ status }) => status === "failed");
  const bad = failed.length > 0 ? failed : outcomes.filter(({ error }) => error !== null);
  const verdict = failed.length > 0
    ? "could not be imported"
    : `${bad.length === 1 ? "does" : "do"} not run`;
  throw new UserError(first.code, `${bad.length} of ${outcomes.length} clusters ${verdict}`, {
    hint: `Look at ${bad.map(({ kubeconfig }) => `"${kubeconfig}"`).join(", ")}`,
    cause: first,
  });
}

function lineOf({ name, status }: Outcome): string {
  if (name === null || status === "failed") return "";
  return `${status === "checked" ? "Would import" : "Imported"} cluster ${sanitizeLine(name)}\n`;
}
