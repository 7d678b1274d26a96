import { TransportError } from "../../runtime/transport_error.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Connection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { isNotThere, RegistryError } from "./registry_error.ts";
import { isTransientError } from "./retry.ts";
import { repositoryScope } from "./scopes.ts";

/** So much has to arrive between two failures for the first to be forgotten. */
const PROGRESS_BYTES = 1024 * 1024;

/**
 * The bytes of a blob from `offset` on. A connection that breaks is opened again where it broke
 * (RFC 9110, 14: 206 and its Content-Range are checked; a 200 begins again, and what was there
 * already is skipped).
 * @throws {RegistryError} `not-found` when neither the registry nor one of its `urls` has it.
 */
export async function openBlob(
  connection: Connection,
  repository: string,
  descriptor: Descriptor,
  offset: number,
): Promise<ReadableStream<Uint8Array>> {
  const reader = new BlobReader(connection, repository, descriptor, offset);
  await reader.start();
  return new ReadableStream({
    async pull(controller) {
      const piece = await reader.next();
      if (piece === null) controller.close();
      else controller.enqueue(piece);
    },
    cancel: () => reader.cancel(),
  }, { highWaterMark: 0 });
}

class BlobReader {
  readonly #connection: Connection;
  readonly #repository: string;
  readonly #descriptor: Descriptor;
  readonly #action: string;
  #at: number;
  #skip = 0;
  #exchange: Exchange | null = null;
  #pieces: AsyncGenerator<Uint8Array> | null = null;
  #failures = 0;
  #failedAt = 0;
  #takesRange = true;
  #isCancelled = false;

  constructor(connection: Connection, repository: string, descriptor: Descriptor, offset: number) {
    this.#connection = connection;
    this.#repository = repository;
    this.#descriptor = descriptor;
    this.#at = offset;
    this.#failedAt = offset;
    this.#action = `read blob ${descriptor.digest} of ${connection.host}/${repository}`;
  }

  async start(): Promise<void> {
    this.#exchange = await this.#request();
    this.#pieces = this.#exchange.pieces();
  }

  /** The next piece; null at the end. */
  async next(): Promise<Uint8Array | null> {
    const { size } = this.#descriptor;
    for (;;) {
      try {
        if (this.#pieces === null) await this.start();
        const { value, done } = await (this.#pieces as AsyncGenerator<Uint8Array>).next();
        if (done === true) {
          if (this.#at >= size) return null;
          throw new TransportError("reset", "the answer ended early");
        }
        const piece = value.subarray(Math.min(this.#skip, value.length));
        this.#skip -= value.length - piece.length;
        if (piece.length === 0) continue;
        this.#at += piece.length;
        if (this.#at > size) throw this.#misfit(`more than ${size} bytes`);
        return piece;
      } catch (error) {
        if (this.#isCancelled) throw error;
        await this.#stop();
        if (this.#at - this.#failedAt >= PROGRESS_BYTES) this.#failures = 0;
        this.#failedAt = this.#at;
        if (!isTransientError(error) || ++this.#failures > this.#connection.retries) {
          throw this.#connection.failed(error, this.#action);
        }
        await this.#connection.pause(this.#failures, this.#action);
      }
    }
  }

  /** Nobody wants more. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const [pieces, exchange] = [this.#pieces, this.#exchange];
    this.#pieces = null;
    this.#exchange = null;
    // The first ends what waits for a piece, the second leaves the loop that reads.
    await exchange?.discard();
    await pieces?.return(undefined).catch(() => {});
  }

  async #request(): Promise<Exchange> {
    try {
      return await this.#ask(`/v2/${this.#repository}/blobs/${this.#descriptor.digest}`);
    } catch (error) {
      const { urls = [] } = this.#descriptor;
      if (!isNotThere(error)) throw error;
      for (const url of urls) {
        // A foreign layer lies elsewhere; no credentials go there.
        if (!/^https?:/.test(url) || !URL.canParse(url)) continue;
        const exchange = await this.#ask(new URL(url)).catch((failure) => {
          if (failure instanceof RegistryError) return null;
          throw failure;
        });
        if (exchange !== null) return exchange;
      }
      throw error;
    }
  }

  async #ask(url: string | URL): Promise<Exchange> {
    for (;;) {
      const wantsRange = this.#at > 0 && this.#takesRange;
      const exchange = await this.#connection.call({
        method: "GET",
        url,
        scopes: [repositoryScope(this.#repository, "pull")],
        ...(wantsRange ? { headers: { range: `bytes=${this.#at}-` } } : {}),
        accepts: wantsRange ? [200, 206, 416] : [200],
        action: this.#action,
        slot: "read",
      });
      let begins = false;
      try {
        begins = this.#begins(exchange);
      } finally {
        // Also when its size is wrong: it would hold a slot that the next blob waits for.
        if (!begins) await exchange.discard();
      }
      if (begins) return exchange;
      // A registry that gets ranges wrong is read from the start.
      this.#takesRange = false;
    }
  }

  /** Whether an answer can be read; what it says about the size has to be right. */
  #begins({ status, headers }: Exchange): boolean {
    const { size } = this.#descriptor;
    this.#skip = 0;
    if (status === 416) return false;
    if (status === 206) {
      const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
      if (range === null || Number(range[1]) !== this.#at) return false;
      if (range[3] !== "*" && Number(range[3]) !== size) throw this.#misfit(`${range[3]} bytes`);
      return Number(range[2]) === size - 1;
    }
    const length = headers.get("content-length");
    if (length !== null && Number(length) !== size) throw this.#misfit(`${length} bytes`);
    this.#skip = this.#at;
    return true;
  }

  #misfit(found: string): RegistryError {
    return new RegistryError(
      "integrity",
      `Cannot ${this.#action}: the registry gives ${found} instead of ${this.#descriptor.size}`,
      { hint: "Run the command again; if it stays, the registry has a damaged copy" },
    );
  }
}
