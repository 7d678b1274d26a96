import type * as Http from "node:http";
import type * as Https from "node:https";
import { type HttpRequest, type HttpTransport, type TlsTrust } from "./http.ts";
import { transportErrorOf } from "./transport_error.ts";

/**
 * A transport that accepts any certificate, for `--insecure`.
 *
 * `rejectUnauthorized` is always given: a variable of Node's (NODE_TLS_REJECT_UNAUTHORIZED) must
 * not decide. Verified connections never come here.
 */
export async function openUnverifiedTransport(
  { clientCertificate }: Pick<TlsTrust, "clientCertificate">,
): Promise<HttpTransport> {
  // Static imports of Node modules would be loaded by every command of the bundle.
  const [http, https, { Readable }] = await Promise.all([
    import("node:http"),
    import("node:https"),
    import("node:stream"),
  ]);
  // `proxyEnv` makes Node's agents honour HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
  const proxyEnv = Deno.env.toObject();
  const agents = {
    "http:": new http.Agent({ keepAlive: true, proxyEnv } as Http.AgentOptions),
    "https:": new https.Agent(
      {
        keepAlive: true,
        rejectUnauthorized: false,
        proxyEnv,
        ...(clientCertificate === undefined
          ? {}
          : { cert: clientCertificate.certificate, key: clientCertificate.key }),
      } as Https.AgentOptions,
    ),
  };
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        const fail = (error: unknown) =>
          reject(request.signal.aborted ? request.signal.reason : transportErrorOf(error));
        const outgoing = start(request, agents, { http, https });
        outgoing.once("error", fail);
        outgoing.once("response", (incoming) => {
          resolve({
            status: incoming.statusCode ?? 0,
            statusText: incoming.statusMessage ?? "",
            headers: headersOf(incoming),
            body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>,
          });
        });
        const { body } = request;
        if (!(body instanceof ReadableStream)) outgoing.end(body);
        else {
          void sendBody(body, outgoing).catch((error) => {
            outgoing.destroy();
            fail(error);
          });
        }
      }),
    close() {
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  };
}

function start(
  { url, method, headers, body, signal }: HttpRequest,
  agents: { "http:": Http.Agent; "https:": Https.Agent },
  { http, https }: { http: typeof Http; https: typeof Https },
): Http.ClientRequest {
  const length = body === undefined || body instanceof ReadableStream
    ? {}
    : { "content-length": String(byteLength(body)) };
  const options = { method, headers: { ...headers, ...length }, signal };
  return url.protocol === "http:"
    ? http.request(url, { ...options, agent: agents["http:"] })
    : https.request(url, { ...options, agent: agents["https:"], rejectUnauthorized: false });
}

/**
 * Piece by piece, as fast as the other side takes them. Not by `pipe`: after a body of a few bytes it
 * leaves the request unfinished here, and the next one waits behind it on the same connection.
 */
async function sendBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  outgoing: Http.ClientRequest,
): Promise<void> {
  const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
  outgoing.once("close", onClose);
  for await (const piece of body) {
    if (outgoing.destroyed) return;
    if (outgoing.write(piece)) continue;
    const { promise: drained, resolve: onDrain } = Promise.withResolvers<void>();
    outgoing.once("drain", onDrain);
    await Promise.race([drained, closed]);
  }
  outgoing.end();
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === "string" ? new TextEncoder().encode(body).length : body.length;
}

function headersOf(incoming: Http.IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}
