import { reasonOf } from "../errors.ts";

/** Where a server listens, and how. */
export interface ListenOptions {
  hostname: string;
  /** 0 takes a free one. */
  port: number;
  /** Certificate and key (PEM); plain HTTP without. */
  tls?: { certificate: string; key: string };
}

export interface HttpServer {
  hostname: string;
  port: number;
  /** Ends once every answer is out. */
  stop(): Promise<void>;
  /** Ends at once, whatever is under way. */
  kill(): Promise<void>;
}

export type ListenErrorKind = "in-use" | "no-such-address" | "other";

/** A server that cannot listen; `message` is the reason alone. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly kind: ListenErrorKind;

  constructor(kind: ListenErrorKind, reason: string, cause: unknown) {
    super(reason, { cause });
    this.kind = kind;
  }
}

/**
 * Answers requests; nobody listens before it is called.
 * @throws {ListenError}
 */
export type Serve = (
  options: ListenOptions,
  answer: (request: Request) => Response | Promise<Response>,
) => Promise<HttpServer>;

/** The server of this runtime. */
export const serveHttp: Serve = ({ hostname, port, tls }, answer) => {
  const { promise, resolve, reject } = Promise.withResolvers<HttpServer>();
  try {
    const killer = new AbortController();
    let isStopping = false;
    const server = Deno.serve({
      hostname,
      port,
      signal: killer.signal,
      ...(tls === undefined ? {} : { cert: tls.certificate, key: tls.key }),
      onListen: (address) =>
        resolve({
          hostname: address.hostname,
          port: address.port,
          stop() {
            isStopping = true;
            return server.shutdown();
          },
          kill() {
            // The server cannot take it any more once it is stopping.
            if (!isStopping) killer.abort();
            return server.finished;
          },
        }),
      onError: () => new Response(null, { status: 500 }),
    }, answer);
  } catch (error) {
    reject(listenErrorOf(error));
  }
  return promise;
};

function listenErrorOf(error: unknown): ListenError {
  if (error instanceof Deno.errors.AddrInUse) {
    return new ListenError("in-use", "the port is in use", error);
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return new ListenError("no-such-address", "this machine has no such address", error);
  }
  return new ListenError("other", reasonOf(error).replace(/ \(os error \d+\).*$/s, ""), error);
}
