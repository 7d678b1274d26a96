import { TransferProgress } from "../../output/transfer_progress.ts";
import type { CommandContext } from "../context.ts";
import type { TransferOptions } from "./transfer_command.ts";

/** Shows how far a transfer is: on a terminal, and elsewhere when it is asked for. */
export function transferProgressOf(
  { progress }: Pick<TransferOptions, "progress">,
  { runtime, settings, printer }: CommandContext,
): TransferProgress {
  const { stderr } = runtime.streams;
  const isShown = progress ?? stderr.isTerminal;
  return new TransferProgress({
    stderr,
    clock: runtime.clock,
    isSilent: settings.quiet || printer.format !== "table" || !isShown,
    color: settings.color,
  });
}
