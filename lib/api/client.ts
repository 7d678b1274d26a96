import { UserError } from "../errors.ts";
import type { Clock } from "../runtime/clock.ts";
import { type HttpResponse, type HttpTransport } from "../runtime/http.ts";
import { TransportError } from "../runtime/transport_error.ts";
import type { Log } from "../runtime/log.ts";
import type { Secret } from "../secrets/secret.ts";
import { Answer } from "./answer.ts";
import { type ApiError, apiErrorOf, notPalette } from "./api_error.ts";
import { BodyTooLarge, discardBody, isJson, problemOf, readBody } from "./body.ts";
import type { RateLimit } from "./rate_limit.ts";
import {
  Backoff,
  isTransientError,
  isTransientStatus,
  MAX_ATTEMPTS,
  retryAfterMs,
} from "./retry.ts";

export interface PaletteClientOptions {
  /** Origin of the console. */
  endpoint: URL;
  /** Sent in the `ApiKey` header; asked for once, with the first request that needs it. */
  apiKey: () => Promise<Secret>;
  /** Active project; null is the tenant's scope. */
  project: { name: string; uid: string } | null;
  /** From sending a request to the end of its answer. */
  timeoutMs?: number;
}

export interface PaletteClientParts {
  transport: HttpTransport;
  clock: Clock;
  rateLimit: RateLimit;
  log: Log;
  /** From 0 to below 1. */
  random: () => number;
  /** Ends every request when the run is stopped. */
  signal: AbortSignal;
}

export interface PaletteRequest {
  method: string;
  /** Path below the console's address, `/v1/...`, parameters encoded. */
  path: string;
  query?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent without the key: for what is asked before there is one. */
  isAnonymous?: boolean;
  /** The tenant's scope although a project is active. */
  inTenant?: boolean;
  /** Media type asked for; JSON by default. */
  accept?: string;
}

/** An answer that has begun; its body is still to be read. */
interface Exchange {
  response: HttpResponse;
  url: URL;
  /** Aborts reading the body. */
  signal: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const MAX_JSON_BYTES = 32 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_REDIRECTS = 5;
/** Paths that belong to the tenant, whatever project is active. */
const TENANT_PATHS =
  /^\/v1\/(auth|users|projects|tenants|system|overlords|dashboard\/projects)(\/|$)/;

/** Sends requests to one Palette as one user. */
export class PaletteClient {
  readonly endpoint: URL;
  readonly #options: PaletteClientOptions;
  readonly #parts: PaletteClientParts;
  #apiKey: Promise<Secret> | null = null;

  constructor(options: PaletteClientOptions, parts: PaletteClientParts) {
    this.endpoint = options.endpoint;
    this.#options = options;
    this.#parts = parts;
  }

  /** The same Palette and user, in another scope. */
  inScopeOf(project: { name: string; uid: string } | null): PaletteClient {
    return new PaletteClient({ ...this.#options, apiKey: () => this.#key(), project }, this.#parts);
  }

  /** The same Palette, user and scope, ended by another signal: for what must not stop half-way. */
  endedBy(signal: AbortSignal): PaletteClient {
    return new PaletteClient({ ...this.#options, apiKey: () => this.#key() }, {
      ...this.#parts,
      signal,
    });
  }

  /**
   * Sends a request and reads the JSON of its answer.
   * @throws {ApiError} For an error status, and an answer that is not Palette's.
   * @throws {UserError} `tls`, `network`
   */
  async call(request: PaletteRequest): Promise<Answer> {
    return await this.#retrying(request, async (exchange) => {
      const { response, url } = exchange;
      if (response.status === 204) {
        await discardBody(response);
        return new Answer(undefined, url);
      }
      if (!isJson(response)) {
        await discardBody(response);
        const type = response.headers.get("content-type") ?? "no content type";
        throw notPalette(url, `${type} instead of JSON`);
      }
      return new Answer(await readJson(exchange), url);
    });
  }

  /**
   * Sends a request and reads the text of its answer, of whatever type.
   * @throws {ApiError} `api` for one that is no text or larger than `limitBytes`.
   * @throws {UserError} `tls`, `network`
   */
  async text(request: PaletteRequest, limitBytes: number): Promise<string> {
    return await this.#retrying(request, async (exchange) => {
      const bytes = await readWhole(exchange, limitBytes);
      try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch (error) {
        throw notPalette(exchange.url, "it is no text", error);
      }
    });
  }

  /**
   * Sends a request and reads its answer, of whatever type.
   * @throws {ApiError} `api` for one that is larger than `limitBytes`.
   * @throws {UserError} `tls`, `network`
   */
  async bytes(request: PaletteRequest, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#retrying(request, (exchange) => readWhole(exchange, limitBytes));
  }

  close(): void {
    this.#parts.transport.close();
  }

  /** Tries until there is an answer that another try would not change, then reads it. */
  async #retrying<T>(
    request: PaletteRequest,
    read: (exchange: Exchange) => Promise<T>,
  ): Promise<T> {
    const { clock, random, signal, rateLimit } = this.#parts;
    const backoff = new Backoff(random);
    for (let attempt = 1;; attempt++) {
      const isLast = attempt === MAX_ATTEMPTS;
      let pauseMs: number | null = null;
      await rateLimit.take(request.path, signal);
      try {
        const exchange = await this.#send(request);
        const { response } = exchange;
        if (response.status < 300) return await read(exchange);
        const failure = await this.#failureOf(request, exchange);
        if (isLast || !isTransientStatus(response.status)) throw failure;
        const asked = retryAfterMs(response.headers.get("retry-after"), clock.now());
        if (asked === "too-long") throw failure;
        pauseMs = asked;
      } catch (error) {
        if (isLast || !isTransientError(error)) throw this.#unreachable(error);
      }
      pauseMs ??= backoff.nextPauseMs();
      this.#parts.log.warn(`trying ${request.method} ${request.path} again`, { pauseMs, attempt });
      await clock.sleep(pauseMs, signal);
    }
  }

  /** One try, redirects within the origin followed. */
  async #send(request: PaletteRequest): Promise<Exchange> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS);
    const signal = AbortSignal.any([this.#parts.signal, timeout]);
    const headers = await this.#headersOf(request);
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    let url = this.#urlOf(request);
    for (let redirects = 0;; redirects++) {
      const response = await this.#logged(
        request,
        url,
        () => this.#parts.transport.send({ method: request.method, url, headers, signal, ...body }),
      );
      const target = redirectOf(response, url);
      if (target === null) return { response, url, signal };
      await discardBody(response);
      const isSafe = request.method === "GET" || request.method === "HEAD";
      if (!isSafe || target.origin !== url.origin || redirects === MAX_REDIRECTS) {
        throw notPalette(url, `it redirects to ${target.origin}${target.pathname}`);
      }
      url = target;
    }
  }

  async #logged(
    { method }: PaletteRequest,
    url: URL,
    send: () => Promise<HttpResponse>,
  ): Promise<HttpResponse> {
    const { clock, log } = this.#parts;
    const startMs = clock.monotonicMs();
    const duration = () => `${Math.round(clock.monotonicMs() - startMs)}ms`;
    try {
      const response = await send();
      const requestId = response.headers.get("x-request-id") ?? undefined;
      log.trace(`${method} ${url}`, { status: response.status, duration: duration(), requestId });
      return response;
    } catch (error) {
      log.trace(`${method} ${url}`, { error: (error as Error).message, duration: duration() });
      throw error;
    }
  }

  async #headersOf({ path, accept, body, inTenant, isAnonymous }: PaletteRequest) {
    const headers: Record<string, string> = { accept: accept ?? "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (isAnonymous === true) return headers;
    headers["ApiKey"] = (await this.#key()).reveal();
    const project = this.#projectOf({ path, inTenant });
    if (project !== null) headers["ProjectUid"] = project.uid;
    return headers;
  }

  /** The project a request goes to; null in the tenant's scope. */
  #projectOf({ path, inTenant }: Pick<PaletteRequest, "path" | "inTenant">) {
    return inTenant === true || TENANT_PATHS.test(path) ? null : this.#options.project;
  }

  #urlOf({ path, query }: PaletteRequest): URL {
    const url = new URL(path, this.endpoint);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return url;
  }

  #key(): Promise<Secret> {
    return this.#apiKey ??= this.#options.apiKey();
  }

  async #failureOf(request: PaletteRequest, { response, signal }: Exchange): Promise<ApiError> {
    const project = this.#projectOf(request);
    let problem = {};
    try {
      problem = problemOf(await readBody(response, MAX_ERROR_BYTES, signal));
    } catch {
      // The status says enough.
      await discardBody(response);
    }
    return apiErrorOf(response.status, problem, {
      method: request.method,
      path: request.path,
      endpoint: this.endpoint.origin,
      scope: project === null ? "the tenant" : `project "${project.name || project.uid}"`,
    });
  }

  /** A failure to get an answer, in words of the user's. */
  #unreachable(error: unknown): unknown {
    const { origin, hostname, host } = this.endpoint;
    const isTimeout = error instanceof DOMException && error.name === "TimeoutError";
    if (isTimeout) return unreachable(origin, "no answer in time", error);
    if (!(error instanceof TransportError)) return error;
    if (error.kind !== "tls") return unreachable(origin, error.message, error);
    const isCa = error.message.includes("CA certificate");
    return new UserError(
      "tls",
      `Certificate of ${isCa ? host : hostname} not trusted: ${error.message}`,
      {
        hint: isCa
          ? "Give the server a certificate that is not marked as a CA, or pass --insecure"
          : "Pass --ca-file FILE with the CA's certificate, set DENO_TLS_CA_STORE=system to use this machine's list, or pass --insecure to skip the check",
        cause: error,
      },
    );
  }
}

function unreachable(origin: string, reason: string, cause: unknown): UserError {
  return new UserError("network", `Cannot reach ${origin}: ${reason}`, {
    hint: "Check the address, the network and the proxy settings (HTTPS_PROXY, NO_PROXY)",
    cause,
  });
}

/** Where an answer sends the caller; null when it is no redirect. */
function redirectOf(response: HttpResponse, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(response.status)) return null;
  const location = response.headers.get("location") ?? "";
  if (!URL.canParse(location, from)) throw notPalette(from, "it redirects to nowhere");
  return new URL(location, from);
}

async function readWhole(
  { response, url, signal }: Exchange,
  limitBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return await readBody(response, limitBytes, signal).catch((error) => {
    throw error instanceof BodyTooLarge ? notPalette(url, error.message, error) : error;
  });
}

async function readJson({ response, url, signal }: Exchange): Promise<unknown> {
  try {
    const bytes = await readBody(response, MAX_JSON_BYTES, signal);
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof BodyTooLarge) throw notPalette(url, error.message, error);
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw notPalette(url, "its JSON is not valid", error);
    }
    throw error;
  }
}
