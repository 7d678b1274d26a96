import { UserError } from "../../errors.ts";

/**
 * A stream that is sent in parts: each part is a stream of exactly so many bytes. It is opened when
 * the first byte is wanted, so that it holds nothing while its upload waits for its turn.
 */
export class BytePieces {
  readonly #open: () => Promise<ReadableStream<Uint8Array>>;
  #opened: ReadableStreamDefaultReader<Uint8Array> | null = null;
  readonly #what: string;
  #rest = new Uint8Array();
  #failure: unknown = null;
  #isCancelled = false;

  /** @param what Names it in errors. */
  constructor(open: () => Promise<ReadableStream<Uint8Array>>, what: string) {
    this.#open = open;
    this.#what = what;
  }

  /** What went wrong on this side while a part was sent; null when nothing did. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The next bytes; the part before has to be over. */
  take(length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let wanted = length;
    return new ReadableStream({
      pull: async (controller) => {
        try {
          while (this.#rest.length === 0 && wanted > 0) {
            const { value, done } = await (await this.#reader()).read();
            if (done) {
              throw new UserError(
                "integrity",
                `Cannot send ${this.#what}: it ended ${wanted} bytes early`,
              );
            }
            this.#rest = value as Uint8Array<ArrayBuffer>;
          }
        } catch (error) {
          // What comes after is no failure of the source.
          if (!this.#isCancelled) this.#failure = error;
          throw error;
        }
        const piece = this.#rest.subarray(0, wanted);
        this.#rest = this.#rest.subarray(piece.length);
        wanted -= piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        if (wanted === 0) controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /**
   * Reads on to the end, so that a source that checks itself has its say.
   * @throws What the source throws; {UserError} `integrity` when there is more.
   */
  async finish(): Promise<void> {
    const { done } = this.#rest.length > 0 ? { done: false } : await (await this.#reader()).read();
    if (done) return;
    await this.cancel();
    throw new UserError("integrity", `Cannot send ${this.#what}: it has more bytes than announced`);
  }

  /** Nobody wants more; a source that is being opened is let go of when it comes. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    await this.#opened?.cancel().catch(() => {});
  }

  async #reader(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    if (this.#opened !== null) return this.#opened;
    const stream = await this.#open();
    this.#opened = stream.getReader();
    if (this.#isCancelled) await this.cancel();
    return this.#opened;
  }
}
