import type { HttpResponse } from "../../runtime/http.ts";
import { concatBytes } from "../../runtime/streams.ts";
import { transportErrorOf } from "../../runtime/transport_error.ts";
import type { IdleLimit } from "./idle_limit.ts";

/** An answer is larger than anything a registry sends there. */
export class AnswerTooLarge extends Error {
  override readonly name = "AnswerTooLarge";
}

export interface ExchangeParts {
  url: URL;
  idle: IdleLimit;
  /** Aborts reading the body. */
  signal: AbortSignal;
  /** Called once, when the answer is over. */
  onEnd: () => void;
}

/** An answer that has begun. Read it, or discard it: it holds a connection until then. */
export class Exchange {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from, redirects followed. */
  readonly url: URL;
  readonly #response: HttpResponse;
  readonly #parts: ExchangeParts;

  constructor(response: HttpResponse, parts: ExchangeParts) {
    this.status = response.status;
    this.headers = response.headers;
    this.url = parts.url;
    this.#response = response;
    this.#parts = parts;
    if (response.body === null) this.#end();
  }

  /**
   * The body as it comes.
   * @throws {TransportError} When the connection breaks before its end, or stands still.
   */
  async *pieces(): AsyncGenerator<Uint8Array> {
    const { signal, idle } = this.#parts;
    const { body } = this.#response;
    if (body === null) return;
    try {
      for await (const piece of body) {
        idle.touch();
        yield piece;
        idle.touch();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw transportErrorOf(error);
    } finally {
      this.#end();
    }
  }

  /**
   * The body as a whole.
   * @throws {AnswerTooLarge}
   */
  async read(limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.pieces()) {
      size += piece.length;
      if (size > limitBytes) throw new AnswerTooLarge(`more than ${limitBytes} bytes`);
      pieces.push(piece);
    }
    return concatBytes(pieces);
  }

  /** Lets go of a body that nobody reads, or reads on. */
  async discard(): Promise<void> {
    const { body } = this.#response;
    // Whoever waits for the next piece would wait on: only the request can be told.
    if (body?.locked === true) this.#parts.idle.abort();
    else await body?.cancel().catch(() => {});
    this.#end();
  }

  #end(): void {
    this.#parts.idle.stop();
    this.#parts.onEnd();
  }
}
