import { UserError } from "../errors.ts";
import { isNotFound } from "../api/api_error.ts";
import { formatDuration } from "../output/age.ts";
import { Progress } from "../output/progress.ts";
import type { CommandContext } from "./context.ts";

/** How long and how often a command looks whether something has happened. */
export interface WaitOptions {
  wait: boolean;
  timeoutMs: number;
  pollIntervalMs: number;
}

const TIMEOUT_MS = 15 * 60_000;
const POLL_INTERVAL_MS = 10_000;
/** So many looks in a row may fail for want of a network. */
const MAX_BLIND_LOOKS = 5;

/** The flags of a command that can wait, as Cliffy gives them. */
export interface WaitFlags {
  wait?: boolean | undefined;
  timeout?: number | undefined;
  pollInterval?: number | undefined;
}

export function waitOptionsOf({ wait, timeout, pollInterval }: WaitFlags): WaitOptions {
  return {
    wait: wait === true,
    timeoutMs: timeout ?? TIMEOUT_MS,
    pollIntervalMs: pollInterval ?? POLL_INTERVAL_MS,
  };
}

/** What a look found. */
export type Look<T> =
  | { is: "done"; value: T }
  /** @property status As users know it: `Provisioning`. */
  | { is: "going-on"; status: string }
  | { is: "failed"; status: string; reason: string };

export interface Awaited<T> {
  /** As messages begin: `Virtual Cluster "x"`. */
  what: string;
  /** What it is to become: `Running`, `deleted`. */
  goal: string;
  look: () => Promise<Look<T>>;
}

/**
 * Looks until something is done.
 * @throws {UserError} `timeout` when it takes too long, `api` when it failed; what `look` throws.
 */
export async function waitFor<T>(
  { what, goal, look }: Awaited<T>,
  { timeoutMs, pollIntervalMs }: WaitOptions,
  context: CommandContext,
): Promise<T> {
  const { runtime, signal } = context;
  const { clock } = runtime;
  const startMs = clock.monotonicMs();
  const progress = progressOf(context);
  let blindLooks = 0;
  let status = "";
  try {
    for (;;) {
      try {
        const found = await look();
        blindLooks = 0;
        if (found.is === "done") return found.value;
        status = found.status;
        if (found.is === "failed") throw failed(what, found);
      } catch (error) {
        const isBlind = error instanceof UserError && error.code === "network";
        if (!isBlind || ++blindLooks === MAX_BLIND_LOOKS) throw error;
        context.log.warn("cannot look", { reason: error.message });
      }
      const elapsedMs = clock.monotonicMs() - startMs;
      progress.show(
        `${what}: ${status || "waiting"}, waiting until ${goal} (${formatDuration(elapsedMs)})`,
      );
      if (elapsedMs + pollIntervalMs > timeoutMs) {
        throw new UserError(
          "timeout",
          `${what} is not ${goal} after ${formatDuration(timeoutMs)}${
            status === "" ? "" : ` (status ${status})`
          }`,
          { hint: "It goes on in Palette; wait longer with --timeout, or list it later" },
        );
      }
      await clock.sleep(pollIntervalMs, signal);
    }
  } catch (error) {
    progress.end();
    if (signal.aborted) context.printer.notice(`stopped waiting; ${what} goes on in Palette`);
    throw error;
  } finally {
    progress.end();
  }
}

/** Whether something is gone: not there any more, or there as deleted. */
export async function lookForEnd(
  get: () => Promise<{ status: string; message: string }>,
): Promise<Look<null>> {
  try {
    const { status, message } = await get();
    if (status === "Deleted") return { is: "done", value: null };
    return status === "Failed"
      ? { is: "failed", status, reason: message }
      : { is: "going-on", status };
  } catch (error) {
    if (isNotFound(error)) return { is: "done", value: null };
    throw error;
  }
}

/** What a command tells while it works. */
export function progressOf({ runtime, settings, printer }: CommandContext): Progress {
  return new Progress({
    stderr: runtime.streams.stderr,
    clock: runtime.clock,
    isSilent: settings.quiet || printer.format !== "table",
    color: settings.color,
  });
}

function failed(what: string, { status, reason }: { status: string; reason: string }): UserError {
  return new UserError(
    "api",
    `${what} failed${reason === "" ? ` (status ${status})` : `: ${reason}`}`,
    { hint: "Look at its events, then delete it or try again" },
  );
}
