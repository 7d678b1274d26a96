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
}

/** Answers requests; nobody listens before it is called. */
export type Serve = (
  options: ListenOptions,
  answer: (request: Request) => Response | Promise<Response>,
) => Promise<HttpServer>;

/** The server of this runtime. */
export const serveHttp: Serve = ({ hostname, port, tls }, answer) => {
  const { promise, resolve, reject } = Promise.withResolvers<HttpServer>();
  try {
    const server = Deno.serve({
      hostname,
      port,
      ...(tls === undefined ? {} : { cert: tls.certificate, key: tls.key }),
      onListen: (address) =>
        resolve({
          hostname: address.hostname,
          port: address.port,
          stop: () => server.shutdown(),
        }),
      onError: () => new Response(null, { status: 500 }),
    }, answer);
  } catch (error) {
    reject(error);
  }
  return promise;
};
