import type { Clock } from "../runtime/clock.ts";
import type { OutputStream } from "../runtime/streams.ts";
import { sanitizeLine } from "./sanitize.ts";

export interface ProgressParts {
  stderr: OutputStream;
  clock: Clock;
  /** No line at all: with `--quiet`, and where stderr carries one document. */
  isSilent: boolean;
  /** Escape codes may be used. */
  color: boolean;
}

const EVERY_MS = 10_000;
const CLEAR_LINE = "\r\x1b[K";

/**
 * Tells people how something goes on: one line that changes on a terminal; elsewhere a line when
 * the text changes, and every 10 s while it does not.
 */
export class Progress {
  readonly #parts: ProgressParts;
  readonly #isLive: boolean;
  #last = { text: "", atMs: -Infinity };

  constructor(parts: ProgressParts) {
    this.#parts = parts;
    this.#isLive = parts.stderr.isTerminal && parts.color;
  }

  show(text: string): void {
    const { stderr, clock, isSilent } = this.#parts;
    if (isSilent) return;
    const line = sanitizeLine(text);
    if (this.#isLive) {
      const columns = stderr.columns() ?? 80;
      stderr.write(`${CLEAR_LINE}${line.slice(0, columns - 1)}`);
    } else {
      const nowMs = clock.monotonicMs();
      if (text === this.#last.text && nowMs - this.#last.atMs < EVERY_MS) return;
      this.#last = { text, atMs: nowMs };
      stderr.write(`${line}\n`);
    }
  }

  /** Takes the changing line away again. */
  end(): void {
    if (this.#isLive && !this.#parts.isSilent) this.#parts.stderr.write(CLEAR_LINE);
  }
}
