import type { TransferOptions } from "./transfer_command.ts";

/** What `content push` is told. */
export interface PushContentOptions {
  file: string | undefined;
  registry: string | undefined;
  /** As they were written. */
  selectors: readonly string[];
  /** A tag that points elsewhere is an error. */
  keepsTags: boolean;
  transfer: TransferOptions;
}
