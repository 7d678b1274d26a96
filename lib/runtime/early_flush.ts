const STEP_BYTES = 32 * 1024 * 1024;

/**
 * Sends a large file to the disk while it is written, so that the flush at its end has little left
 * to do. On a handle of its own: calls on one handle wait for each other.
 */
export class EarlyFlush {
  readonly #path: string;
  #newBytes = 0;
  #running: Promise<void> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** So many bytes more are in the file. */
  wrote(count: number): void {
    this.#newBytes += count;
    if (this.#newBytes < STEP_BYTES || this.#running !== null) return;
    this.#newBytes = 0;
    this.#running = this.#flush().finally(() => this.#running = null);
  }

  /** Waits for what is running. */
  async end(): Promise<void> {
    await this.#running;
  }

  /** A failure is not lost: the flush at the end meets it, too. */
  async #flush(): Promise<void> {
    try {
      using file = await Deno.open(this.#path, { write: true });
      await file.syncData();
    } catch {
      // See above.
    }
  }
}
