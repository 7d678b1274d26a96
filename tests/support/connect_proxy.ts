import { close, readHead } from "./connections.ts";

/** A proxy on 127.0.0.1 that knows CONNECT and plain requests, and records what it was asked. */
export class ConnectProxy implements AsyncDisposable {
  /** `CONNECT host:port` or `GET http://...`, in order. */
  readonly requests: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();

  constructor() {
    void this.#serve();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    return Promise.resolve();
  }

  async #serve(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        this.#open.add(client);
        void this.#handle(client).catch(() => close(client));
      }
    } catch {
      // Closed.
    }
  }

  async #handle(client: Deno.Conn): Promise<void> {
    const head = await readHead(client);
    const [method = "", target = ""] = head.split(" ");
    this.requests.push(`${method} ${target}`);
    const url = new URL(method === "CONNECT" ? `http://${target}` : target);
    const server = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
    this.#open.add(server);
    if (method === "CONNECT") {
      await client.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    } else {
      const rest = head.replace(target, `${url.pathname}${url.search}`);
      await server.write(new TextEncoder().encode(rest));
    }
    await Promise.allSettled([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  }
}
