/** Answers byte by byte as it is told to, also against the rules of HTTP. */

import { close, readHead } from "./connections.ts";

export interface RawAnswer {
  /** `200 OK` */
  status?: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
  /** What the header says; the length of the body by default. */
  length?: number;
  /** Keeps the connection open after the body, until the client goes. */
  hangs?: boolean;
}

export class RawHttpServer implements AsyncDisposable {
  /** `GET /path` of each request. */
  readonly requests: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #answer: (path: string) => RawAnswer | Promise<RawAnswer>;

  constructor(answer: (path: string) => RawAnswer | Promise<RawAnswer>) {
    this.#answer = answer;
    void this.#serve();
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    close(this.#listener);
    for (const connection of this.#open) close(connection);
    return Promise.resolve();
  }

  async #serve(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#open.add(connection);
        void this.#reply(connection).catch(() => {}).finally(() => close(connection));
      }
    } catch {
      // Closed.
    }
  }

  async #reply(connection: Deno.Conn): Promise<void> {
    const request = await readHead(connection);
    const [method = "", path = ""] = request.split(" ");
    this.requests.push(`${method} ${path}`);
    const answer = await this.#answer(path);
    const body = answer.body ?? new Uint8Array();
    const headers = {
      "content-length": String(answer.length ?? body.length),
      connection: "close",
      ...answer.headers,
    };
    const head = [
      `HTTP/1.1 ${answer.status ?? "200 OK"}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      "\r\n",
    ].join("\r\n");
    await writeAll(connection, new TextEncoder().encode(head));
    await writeAll(connection, body);
    if (answer.hangs) await connection.read(new Uint8Array(1));
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}
