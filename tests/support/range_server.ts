/** One file behind an address, as object stores serve it: parts, conditions, and what goes wrong. */

import { serveHttp } from "../../lib/runtime/http_server.ts";

export interface RangeFault {
  times?: number;
  /** So many requests pass before. */
  after?: number;
  answer: (request: Request) => Response;
}

export class RangeServer implements AsyncDisposable {
  /** `GET bytes=0-9 "etag"`: method, range and condition of each request. */
  readonly requests: string[] = [];
  readonly headers: Headers[] = [];
  content: Uint8Array<ArrayBuffer>;
  etag: string | null = '"1"';
  /** Cuts the connection after so many bytes of each answer. */
  cutAfter = Infinity;
  /** Only whole answers. */
  isWhole = false;
  readonly #faults: RangeFault[] = [];
  #server: { port: number; stop(): Promise<void> } | null = null;

  private constructor(content: Uint8Array<ArrayBuffer>) {
    this.content = content;
  }

  static async start(content: Uint8Array<ArrayBuffer>): Promise<RangeServer> {
    const server = new RangeServer(content);
    server.#server = await serveHttp(
      { hostname: "127.0.0.1", port: 0 },
      (request) => server.#answer(request),
    );
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.stop();
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server?.port}`;
  }

  inject(fault: RangeFault): void {
    this.#faults.push(fault);
  }

  #answer(request: Request): Response {
    const range = request.headers.get("range") ?? "";
    const condition = request.headers.get("if-range");
    this.requests.push([request.method, range, condition].filter(Boolean).join(" "));
    this.headers.push(new Headers(request.headers));
    const fault = this.#faultOf();
    if (fault !== null) return fault.answer(request);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    const headers: Record<string, string> = this.etag === null ? {} : { etag: this.etag };
    if (this.isWhole || first === undefined || condition !== null && condition !== this.etag) {
      return new Response(this.content, { headers });
    }
    const { length } = this.content;
    if (Number(first) >= length) return new Response(null, { status: 416, headers });
    const part = this.content.slice(Number(first), Math.min(Number(last) + 1, length));
    headers["content-range"] = `bytes ${first}-${Number(first) + part.length - 1}/${length}`;
    if (part.length <= this.cutAfter) return new Response(part, { status: 206, headers });
    const cut = part.slice(0, this.cutAfter);
    let isSent = false;
    const body = new ReadableStream({
      async pull(controller) {
        if (!isSent) controller.enqueue(cut);
        else {
          // What was sent has to leave before the connection breaks.
          await new Promise((resolve) => setTimeout(resolve, 50));
          controller.error(new Error("cut"));
        }
        isSent = true;
      },
    });
    return new Response(body, { status: 206, headers });
  }

  #faultOf(): RangeFault | null {
    for (const fault of this.#faults) {
      if ((fault.times ?? 1) <= 0) continue;
      if (fault.after !== undefined && fault.after > 0) {
        fault.after--;
        return null;
      }
      fault.times = (fault.times ?? 1) - 1;
      return fault;
    }
    return null;
  }
}
