import { UserError } from "../../errors.ts";
import type {
  HttpRequest,
  HttpResponse,
  HttpTransport,
  OpenTransport,
  TlsTrust,
} from "../../runtime/http.ts";
import type { Log } from "../../runtime/log.ts";
import { TransportError } from "../../runtime/transport_error.ts";
import { Exchange } from "./exchange.ts";
import { IdleLimit } from "./idle_limit.ts";

export interface WireOptions extends TlsTrust {
  /** As references write it. */
  host: string;
  /** Never TLS. */
  plainHttp: boolean;
}

export interface WireParts {
  openTransport: OpenTransport;
  log: Log;
  /** Ends every request when the run is stopped. */
  signal: AbortSignal;
}

export interface WireRequest extends Omit<HttpRequest, "signal"> {
  /** How long nothing may move before the answer begins. */
  answerMs?: number;
  /** Called when the answer is over. */
  onEnd?: () => void;
}

const ANSWER_MS = 60_000;
/** How long nothing may move inside a body. */
const IDLE_MS = 60_000;
/** References say one thing, its API listens at another. */
const API_HOSTS: Record<string, string> = { "docker.io": "registry-1.docker.io" };

/** Sends requests to one registry and to the places it points to; knows nothing of credentials. */
export class Wire {
  readonly #options: WireOptions;
  readonly #parts: WireParts;
  #own: Promise<HttpTransport> | null = null;
  #foreign: Promise<HttpTransport> | null = null;
  #base: Promise<URL> | null = null;

  constructor(options: WireOptions, parts: WireParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * Origin of the registry. Plain HTTP where it is asked for; with `insecure`, and on this machine,
   * also where nothing speaks TLS.
   */
  base(): Promise<URL> {
    return this.#base ??= this.#findBase().catch((error) => {
      // Whoever tries again looks again.
      this.#base = null;
      throw error;
    });
  }

  /**
   * One try.
   * @throws {TransportError} When no answer came.
   */
  async exchange({ answerMs = ANSWER_MS, onEnd, ...request }: WireRequest): Promise<Exchange> {
    const idle = new IdleLimit(answerMs);
    const signal = AbortSignal.any([this.#parts.signal, idle.signal]);
    const startMs = performance.now();
    // Queries of presigned addresses are credentials.
    const line = `${request.method} ${request.url.origin}${request.url.pathname}`;
    let response: HttpResponse;
    try {
      const transport = await this.#transportTo(request.url);
      const body = request.body instanceof ReadableStream
        ? { body: touching(request.body, idle) }
        : {};
      response = await transport.send({ ...request, ...body, signal });
    } catch (error) {
      idle.stop();
      onEnd?.();
      this.#parts.log.trace(line, { error: (error as Error).message });
      throw error;
    }
    const duration = `${Math.round(performance.now() - startMs)}ms`;
    this.#parts.log.trace(line, { status: response.status, duration });
    idle.touch(IDLE_MS);
    return new Exchange(response, { url: request.url, idle, signal, onEnd: onEnd ?? (() => {}) });
  }

  close(): void {
    for (const transport of [this.#own, this.#foreign]) {
      void transport?.then((opened) => opened.close(), () => {});
    }
  }

  /** A failure to get an answer, in words of the user's. */
  unreachable(error: unknown, action: string): unknown {
    const { host } = this.#options;
    if (!(error instanceof TransportError)) return error;
    if (error.kind !== "tls") {
      return new UserError("network", `Cannot ${action}: ${host}: ${error.message}`, {
        hint: "Check the address, the network and the proxy settings (HTTPS_PROXY, NO_PROXY)",
        cause: error,
      });
    }
    if (isPlain(error)) {
      return new UserError("tls", `Cannot ${action}: ${host}: ${error.message}`, {
        hint: "Check the address and the port; http:// before the address means plain HTTP",
        cause: error,
      });
    }
    return new UserError("tls", `Certificate of ${host} not trusted: ${error.message}`, {
      hint: error.message.includes("CA certificate")
        ? "Give the server a certificate that is not marked as a CA, or pass --insecure"
        : "Pass --ca-cert FILE with the CA's certificate, or --insecure to skip the check",
      cause: error,
    });
  }

  async #transportTo(url: URL): Promise<HttpTransport> {
    const { insecure, caCertificates, clientCertificate, host } = this.#options;
    const { openTransport } = this.#parts;
    // The client certificate is a credential, too: nobody else sees it.
    if (url.host === hostOf(host) || clientCertificate === undefined) {
      return await (this.#own ??= openTransport({
        insecure,
        caCertificates,
        ...(clientCertificate === undefined ? {} : { clientCertificate }),
      }));
    }
    return await (this.#foreign ??= openTransport({ insecure, caCertificates }));
  }

  async #findBase(): Promise<URL> {
    const { plainHttp, insecure, host } = this.#options;
    const name = API_HOSTS[host] ?? host;
    const secure = new URL(`https://${name}`);
    const plain = new URL(`http://${name}`);
    if (plainHttp) return plain;
    if (!insecure && !isLoopback(secure.hostname)) return secure;
    let speaksPlain = false;
    let isSilent = false;
    try {
      await (await this.#probe(secure)).discard();
      return secure;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      speaksPlain = isPlain(error);
      isSilent = error.isSilence;
      if (error.kind === "tls" && !speaksPlain && !insecure) return secure;
    }
    try {
      const exchange = await this.#probe(plain);
      await exchange.discard();
      // What speaks TLS answers plain text with 400; a proxy answers for a server it cannot reach.
      const isOther = exchange.status >= 500 && !speaksPlain;
      if (isOther || exchange.status === 400) return secure;
      this.#parts.log.warn(`${host} does not speak TLS: using plain HTTP`);
      return plain;
    } catch (error) {
      // What takes a connection and answers in no language answers no request either.
      if (!(error instanceof TransportError) || (isSilent && error.isSilence)) throw error;
      return secure;
    }
  }

  #probe(origin: URL): Promise<Exchange> {
    return this.exchange({
      method: "GET",
      url: new URL("/v2/", origin),
      headers: {},
      answerMs: 10_000,
    });
  }
}

/** The other side said something, and it was not TLS. */
function isPlain(error: TransportError): boolean {
  return error.kind === "tls" && error.message.includes("does not speak TLS");
}

function hostOf(host: string): string {
  return new URL(`https://${API_HOSTS[host] ?? host}`).host;
}

/** RFC 1122 3.2.1.3, RFC 4291 2.5.3, RFC 6761 6.3. */
function isLoopback(hostname: string): boolean {
  return /^127(\.\d+){3}$/.test(hostname) || hostname === "[::1]" || hostname === "localhost" ||
    hostname.endsWith(".localhost");
}

function touching(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  idle: IdleLimit,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return stream.pipeThrough(
    new TransformStream({
      transform(piece, controller) {
        idle.touch();
        controller.enqueue(piece);
      },
    }),
  );
}
