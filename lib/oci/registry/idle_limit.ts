import { TransportError } from "../../runtime/transport_error.ts";

/** Ends a request when nothing has moved for some time; one timer, however many pieces move. */
export class IdleLimit {
  readonly #controller = new AbortController();
  #limitMs: number;
  #movedMs = performance.now();
  #timer: ReturnType<typeof setTimeout>;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#timer = setTimeout(() => this.#look(), limitMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something moved; from here on the limit may be another. */
  touch(limitMs?: number): void {
    this.#movedMs = performance.now();
    if (limitMs === undefined || limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), limitMs);
  }

  /** Ends the request now. */
  abort(): void {
    clearTimeout(this.#timer);
    this.#controller.abort(new TransportError("reset", "nobody reads on"));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const idleMs = performance.now() - this.#movedMs;
    if (idleMs < this.#limitMs - 1) {
      this.#timer = setTimeout(() => this.#look(), this.#limitMs - idleMs);
      return;
    }
    const reason = `nothing came for ${Math.round(this.#limitMs / 1000)} s`;
    this.#controller.abort(new TransportError("reset", reason, undefined, { isSilence: true }));
  }
}
