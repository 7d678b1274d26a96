import { TransportError } from "../runtime/transport_error.ts";

/** Tries of one request, the first included. */
export const MAX_ATTEMPTS = 4;

const FIRST_PAUSE_MS = 2_000;
/** A longer wait than this is for the user to decide. */
const MAX_RETRY_AFTER_MS = 120_000;

/** Pauses between tries: each twice the one before, and a random part of it. */
export class Backoff {
  #nextMs = FIRST_PAUSE_MS;
  readonly #random: () => number;

  /** @param random From 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  nextPauseMs(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = 2 * pauseMs + this.#random() * pauseMs / 2;
    return pauseMs;
  }
}

/** Worth another try: too many requests, and trouble between here and Palette. */
export function isTransientStatus(status: number): boolean {
  return status === 429 || status > 500;
}

/** An open connection broke. */
export function isTransientError(error: unknown): boolean {
  return error instanceof TransportError && error.kind === "reset";
}

/**
 * What `Retry-After` asks for (RFC 9110, 10.2.3: seconds or a date); null when it says nothing that
 * can be obeyed, `too-long` when nobody would wait for it.
 */
export function retryAfterMs(header: string | null, now: Date): number | null | "too-long" {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  if (Number.isNaN(ms)) return null;
  return ms > MAX_RETRY_AFTER_MS ? "too-long" : Math.max(0, ms);
}
