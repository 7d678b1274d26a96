/** What an upload tells while it goes on. */
export interface UploadReport {
  /** Something happened, in words. */
  say(line: string): void;
  /** Something moved. */
  moved(progress: UploadProgress): void;
}

export interface UploadProgress {
  doneBytes: number;
  totalBytes: number;
  /** In words: `uploaded 3/80 chunks`; null in one stream. */
  chunks: string | null;
}

/** What an upload came to. */
export interface UploadResult {
  protocol: "chunked" | "legacy";
  fileName: string;
  size: number;
  /** Bytes that went over the wire in this run. */
  sentBytes: number;
  elapsedMs: number;
  /** Null in one stream. */
  chunks: { count: number; resumed: number } | null;
  /** Hexadecimal; null when nobody has read the whole file in order. */
  sha256: string | null;
  /** What the host said at the end. */
  message: string;
}
