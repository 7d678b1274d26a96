import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import {
  type Authorization,
  Authorizer,
  type TokenAnswer,
  type TokenRequest,
} from "./authorizer.ts";
import type { CredentialSource } from "../credentials/credentials.ts";
import { AnswerTooLarge, type Exchange } from "./exchange.ts";
import { problemOf, RegistryError, registryErrorOf } from "./registry_error.ts";
import {
  isTransientError,
  isTransientStatus,
  isWorthRetry,
  retryAfterMs,
  Unfinished,
  waitForRetry,
} from "./retry.ts";
import { Slots } from "./slots.ts";
import type { Wire, WireRequest } from "./wire.ts";

export interface ConnectionOptions {
  /** As references write it. */
  host: string;
  /** Blobs in flight in each direction, and other requests at once. */
  jobs: number;
  /** Tries after the first. */
  retries: number;
}

export interface ConnectionParts {
  wire: Wire;
  credentials: CredentialSource;
  clock: Clock;
  log: Log;
  /** From 0 to below 1. */
  random: () => number;
  signal: AbortSignal;
  onSecret: (text: string) => void;
}

export interface Call {
  method: string;
  /** Below the registry (`/v2/...`), or the whole address that the registry gave. */
  url: string | URL;
  /** What the request needs of a token. */
  scopes: readonly string[];
  headers?: Record<string, string>;
  /** A stream is sent once: there is no second try. */
  body?: WireRequest["body"];
  /** Statuses that are given back; any other is an error. */
  accepts: readonly number[];
  /** What it is for, after `Cannot`: `read blob sha256:...`. */
  action: string;
  /** Counts against this limit until the answer is over. */
  slot?: "read" | "write";
  answerMs?: number;
}

/** An answer and its whole body. */
export interface Answer {
  exchange: Exchange;
  bytes: Uint8Array<ArrayBuffer>;
}

const MAX_ERROR_BYTES = 64 * 1024;
const MAX_TOKEN_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** One 401 tells what is wanted, another one that a token has expired. */
const MAX_RENEWALS = 2;

/** Requests to one registry: with credentials, limits, retries, and redirects that are safe. */
export class Connection {
  readonly host: string;
  readonly retries: number;
  readonly #parts: ConnectionParts;
  readonly #authorizer: Authorizer;
  readonly #slots: Record<"short" | "read" | "write", Slots>;
  #hasAnswered = false;

  constructor({ host, jobs, retries }: ConnectionOptions, parts: ConnectionParts) {
    this.host = host;
    this.retries = retries;
    this.#parts = parts;
    // Apart from one another: an upload waits for the download that feeds it, never the reverse.
    this.#slots = { short: new Slots(jobs), read: new Slots(jobs), write: new Slots(jobs) };
    this.#authorizer = new Authorizer({
      ...parts,
      host,
      base: () => parts.wire.base(),
      send: (request) => this.#sendToken(request),
    });
  }

  /** Origin of the registry. */
  base(): Promise<URL> {
    return this.#parts.wire.base();
  }

  /** Whether the registry has asked for credentials so far. */
  get wantsCredentials(): boolean {
    return this.#authorizer.isAsked;
  }

  /**
   * Sends a request until there is an answer that another try would not change.
   * @throws {RegistryError} For a status that the call does not accept.
   * @throws {UserError} `tls`, `network`, `credentials`
   * @throws {TransportError} Only for a stream: it may be sent again.
   */
  async call(call: Call): Promise<Exchange> {
    const isOnce = call.body instanceof ReadableStream;
    for (let failures = 1;; failures++) {
      const isLast = isOnce || failures > this.retries;
      let asked: number | null = null;
      try {
        const { exchange, used } = await this.#attempt(call);
        if (call.accepts.includes(exchange.status)) return exchange;
        const error = await this.#errorOf(call, exchange, used);
        const wanted = retryAfterMs(exchange.headers.get("retry-after"), this.#parts.clock.now());
        if (!isTransientStatus(exchange.status) || wanted === "too-long") throw error;
        if (isOnce) throw new Unfinished(error.message, error, wanted);
        if (isLast) throw error;
        asked = wanted;
      } catch (error) {
        const isWorth = isWorthRetry(error, this.#hasAnswered);
        if (isOnce && isWorth) throw error;
        if (isLast || !isWorth) {
          throw this.#parts.wire.unreachable(error, call.action);
        }
      }
      await this.pause(failures, call.action, asked);
    }
  }

  /**
   * As `call`, with the whole body; one that breaks off is asked for again.
   * @throws {AnswerTooLarge}
   */
  async read(call: Call, limitBytes: number): Promise<Answer> {
    for (let failures = 1;; failures++) {
      const exchange = await this.call(call);
      try {
        return { exchange, bytes: await exchange.read(limitBytes) };
      } catch (error) {
        if (!isTransientError(error) || failures > this.retries) {
          throw this.failed(error, call.action);
        }
      }
      await this.pause(failures, call.action);
    }
  }

  /** Waits before another try. */
  async pause(failures: number, action: string, askedMs: number | null = null): Promise<void> {
    await waitForRetry({ failures, action, askedMs }, this.#parts);
  }

  /**
   * Address of a place that an answer names; one on this registry keeps its protocol.
   * @throws {RegistryError} When it leads from https to http, or nowhere.
   */
  async resolve(location: string | null, from: URL, action: string): Promise<URL> {
    const base = await this.#parts.wire.base();
    if (location === null || !URL.canParse(location, from)) {
      throw notRegistry(this.host, action, "it redirects to nowhere");
    }
    const target = new URL(location, from);
    // Registries behind a proxy that ends TLS often do not know that it does.
    if (target.protocol === "http:" && base.protocol === "https:" && target.host === base.host) {
      target.protocol = "https:";
    }
    const isSafe = target.protocol === "https:" ||
      (target.protocol === "http:" && from.protocol === "http:");
    if (isSafe && target.username === "" && target.password === "") return target;
    throw notRegistry(
      this.host,
      action,
      `it redirects to ${target.protocol}//${target.host}, which is not safe`,
    );
  }

  /** A failure in the middle of a body, in words of the user's. */
  failed(error: unknown, action: string): unknown {
    if (error instanceof Unfinished && error.final !== null) return error.final;
    return this.#parts.wire.unreachable(error, action);
  }

  close(): void {
    this.#parts.wire.close();
  }

  /** One try, redirects followed, credentials renewed. */
  async #attempt(call: Call): Promise<{ exchange: Exchange; used: Authorization | null }> {
    const { wire } = this.#parts;
    const base = await wire.base();
    let url = new URL(call.url, base);
    let redirects = 0;
    let renewals = 0;
    for (;;) {
      const isOwn = url.origin === base.origin;
      // Before the slot is taken: it may need requests of its own.
      const used = isOwn ? await this.#authorizer.authorize(call.scopes) : null;
      const free = await this.#slots[call.slot ?? "short"].take();
      const exchange = await wire.exchange({
        method: call.method,
        url,
        headers: {
          // A blob has to come as it is stored.
          "accept-encoding": "identity",
          ...call.headers,
          ...(used === null ? {} : { authorization: used.header }),
        },
        ...(call.body === undefined ? {} : { body: call.body }),
        ...(call.answerMs === undefined ? {} : { answerMs: call.answerMs }),
        onEnd: free,
      });
      this.#hasAnswered = true;
      if (exchange.status === 401 && isOwn && renewals++ < MAX_RENEWALS) {
        const isWorth = await this.#authorizer.learn(exchange.headers, call.scopes, used)
          .catch(async (error) => {
            // It would hold the program until its time is up.
            await exchange.discard();
            throw error;
          });
        if (isWorth) {
          await exchange.discard();
          if (call.body instanceof ReadableStream) {
            throw new Unfinished("the registry wants a new token");
          }
          continue;
        }
      }
      if (!REDIRECTS.includes(exchange.status) || call.accepts.includes(exchange.status)) {
        return { exchange, used };
      }
      await exchange.discard();
      const target = await this.resolve(exchange.headers.get("location"), url, call.action);
      if ((call.method !== "GET" && call.method !== "HEAD") || redirects++ === MAX_REDIRECTS) {
        throw notRegistry(this.host, call.action, `it redirects to ${target.host}`);
      }
      url = target;
    }
  }

  async #sendToken(request: TokenRequest): Promise<TokenAnswer> {
    const { wire } = this.#parts;
    const action = `get a token of ${this.host} from ${request.url.host}`;
    for (let failures = 1;; failures++) {
      const isLast = failures > this.retries;
      try {
        const exchange = await wire.exchange(request);
        const { status } = exchange;
        const bytes = await exchange.read(MAX_TOKEN_BYTES);
        if (isLast || !isTransientStatus(status)) return { status, bytes };
      } catch (error) {
        if (error instanceof AnswerTooLarge) throw notRegistry(this.host, action, error.message);
        if (isLast || !isTransientError(error)) throw wire.unreachable(error, action);
      }
      await this.pause(failures, action);
    }
  }

  async #errorOf(
    { action }: Call,
    exchange: Exchange,
    used: Authorization | null,
  ): Promise<RegistryError> {
    let problem = null;
    try {
      problem = problemOf(await exchange.read(MAX_ERROR_BYTES));
    } catch {
      // The status says enough.
      await exchange.discard();
    }
    return registryErrorOf(exchange.status, problem, {
      action,
      host: this.host,
      hadCredentials: used?.hadCredentials === true,
    });
  }
}

/** The other side answered, but not as a registry would. */
export function notRegistry(host: string, action: string, reason: string): RegistryError {
  return new RegistryError(
    "api",
    `Cannot ${action}: ${host} does not answer like a registry: ${reason}`,
    { hint: "Check the address; a proxy or a login page may stand between" },
  );
}
