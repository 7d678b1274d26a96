/** A server on this machine that answers nobody without the right login (RFC 7617). */

export interface GuardedServer extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  host: string;
  /** The login of each request, `USER:PASSWORD`; null where it had none. */
  logins: (string | null)[];
  /** Answered requests, `GET /path`. */
  answered: string[];
}

/**
 * @param allows Whether a login, `USER:PASSWORD`, may see a path.
 * @param answer What is behind it.
 */
export function startGuardedServer(
  allows: (login: string, path: string) => boolean,
  answer: (request: Request) => Response | Promise<Response>,
): GuardedServer {
  const logins: (string | null)[] = [];
  const answered: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const basic = /^Basic (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    const login = basic === undefined ? null : atob(basic);
    logins.push(login);
    const { pathname } = new URL(request.url);
    if (login !== null && allows(login, pathname)) {
      answered.push(`${request.method} ${pathname}`);
      return answer(request);
    }
    const headers = { "www-authenticate": 'Basic realm="tests"' };
    return new Response(null, { status: 401, headers });
  });
  return {
    host: `127.0.0.1:${server.addr.port}`,
    logins,
    answered,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
