/** Nothing moved for too long. */
export class Stalled extends Error {
  override readonly name = "Stalled";
}

/**
 * Aborts what does not go on. A limit for the whole would be wrong for bodies of any size on
 * networks of any speed.
 */
export class StallWatch {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  /** Aborts when nothing moves in time, with `Stalled`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something moved; the next thing has to within `limitMs`. */
  expect(limitMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Stalled(`nothing moved for ${Math.round(limitMs / 1000)} s`));
    }, limitMs);
  }

  /** Nothing is expected for now. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Nothing is expected any more, whatever is left of a body: a timer would hold the process. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
