import type { Clock } from "../../lib/runtime/clock.ts";

export interface FakeClockOptions {
  /** Time of the first `now()`. */
  start?: Date;
  /** How far each look at the clock moves it; 0 makes it stand still. */
  stepMs?: number;
}

/** A clock that moves only when told to; sleeping takes no time and is recorded. */
export class FakeClock implements Clock {
  /** Durations of all calls of `sleep`, in order. */
  readonly sleeps: number[] = [];
  readonly #stepMs: number;
  #timeMs: number;

  constructor({ start = new Date("2026-01-02T15:04:05Z"), stepMs = 0 }: FakeClockOptions = {}) {
    this.#timeMs = start.getTime();
    this.#stepMs = stepMs;
  }

  now(): Date {
    return new Date(this.#look());
  }

  monotonicMs(): number {
    return this.#look();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.sleeps.push(ms);
    this.advance(ms);
    return Promise.resolve();
  }

  advance(ms: number): void {
    this.#timeMs += ms;
  }

  #look(): number {
    const timeMs = this.#timeMs;
    this.#timeMs += this.#stepMs;
    return timeMs;
  }
}
