import { UserError } from "../../errors.ts";
import { discardBody } from "../../api/body.ts";
import { Backoff, retryAfterMs } from "../../api/retry.ts";
import { digestFrom } from "../../oci/digest.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { baseName } from "../../runtime/files.ts";
import type { HttpResponse, HttpTransport } from "../../runtime/http.ts";
import type { Log } from "../../runtime/log.ts";
import { TransportError, transportErrorOf } from "../../runtime/transport_error.ts";
import { isBroken, isBusy } from "./edge_host.ts";
import { Stalled, StallWatch } from "./stall_watch.ts";
import { HEAD_BYTES, sourceChanged, type UploadSource } from "./upload_source.ts";

export interface UrlSourceParts {
  transport: HttpTransport;
  clock: Clock;
  crypto: Crypto;
  log: Log;
  random: () => number;
  signal: AbortSignal;
  /** Longest time in which nothing moves. */
  stallMs?: number;
}

const PIECE_BYTES = 64 * 1024;
const STALL_MS = 60_000;
const MAX_ATTEMPTS = 5;
const MAX_REDIRECTS = 5;

/** What the answer to a request for a part is about. */
interface Part {
  response: HttpResponse;
  total: number;
  etag: string | null;
}

/**
 * A file behind an address that answers requests for parts of it; nothing is kept here. The first
 * part is asked for instead of its headers alone: an address that is signed for GET refuses HEAD,
 * and an answer proves what a header only promises.
 * @throws {UserError} `validation`, `network`, `forbidden`
 */
export async function openUrlSource(text: string, parts: UrlSourceParts): Promise<UploadSource> {
  const reader = new PartReader(addressOf(text), parts);
  const { name } = reader;
  if (name === "") {
    throw new UserError("validation", `Cannot upload from ${reader.place}: it names no file`);
  }
  const hash = await parts.crypto.sha256();
  let head = 0;
  for await (const piece of reader.pieces(0, HEAD_BYTES, parts.signal)) {
    hash.update(piece);
    head += piece.length;
  }
  const size = reader.total;
  if (head === 0 || size === null) {
    throw new UserError("validation", `Cannot upload from ${reader.place}: it is empty`);
  }
  return {
    name,
    place: reader.place,
    identity: { size, mtime: null, etag: reader.etag, headSha256: digestFrom(hash.digest()) },
    isLocal: false,
    pieces: (start, end, signal) => reader.pieces(start, end, signal),
    // Each part was asked for on the condition that nothing changed.
    assertUnchanged: () => Promise.resolve(),
    close: () => {},
  };
}

/** What signs an address stays out of messages: only its place is named. */
function addressOf(text: string): URL {
  const refuse = (reason: string) =>
    new UserError("validation", `Cannot use the address of --src-url: ${reason}`, {
      hint: "Give an http or https address of the file, as a pre-signed one of S3",
    });
  if (!URL.canParse(text)) throw refuse("it is none");
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw refuse(`${url.protocol} is not taken`);
  if (url.username !== "" || url.password !== "") throw refuse("it holds a user name or password");
  return url;
}

class PartReader {
  /** For messages, without what signs it. */
  readonly place: string;
  readonly name: string;
  total: number | null = null;
  etag: string | null = null;
  readonly #url: URL;
  readonly #parts: UrlSourceParts;

  constructor(url: URL, parts: UrlSourceParts) {
    this.#url = url;
    this.#parts = parts;
    this.place = `${url.origin}${url.pathname}`;
    this.name = nameIn(url.pathname);
  }

  /** Bytes of a part; asked for again from where they stopped when the connection breaks. */
  async *pieces(
    start: number,
    end: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { clock, log, random, stallMs = STALL_MS } = this.#parts;
    const backoff = new Backoff(random);
    let at = start;
    for (let attempt = 1; at < end; attempt++) {
      let pauseMs: number | null = null;
      const watch = new StallWatch();
      try {
        watch.expect(stallMs);
        const inTime = AbortSignal.any([signal, watch.signal]);
        const part = await this.#ask(at, end, inTime);
        if ("busy" in part) pauseMs = part.busy;
        else {
          const stop = Math.min(end, part.total);
          for await (const piece of piecesIn(part.response.body)) {
            // Whoever takes the piece may take his time.
            watch.pause();
            const wanted = piece.subarray(0, stop - at);
            at += wanted.length;
            attempt = 1;
            yield wanted as Uint8Array<ArrayBuffer>;
            if (at === stop) return;
            watch.expect(stallMs);
          }
          if (stop <= at) return;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof UserError) throw error;
        const cause = watch.signal.aborted ? watch.signal.reason : transportErrorOf(error);
        if (!isBroken(cause) || attempt >= MAX_ATTEMPTS) throw this.#unreachable(cause);
      } finally {
        watch.stop();
      }
      if (attempt >= MAX_ATTEMPTS) throw this.#unreachable(new Error("it does not send all of it"));
      pauseMs ??= backoff.nextPauseMs();
      log.warn(`asking ${this.place} again`, { pauseMs, attempt, at });
      await clock.sleep(pauseMs, signal);
    }
  }

  async #ask(
    start: number,
    end: number,
    signal: AbortSignal,
  ): Promise<Part | { busy: number | null }> {
    const { clock } = this.#parts;
    const response = await this.#send({
      range: `bytes=${start}-${end - 1}`,
      // A weak one is no condition for a part (RFC 9110, 13.1.5).
      ...(this.etag === null || this.etag.startsWith("W/") ? {} : { "if-range": this.etag }),
    }, signal);
    const { status, headers } = response;
    if (status === 206) return this.#partOf(response, start);
    await discardBody(response);
    if (isBusy(status) || status === 500) {
      const pauseMs = retryAfterMs(headers.get("retry-after"), clock.now());
      return { busy: pauseMs === "too-long" ? null : pauseMs };
    }
    // With a condition a whole answer means that it was not met; without, that parts are not known.
    if (status === 412 || status === 200 && this.total !== null) throw sourceChanged(this.place);
    throw this.#refused(status);
  }

  #partOf(response: HttpResponse, start: number): Part {
    const { headers } = response;
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
    const total = Number(range?.[3]);
    if (range === null || Number(range[1]) !== start || !Number.isSafeInteger(total)) {
      void discardBody(response);
      throw new UserError("api", `${this.place} sent another part than it was asked for`);
    }
    const etag = headers.get("etag");
    this.total ??= total;
    this.etag ??= etag;
    if (this.total !== total || this.etag !== etag) {
      void discardBody(response);
      throw sourceChanged(this.place);
    }
    return { response, total, etag };
  }

  /** No credentials go along, so another host may answer; none without encryption after one with. */
  async #send(headers: Record<string, string>, signal: AbortSignal): Promise<HttpResponse> {
    const { transport } = this.#parts;
    let url = this.#url;
    for (let redirects = 0;; redirects++) {
      const response = await transport.send({ method: "GET", url, headers, signal });
      const location = response.headers.get("location");
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
        return response;
      }
      await discardBody(response);
      const target = URL.canParse(location, url) ? new URL(location, url) : null;
      const isSafe = target?.protocol === "https:" ||
        target?.protocol === "http:" && url.protocol === "http:";
      if (target === null || !isSafe || redirects === MAX_REDIRECTS) {
        throw new UserError(
          "api",
          `${this.place} redirects to ${
            target === null ? "nowhere" : `${target.protocol}//${target.host}`
          }`,
        );
      }
      url = target;
    }
  }

  #refused(status: number): UserError {
    if (status === 200) {
      return new UserError("validation", `${this.place} does not send parts of the file`, {
        hint: "Download it, then upload it with --file",
      });
    }
    if (status === 401 || status === 403) {
      return new UserError(
        "forbidden",
        `${this.place} refused to send the file: the address has expired, or is not for you`,
        { hint: "Sign it again and run the command with the new one: it goes on where it stopped" },
      );
    }
    if (status === 404 || status === 410) {
      return new UserError("not-found", `${this.place} does not have the file`);
    }
    if (status === 416) {
      return new UserError("validation", `Cannot upload from ${this.place}: it is empty`);
    }
    return new UserError("api", `${this.place} answered with status ${status}`);
  }

  #unreachable(error: unknown): unknown {
    const isTransport = error instanceof TransportError;
    if (isTransport && error.kind === "tls") {
      return new UserError(
        "tls",
        `Certificate of ${this.#url.host} not trusted: ${error.message}`,
        { hint: "Pass --ca FILE with the CA's certificate", cause: error },
      );
    }
    const reason = error instanceof Stalled || isTransport || error instanceof Error
      ? error.message
      : String(error);
    return new UserError("network", `Cannot read from ${this.place}: ${reason}`, {
      hint: "Run the command again: it goes on where it stopped",
      cause: error,
    });
  }
}

/** Pieces of an answer; a stream of bytes fills the same buffer again and again. */
async function* piecesIn(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return yield* body;
  }
  try {
    for (let buffer = new ArrayBuffer(PIECE_BYTES);;) {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (done) return;
      yield value;
      buffer = value.buffer;
    }
  } finally {
    await reader.cancel();
  }
}

function nameIn(pathname: string): string {
  const last = baseName(pathname);
  try {
    // Encoded separators would make a path of a name.
    return baseName(decodeURIComponent(last));
  } catch {
    return last;
  }
}
