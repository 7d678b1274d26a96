/** Sits before a server and breaks connections, as networks do. */
export class CuttingProxy implements AsyncDisposable {
  /** Bytes after which the next connections break, one entry each; the others live. */
  readonly cuts: { down?: number; up?: number }[] = [];
  /** Connections that were broken. */
  broken = 0;
  /** Bytes that came through, in all. */
  bytes = { down: 0, up: 0 };
  /** Holds everything back that comes down after so many bytes, until it is raised. */
  holdAt = Infinity;
  readonly #target: { hostname: string; port: number };
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();

  /** @param host `127.0.0.1:5000` */
  constructor(host: string) {
    const [hostname = "", port] = host.split(":");
    this.#target = { hostname, port: Number(port) };
    void this.#serve();
  }

  get host(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    return Promise.resolve();
  }

  async #serve(): Promise<void> {
    try {
      for await (const client of this.#listener) void this.#join(client);
    } catch {
      // Closed.
    }
  }

  async #join(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect(this.#target);
    this.#open.add(client).add(server);
    const end = () => {
      for (const connection of [client, server]) {
        close(connection);
        this.#open.delete(connection);
      }
    };
    const pipe = async (from: Deno.Conn, to: Deno.Conn, direction: "down" | "up") => {
      const buffer = new Uint8Array(32 * 1024);
      let passed = 0;
      for (;;) {
        const count = await from.read(buffer).catch(() => null);
        if (count === null) break;
        passed += count;
        // The limit is asked for late: a connection may be kept for many requests.
        const at = this.cuts.findIndex((cut) => passed > (cut[direction] ?? Infinity));
        if (at !== -1) {
          this.cuts.splice(at, 1);
          this.broken++;
          break;
        }
        while (direction === "down" && this.bytes.down >= this.holdAt) {
          if (!this.#open.has(client)) return;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        this.bytes[direction] += count;
        const { length } = await writeAll(to, buffer.subarray(0, count));
        if (length === 0) break;
      }
      end();
    };
    await Promise.all([pipe(server, client, "down"), pipe(client, server, "up")]);
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<{ length: number }> {
  try {
    for (let written = 0; written < bytes.length;) {
      written += await connection.write(bytes.subarray(written));
    }
    return { length: bytes.length };
  } catch {
    return { length: 0 };
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed by the other direction.
  }
}
