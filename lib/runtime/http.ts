/**
 * One request, one answer. Redirects, retries, credentials and limits belong to the callers.
 */

import { transportErrorOf } from "./transport_error.ts";

export interface HttpRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  /** A stream is sent as it comes; give its length in `content-length` where it is known. */
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Aborts connecting, sending and reading the body. */
  signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  statusText: string;
  headers: Headers;
  body: ReadableStream<Uint8Array> | null;
}

export interface HttpTransport {
  /**
   * @throws {TransportError} When no answer came.
   * @throws The reason of `signal`, when it aborted.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

export interface TlsTrust {
  /** Skip certificate verification. */
  insecure: boolean;
  /** Certificates (PEM) trusted beside Deno's own list, or beside what DENO_TLS_CA_STORE names. */
  caCertificates: string[];
  /** Certificate and key (PEM) that this side shows. */
  clientCertificate?: { certificate: string; key: string };
}

/** Opens a transport; proxies come from the environment. */
export type OpenTransport = (trust: TlsTrust) => Promise<HttpTransport>;

/** `fetch` verifies certificates and cannot be told not to; `node:https` can. */
export const openSystemTransport: OpenTransport = async (trust) => {
  if (!trust.insecure) return openFetchTransport(trust);
  const { openUnverifiedTransport } = await import("./http_unverified.ts");
  return await openUnverifiedTransport(trust);
};

function openFetchTransport({ caCertificates, clientCertificate }: TlsTrust): HttpTransport {
  const client = Deno.createHttpClient({
    caCerts: caCertificates,
    ...(clientCertificate === undefined
      ? {}
      : { cert: clientCertificate.certificate, key: clientCertificate.key }),
  });
  return {
    async send({ url, method, headers, body, signal }) {
      try {
        return await fetch(url, {
          client,
          method,
          headers,
          body: body instanceof ReadableStream ? sized(body, headers) : body ?? null,
          signal,
          redirect: "manual",
        });
      } catch (error) {
        signal.throwIfAborted();
        throw transportErrorOf(error);
      }
    },
    close: () => client.close(),
  };
}

/**
 * A stream with the length that its request announces. `fetch` leaves `content-length` out for a
 * stream and sends it chunked, which some servers refuse; it takes a blob's word for its size.
 */
class SizedStream extends Blob {
  readonly #stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #size: number;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, size: number) {
    super();
    this.#stream = stream;
    this.#size = size;
  }

  override get size(): number {
    return this.#size;
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#stream;
  }
}

function sized(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  headers: Record<string, string>,
): BodyInit {
  const [, length] = Object.entries(headers)
    .find(([name]) => name.toLowerCase() === "content-length") ?? [];
  if (length === undefined) return stream;
  return length === "0" ? new Uint8Array() : new SizedStream(stream, Number(length));
}
