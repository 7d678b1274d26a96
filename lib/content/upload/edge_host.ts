import type { ApiProblem } from "../../api/api_error.ts";
import { BodyTooLarge, problemOf, readBody } from "../../api/body.ts";
import { Backoff, retryAfterMs } from "../../api/retry.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { HttpTransport } from "../../runtime/http.ts";
import type { Log } from "../../runtime/log.ts";
import { TransportError } from "../../runtime/transport_error.ts";
import type { Secret } from "../../secrets/secret.ts";
import { authRefused, hostUnreachable } from "./edge_error.ts";
import { Stalled, StallWatch } from "./stall_watch.ts";

export interface EdgeHostParts {
  transport: HttpTransport;
  clock: Clock;
  log: Log;
  /** From 0 to below 1. */
  random: () => number;
  /** Ends every request when the run is stopped. */
  signal: AbortSignal;
  /** Longest time in which nothing moves. */
  stallMs?: number;
}

/** A body that can be sent again. */
export interface EdgeBody {
  type: string;
  size: number;
  /** None is overwritten by the next: the transport holds one while the next is made. */
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

export interface EdgeRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  body?: EdgeBody;
  /** Ends this request alone. */
  signal?: AbortSignal;
  /** How long the host may think after the last byte. */
  answerMs?: number;
}

export interface EdgeAnswer {
  status: number;
  /** Parsed; null when it is no JSON. */
  json: unknown;
  problem: ApiProblem;
  /** What `Retry-After` asks for; null when it does not. */
  retryAfterMs: number | null;
}

const STALL_MS = 60_000;
const ANSWER_MS = 120_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_ATTEMPTS = 5;

/** The local management API of one Edge host, with the token for uploads. */
export class EdgeHost {
  /** `host:port`, for messages. */
  readonly place: string;
  readonly #origin: URL;
  readonly #token: Secret;
  readonly #parts: EdgeHostParts;
  /** How the token is sent; null until an answer told. */
  #scheme: "" | "Bearer " | null = null;

  constructor(origin: URL, token: Secret, parts: EdgeHostParts) {
    this.#origin = origin;
    this.#token = token;
    this.#parts = parts;
    this.place = `${origin.hostname}:${origin.port || (origin.protocol === "http:" ? 80 : 443)}`;
  }

  /** Pauses between tries of one thing. */
  backoff(): Backoff {
    return new Backoff(this.#parts.random);
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get log(): Log {
    return this.#parts.log;
  }

  get signal(): AbortSignal {
    return this.#parts.signal;
  }

  /**
   * Asks for something small, again when the connection breaks or the host is busy.
   * @throws {UserError} `auth-invalid`, `network`, `tls`
   */
  async call(request: EdgeRequest): Promise<EdgeAnswer> {
    const backoff = this.backoff();
    for (let attempt = 1;; attempt++) {
      let pauseMs: number | null = null;
      try {
        const answer = await this.send(request);
        if (attempt === MAX_ATTEMPTS || !isBusy(answer.status)) return answer;
        pauseMs = answer.retryAfterMs;
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isBroken(error)) throw hostUnreachable(this.place, error);
      }
      pauseMs ??= backoff.nextPauseMs();
      this.log.warn(`trying ${request.method} ${request.path} again`, { pauseMs, attempt });
      await this.clock.sleep(pauseMs, this.signal);
    }
  }

  /**
   * Sends a request once. The header that carries the token is not documented: it goes as it is,
   * and as a Bearer token when the host does not know it so.
   * @throws {UserError} `auth-invalid`
   * @throws {TransportError | Stalled} When no answer came.
   */
  async send(request: EdgeRequest): Promise<EdgeAnswer> {
    const answer = await this.#sendAs(this.#scheme ?? "", request);
    if (answer.status !== 401) {
      this.#scheme ??= "";
      return answer;
    }
    if (this.#scheme === null) {
      const again = await this.#sendAs("Bearer ", request);
      if (again.status !== 401) {
        this.#scheme = "Bearer ";
        return again;
      }
    }
    throw authRefused(this.place);
  }

  async #sendAs(scheme: string, request: EdgeRequest): Promise<EdgeAnswer> {
    const { transport, clock, log, stallMs = STALL_MS } = this.#parts;
    const watch = new StallWatch();
    const answerMs = request.answerMs ?? ANSWER_MS;
    const given = request.signal === undefined ? [] : [request.signal];
    const left = new AbortController();
    const signals = [this.signal, watch.signal, left.signal, ...given];
    const signal = AbortSignal.any(signals);
    const { json, body } = request;
    const url = new URL(request.path, this.#origin);
    /** What reading the body threw: the transport would hide it. */
    const failed: { error?: unknown } = {};
    let isSent = body === undefined;
    const startMs = clock.monotonicMs();
    const trace = (fields: Record<string, unknown>) =>
      log.trace(`${request.method} ${url}`, {
        ...fields,
        duration: `${Math.round(clock.monotonicMs() - startMs)}ms`,
      });
    watch.expect(body === undefined ? answerMs : stallMs);
    try {
      const response = await transport.send({
        method: request.method,
        url,
        headers: {
          accept: "application/json",
          authorization: `${scheme}${this.#token.reveal()}`,
          ...(json === undefined ? {} : { "content-type": "application/json" }),
          ...(body === undefined
            ? {}
            : { "content-type": body.type, "content-length": String(body.size) }),
          ...request.headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(body === undefined ? {} : {
          body: streamOf(body, {
            onPiece: () => watch.expect(stallMs),
            onEnd: () => {
              isSent = true;
              watch.expect(answerMs);
            },
            onError: (error) => failed.error = error,
          }),
        }),
        signal,
      });
      const bytes = await readBody(response, MAX_ANSWER_BYTES, signal);
      trace({ status: response.status });
      return {
        status: response.status,
        json: jsonOf(bytes),
        problem: problemOf(bytes),
        retryAfterMs: pauseOf(response.headers.get("retry-after"), clock),
      };
    } catch (error) {
      this.signal.throwIfAborted();
      const cause = failed.error ?? (watch.signal.aborted ? watch.signal.reason : error);
      trace({ error: (cause as Error).message });
      if (cause instanceof BodyTooLarge) throw new TransportError("network", cause.message, cause);
      throw cause;
    } finally {
      watch.stop();
      // A host that says no before the end does not get the rest.
      if (!isSent) left.abort();
    }
  }
}

/** Worth another try: too many requests, and a host that restarts. */
export function isBusy(status: number): boolean {
  return status === 408 || status === 425 || status === 429 ||
    (status >= 502 && status <= 504);
}

/** Worth another try: an open connection broke, or stood still. */
export function isBroken(error: unknown): boolean {
  return error instanceof Stalled || error instanceof TransportError && error.kind === "reset";
}

function streamOf(
  body: EdgeBody,
  watch: { onPiece: () => void; onEnd: () => void; onError: (error: unknown) => void },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = body.pieces()[Symbol.asyncIterator]();
  let left = body.size;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done === true) return controller.close();
        watch.onPiece();
        left -= value.length;
        controller.enqueue(value);
        if (left > 0) return;
        // With the last byte, not when the transport asks for more: it may never do.
        await pieces.return?.();
        watch.onEnd();
        controller.close();
      } catch (error) {
        watch.onError(error);
        controller.error(error);
      }
    },
    async cancel() {
      await pieces.return?.();
    },
  }, { highWaterMark: 0 });
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function pauseOf(header: string | null, clock: Clock): number | null {
  const ms = retryAfterMs(header, clock.now());
  return ms === "too-long" ? null : ms;
}
