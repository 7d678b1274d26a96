import { TransportError } from "../../runtime/transport_error.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A longer wait than this is for the user to decide. */
const MAX_RETRY_AFTER_MS = 300_000;

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
