import { TransportError } from "../../runtime/transport_error.ts";
import type { Descriptor } from "../descriptor.ts";
import { BytePieces } from "./byte_pieces.ts";
import { type Connection, notRegistry } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { RegistryError } from "./registry_error.ts";
import { Unfinished } from "./retry.ts";
import { repositoryScope } from "./scopes.ts";
import type { UploadRecords } from "./upload_records.ts";

/** Opens the bytes of a blob at an offset. */
export type OpenBytes = (offset: number) => Promise<ReadableStream<Uint8Array>>;

export interface UploadOptions {
  /** Blobs below this are sent in one request, others in parts of this size. */
  chunkBytes: number;
  /** Repositories of the same registry that may have the blob already. */
  mountFrom: readonly string[];
  records: UploadRecords;
}

export type UploadOutcome = "mounted" | "uploaded";

/** More candidates cost more than they save. */
const MAX_MOUNTS = 3;
/** Registries hash a blob, and copy it to where it stays, before they answer. */
const COMMIT_MS = 600_000;
/** What registries say that do not take parts (OCI distribution spec, "Pushing a blob in chunks"). */
const NO_PARTS = [400, 404, 405, 415, 501];

/**
 * Brings a blob into a repository: by a mount where that works, else by its bytes.
 * @throws {RegistryError}
 * @throws What `open` and its stream throw.
 */
export async function uploadBlob(
  connection: Connection,
  target: { repository: string; descriptor: Descriptor },
  open: OpenBytes,
  options: UploadOptions,
): Promise<UploadOutcome> {
  const upload = new BlobUpload(connection, target, open, options);
  if (await upload.mount(options.mountFrom)) return "mounted";
  if (target.descriptor.size < options.chunkBytes) await upload.sendWhole();
  else await upload.sendInParts();
  return "uploaded";
}

class BlobUpload {
  readonly #connection: Connection;
  readonly #repository: string;
  readonly #descriptor: Descriptor;
  readonly #open: OpenBytes;
  readonly #scopes: string[];
  readonly #action: string;
  readonly #records: UploadRecords;
  readonly #key: string;
  #chunkBytes: number;
  /** Where the next bytes go; null before there is a session. */
  #session: URL | null = null;
  #failures = 0;
  /** An earlier run has sent the first bytes. */
  #isResumed = false;

  constructor(
    connection: Connection,
    { repository, descriptor }: { repository: string; descriptor: Descriptor },
    open: OpenBytes,
    { chunkBytes, records }: UploadOptions,
  ) {
    this.#connection = connection;
    this.#repository = repository;
    this.#descriptor = descriptor;
    this.#open = open;
    this.#scopes = [repositoryScope(repository, "push")];
    this.#action = `upload blob ${descriptor.digest} to ${connection.host}/${repository}`;
    this.#chunkBytes = chunkBytes;
    this.#records = records;
    this.#key = `${connection.host}/${repository}@${descriptor.digest}`;
  }

  /** True when the registry took the blob from another repository. */
  async mount(candidates: readonly string[]): Promise<boolean> {
    const { digest } = this.#descriptor;
    const others = [...new Set(candidates)].filter((name) => name !== this.#repository);
    for (const from of others.slice(0, MAX_MOUNTS)) {
      const query = `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
      let exchange: Exchange;
      try {
        exchange = await this.#post(query, [...this.#scopes, repositoryScope(from, "pull")]);
      } catch (error) {
        // Not allowed to read there, or mounts are not known: send the bytes.
        if (error instanceof RegistryError) continue;
        throw error;
      }
      if (exchange.status === 201) return true;
      const session = await this.#sessionOf(exchange);
      if (this.#session !== null) await this.#forget(this.#session);
      this.#session = session;
    }
    return false;
  }

  /** One request with the whole blob. */
  async sendWhole(): Promise<void> {
    for (;;) {
      const source = this.#opened(0);
      try {
        const session = this.#session ?? await this.#start();
        this.#session = null;
        const exchange = await this.#connection.call({
          method: "PUT",
          url: withDigest(session, this.#descriptor.digest),
          scopes: this.#scopes,
          headers: {
            "content-type": "application/octet-stream",
            "content-length": String(this.#descriptor.size),
          },
          body: source.take(this.#descriptor.size),
          accepts: [201, 204],
          action: this.#action,
          slot: "write",
          answerMs: COMMIT_MS,
        });
        await this.#committed(exchange);
        await source.finish();
        return;
      } catch (error) {
        await source.cancel();
        await this.#retryOrThrow(source.failure ?? error);
      }
    }
  }

  /** A request a part; one that fails goes on where the registry says it stands. */
  async sendInParts(): Promise<void> {
    const { size } = this.#descriptor;
    let source: BytePieces | null = null;
    let at = await this.#resume();
    for (;;) {
      try {
        this.#session ??= await this.#start();
        while (at < size) {
          source ??= this.#opened(at);
          const length = Math.min(this.#chunkBytes, size - at);
          const exchange = await this.#patch(this.#session, source.take(length), at, length);
          await exchange.discard();
          if (exchange.status !== 202 && exchange.status !== 204) {
            await source.cancel();
            source = null;
            if (exchange.status !== 416 && at === 0) {
              await this.#forget(this.#session);
              await this.#records.forget(this.#key);
              this.#session = null;
              return await this.sendWhole();
            }
            at = await this.#stateOfSession();
            await this.#retryOrThrow(
              notRegistry(
                this.#connection.host,
                this.#action,
                `status ${exchange.status} to a part`,
              ),
              true,
            );
            continue;
          }
          this.#session = await this.#next(exchange);
          await this.#records.save(this.#key, this.#session.href);
          const taken = receivedOf(exchange) ?? at + length;
          if (taken > at + length || taken < at) throw this.#outOfStep(taken, at + length);
          if (taken !== at + length) {
            // A part of the part: go on after it.
            await source.cancel();
            source = null;
            await this.#retryOrThrow(this.#outOfStep(taken, at + length), true);
          }
          at = taken;
        }
        await source?.finish();
        // What it holds is right or worth nothing: either way nobody goes on there.
        await this.#records.forget(this.#key);
        await this.#commit(this.#session);
        return;
      } catch (error) {
        await source?.cancel();
        const failure = source?.failure ?? error;
        const isForeign = this.#isResumed && isDigestInvalid(failure);
        // What the earlier run left was not a part of this blob: once more from the beginning.
        if (isForeign) this.#session = null;
        this.#isResumed = false;
        await this.#retryOrThrow(failure, isForeign || isTransient(failure));
        source = null;
        at = await this.#stateOfSession();
      }
    }
  }

  async #patch(
    session: URL,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    at: number,
    length: number,
  ): Promise<Exchange> {
    return await this.#connection.call({
      method: "PATCH",
      url: session,
      scopes: this.#scopes,
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(length),
        "content-range": `${at}-${at + length - 1}`,
      },
      body,
      accepts: [202, 204, 416, ...NO_PARTS],
      action: this.#action,
      slot: "write",
    });
  }

  async #commit(session: URL): Promise<void> {
    await this.#committed(
      await this.#connection.call({
        method: "PUT",
        url: withDigest(session, this.#descriptor.digest),
        scopes: this.#scopes,
        headers: { "content-length": "0" },
        body: new Uint8Array(),
        accepts: [201, 204],
        action: this.#action,
        answerMs: COMMIT_MS,
      }),
    );
  }

  async #committed(exchange: Exchange): Promise<void> {
    await exchange.discard();
    const digest = exchange.headers.get("docker-content-digest");
    if (digest === null || digest === this.#descriptor.digest) return;
    throw new RegistryError(
      "integrity",
      `Cannot ${this.#action}: the registry says it stored ${digest}`,
      { hint: "Run the command again; if it stays, the registry or a proxy changes what it gets" },
    );
  }

  async #start(): Promise<URL> {
    return await this.#sessionOf(await this.#post("", this.#scopes));
  }

  async #post(query: string, scopes: readonly string[]): Promise<Exchange> {
    const exchange = await this.#connection.call({
      method: "POST",
      url: `/v2/${this.#repository}/blobs/uploads/${query}`,
      scopes,
      headers: { "content-length": "0" },
      body: new Uint8Array(),
      accepts: query === "" ? [202] : [201, 202],
      action: this.#action,
    });
    await exchange.discard();
    return exchange;
  }

  async #sessionOf(exchange: Exchange): Promise<URL> {
    const least = Number(exchange.headers.get("oci-chunk-min-length") ?? "0");
    if (Number.isSafeInteger(least)) this.#chunkBytes = Math.max(this.#chunkBytes, least);
    return await this.#next(exchange);
  }

  /** Where the answer says the upload goes on. */
  async #next(exchange: Exchange): Promise<URL> {
    const location = exchange.headers.get("location") ?? this.#session?.href ?? null;
    return await this.#connection.resolve(location, exchange.url, this.#action);
  }

  /** Where an earlier run was stopped; 0 without one, or when the registry has lost it. */
  async #resume(): Promise<number> {
    const address = await this.#records.load(this.#key);
    if (address === null || this.#session !== null) return 0;
    // A session that could not be read is begun again, whatever stands in the record.
    await this.#records.forget(this.#key);
    try {
      const base = await this.#connection.base();
      this.#session = await this.#connection.resolve(address, base, this.#action);
      const at = await this.#stateOfSession();
      this.#isResumed = at > 0;
      return at;
    } catch (error) {
      if (error instanceof RegistryError) return 0;
      throw error;
    }
  }

  /** How far the registry is; a session that it has lost begins again. */
  async #stateOfSession(): Promise<number> {
    const session = this.#session;
    this.#session = null;
    if (session === null) return 0;
    let exchange: Exchange;
    try {
      exchange = await this.#connection.call({
        method: "GET",
        url: session,
        scopes: this.#scopes,
        accepts: [204],
        action: this.#action,
      });
    } catch (error) {
      if (error instanceof RegistryError) return 0;
      throw error;
    }
    await exchange.discard();
    const taken = receivedOf(exchange);
    if (taken === null || taken > this.#descriptor.size) return 0;
    this.#session = session;
    this.#session = await this.#next(exchange);
    return taken;
  }

  #opened(offset: number): BytePieces {
    return new BytePieces(() => this.#open(offset), `blob ${this.#descriptor.digest}`);
  }

  /** Returns after a pause when another try makes sense. */
  async #retryOrThrow(error: unknown, isWorthIt = isTransient(error)): Promise<void> {
    if (!isWorthIt || ++this.#failures > this.#connection.retries) {
      throw this.#connection.failed(error, this.#action);
    }
    const asked = error instanceof Unfinished ? error.askedMs : null;
    await this.#connection.pause(this.#failures, this.#action, asked);
  }

  /** A session that is not used any more; a registry that keeps it loses some room, no more. */
  async #forget(session: URL): Promise<void> {
    try {
      const exchange = await this.#connection.call({
        method: "DELETE",
        url: session,
        scopes: this.#scopes,
        accepts: [200, 202, 204, 404, 405],
        action: this.#action,
      });
      await exchange.discard();
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
    }
  }

  #outOfStep(taken: number, expected: number): RegistryError {
    return notRegistry(
      this.#connection.host,
      this.#action,
      `it has ${taken} bytes after ${expected} were sent`,
    );
  }
}

/** The connection broke, or the registry has lost the session. */
function isTransient(error: unknown): boolean {
  return error instanceof TransportError ||
    (error instanceof RegistryError && /^BLOB_UPLOAD_/.test(error.problem?.code ?? ""));
}

function isDigestInvalid(error: unknown): boolean {
  return error instanceof RegistryError && error.problem?.code === "DIGEST_INVALID";
}

/** Bytes that an upload has, of `Range: 0-N`; null when the answer does not say. */
function receivedOf({ headers }: Exchange): number | null {
  const range = /^(?:bytes=)?0-(\d+)$/.exec(headers.get("range") ?? "");
  if (range === null) return null;
  // `0-0` is how registries write that there is nothing.
  return range[1] === "0" ? 0 : Number(range[1]) + 1;
}

/** The text of the query stays: it is the registry's, often signed. */
function withDigest(session: URL, digest: string): URL {
  const url = new URL(session);
  const before = url.search === "" ? "" : `${url.search.slice(1)}&`;
  url.search = `?${before}digest=${encodeURIComponent(digest)}`;
  return url;
}
