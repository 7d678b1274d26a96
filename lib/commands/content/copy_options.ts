import type { TransferOptions } from "./transfer_command.ts";

/** What `content copy` is told. */
export interface CopyContentOptions {
  source: string | undefined;
  destination: string | undefined;
  /** As they were written. */
  selectors: readonly string[];
  transfer: TransferOptions;
}
