import type { TransferProgress } from "../../output/transfer_progress.ts";
import type { CommandContext } from "../context.ts";
import type { TransferOptions } from "./transfer_command.ts";
import { transferProgressOf } from "./transfer_progress.ts";

/** Counts the bytes of one step after another, and shows how far they are. */
export class ByteMeter {
  readonly #progress: TransferProgress;
  #label = "";
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(options: Pick<TransferOptions, "progress">, context: CommandContext) {
    this.#progress = transferProgressOf(options, context);
  }

  begin(label: string, totalBytes: number): void {
    this.#label = label;
    this.#doneBytes = 0;
    this.#totalBytes = totalBytes;
  }

  add(count: number): void {
    // A blob that begins anew is counted anew, too.
    this.#doneBytes = Math.min(this.#totalBytes, this.#doneBytes + count);
    this.#progress.moved({
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      label: this.#label,
    });
  }

  end(): void {
    this.#progress.end();
  }
}
