import type { ProgressParts } from "./progress.ts";
import { formatBytes } from "./bytes.ts";
import { sanitizeLine } from "./sanitize.ts";

export interface Transferred {
  doneBytes: number;
  totalBytes: number;
  /** What stands before the sizes; empty for nothing. */
  label: string;
}

const EVERY_MS = 10_000;
/** Elsewhere than on a terminal: a line each time a tenth is done. */
const PARTS = 10;
/** A terminal need not be drawn more often. */
const REDRAW_MS = 100;
const CLEAR_LINE = "\r\x1b[K";
const BAR = { least: 10, most: 60 };

/** Tells how far bytes have come: a bar on a terminal, a line every 10 s or 10 % elsewhere. */
export class TransferProgress {
  readonly #parts: ProgressParts;
  readonly #isLive: boolean;
  #drawnMs = -Infinity;
  #tenths = -1;

  constructor(parts: ProgressParts) {
    this.#parts = parts;
    this.#isLive = parts.stderr.isTerminal && parts.color;
  }

  /** A line that stays. */
  say(line: string): void {
    const { stderr, isSilent } = this.#parts;
    if (isSilent) return;
    stderr.write(`${this.#isLive ? CLEAR_LINE : ""}${sanitizeLine(line)}\n`);
    this.#drawnMs = -Infinity;
  }

  moved({ doneBytes, totalBytes, label }: Transferred): void {
    const { stderr, clock, isSilent } = this.#parts;
    if (isSilent) return;
    const share = totalBytes === 0 ? 1 : doneBytes / totalBytes;
    const nowMs = clock.monotonicMs();
    const sizes = `${formatBytes(doneBytes)} / ${formatBytes(totalBytes)}`;
    const percent = `${(100 * share).toFixed(2)}%`;
    const start = label === "" ? "" : `${sanitizeLine(label)} `;
    if (this.#isLive) {
      if (nowMs - this.#drawnMs < REDRAW_MS && share < 1) return;
      this.#drawnMs = nowMs;
      const room = (stderr.columns() ?? 80) - start.length - sizes.length - percent.length - 5;
      const width = Math.min(BAR.most, Math.max(BAR.least, room));
      const filled = Math.round(width * share);
      const bar = `${"=".repeat(filled)}${" ".repeat(width - filled)}`;
      stderr.write(`${CLEAR_LINE}${start}${sizes} [${bar}] ${percent}`);
      return;
    }
    const tenths = Math.floor(PARTS * share);
    if (tenths === this.#tenths && nowMs - this.#drawnMs < EVERY_MS) return;
    this.#tenths = tenths;
    this.#drawnMs = nowMs;
    stderr.write(`${start}${sizes} ${percent}\n`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#isLive && !this.#parts.isSilent) this.#parts.stderr.write(CLEAR_LINE);
  }
}
