import type { UserError } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import { TransportError } from "../../runtime/transport_error.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A longer wait than this is for the user to decide. */
const MAX_RETRY_AFTER_MS = 300_000;

export interface RetryParts {
  clock: Clock;
  log: Log;
  /** From 0 to below 1. */
  random: () => number;
  signal: AbortSignal;
}

/** A request was in vain; whoever can make it again may try. */
export class Unfinished extends TransportError {
  /** What to tell the user when nobody tries again. */
  readonly final: UserError | null;
  /** How long the other side asks to wait. */
  readonly askedMs: number | null;

  constructor(reason: string, final: UserError | null = null, askedMs: number | null = null) {
    super("reset", reason);
    this.final = final;
    this.askedMs = askedMs;
  }
}

/** Waits before another try, as long as the other side asks for, else longer with each failure. */
export async function waitForRetry(
  { failures, action, askedMs }: { failures: number; action: string; askedMs: number | null },
  { clock, log, random, signal }: RetryParts,
): Promise<void> {
  const ms = askedMs ?? pauseMs(failures, random);
  log.warn(`trying again to ${action}`, { pauseMs: ms, failures });
  await clock.sleep(ms, signal);
}

/** Whether a failed request is worth another try: who answered before may only be restarting. */
export function isWorthRetry(error: unknown, hasAnswered: boolean): boolean {
  return isTransientError(error) ||
    (hasAnswered && error instanceof TransportError && error.kind === "network");
}

/**
 * The pause before try number `failures + 1`: twice as long each time, half of it by chance, so that
 * parallel requests do not come back together.
 * @param random From 0 to below 1.
 */
export function pauseMs(failures: number, random: () => number): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return Math.round(whole / 2 + random() * whole / 2);
}

/** Worth another try: too many requests, and trouble inside the registry or on the way to it. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 507);
}

/** An open connection broke, or stood still. */
export function isTransientError(error: unknown): boolean {
  return error instanceof TransportError && error.kind === "reset";
}

/** What `Retry-After` asks for (RFC 9110, 10.2.3); null when it says nothing that can be obeyed. */
export function retryAfterMs(header: string | null, now: Date): number | null | "too-long" {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  if (Number.isNaN(ms)) return null;
  return ms > MAX_RETRY_AFTER_MS ? "too-long" : Math.max(0, ms);
}
