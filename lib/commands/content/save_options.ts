import type { TransferOptions } from "./transfer_command.ts";

/** What `content save` is told. */
export interface SaveContentOptions {
  source: string | undefined;
  /** Undefined: the current folder. */
  output: string | undefined;
  compressionLevel: number;
  /** Nothing but the definition is written. */
  definitionOnly: boolean;
  /** The OCI layout is left beside the archive. */
  keepsLayout: boolean;
  transfer: TransferOptions;
}
