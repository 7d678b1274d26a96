import { UserError } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { ownPieces } from "../../runtime/streams.ts";
import { type Chunk, putChunk } from "./chunk_protocol.ts";
import { hostUnreachable } from "./edge_error.ts";
import { type EdgeHost } from "./edge_host.ts";
import { Stalled } from "./stall_watch.ts";
import type { UploadSource } from "./upload_source.ts";
import { TransportError } from "../../runtime/transport_error.ts";

const MAX_ATTEMPTS = 5;
const PIECE_BYTES = 256 * 1024;

/** The host has forgotten the session in the middle of it. */
export class SessionGone extends Error {
  override readonly name = "SessionGone";
}

export interface SendChunksOptions {
  id: string;
  chunkSize: number;
  /** Those that the host does not have, in their order. */
  missing: readonly number[];
  connections: number;
  /** Called when a chunk is there. */
  onStored: (bytes: number) => void;
}

/**
 * Sends chunks over several connections at once. The first failure stops them all: what has
 * arrived stays with the host.
 * @throws {SessionGone}
 * @throws {UserError} What cannot be helped by another try.
 */
export async function sendChunks(
  host: EdgeHost,
  source: UploadSource,
  { id, chunkSize, missing, connections, onStored }: SendChunksOptions,
  crypto: Crypto,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([host.signal, stop.signal]);
  const queue = missing.values();
  const work = async () => {
    // One for all chunks of a connection, so that no more than is being sent is held in memory.
    const held = source.isLocal ? null : new Uint8Array(Math.min(chunkSize, source.identity.size));
    for (const index of queue) {
      signal.throwIfAborted();
      const start = index * chunkSize;
      const end = Math.min(start + chunkSize, source.identity.size);
      await sendChunk(host, source, { id, index, start, end }, { crypto, held, signal });
      onStored(end - start);
    }
  };
  const workers = Array.from(
    { length: Math.min(connections, missing.length) },
    () =>
      work().catch((error) => {
        stop.abort(error);
        throw error;
      }),
  );
  await Promise.allSettled(workers);
  host.signal.throwIfAborted();
  // The reason of the first failure, not what it made of the others.
  if (stop.signal.aborted) throw stop.signal.reason;
}

interface Place {
  id: string;
  index: number;
  start: number;
  end: number;
}

interface ChunkParts {
  crypto: Crypto;
  /** Room for a chunk of a source that is not read twice. */
  held: Uint8Array<ArrayBuffer> | null;
  signal: AbortSignal;
}

async function sendChunk(
  host: EdgeHost,
  source: UploadSource,
  { id, index, start, end }: Place,
  parts: ChunkParts,
): Promise<void> {
  const { signal } = parts;
  const backoff = host.backoff();
  let failure: unknown;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    let pauseMs: number | null = null;
    try {
      const chunk = await readChunk(source, { index, start, end }, parts);
      const result = await putChunk(host, id, chunk, signal);
      if (result === "stored") return;
      if (result === "gone") throw new SessionGone();
      failure = result === "damaged" ? damaged(host, index) : busy(host);
      if (result !== "damaged") pauseMs = result.busy;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Stalled) && !(error instanceof TransportError)) throw error;
      if (error instanceof TransportError && error.kind === "tls") throw error;
      failure = hostUnreachable(host.place, error);
    }
    if (attempt === MAX_ATTEMPTS) break;
    pauseMs ??= backoff.nextPauseMs();
    host.log.warn(`sending chunk ${index} again`, { pauseMs, attempt });
    await host.clock.sleep(pauseMs, signal);
  }
  throw failure;
}

/** A chunk with its digest, which is sent before it. */
async function readChunk(
  source: UploadSource,
  { index, start, end }: Omit<Place, "id">,
  { crypto, held, signal }: ChunkParts,
): Promise<Chunk> {
  const hash = await crypto.sha256();
  let filled = 0;
  for await (const piece of source.pieces(start, end, signal)) {
    hash.update(piece);
    // A file is read again: cheaper than to hold a chunk of each connection in memory.
    held?.set(piece, filled);
    filled += piece.length;
  }
  return {
    index,
    start,
    end,
    total: source.identity.size,
    sha256: hash.digest(),
    pieces: () =>
      held === null
        ? ownPieces(source.pieces(start, end, signal))
        : piecesOf(held.subarray(0, filled)),
  };
}

async function* piecesOf(bytes: Uint8Array<ArrayBuffer>) {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

function damaged(host: EdgeHost, index: number): UserError {
  return new UserError(
    "integrity",
    `${host.place} refused chunk ${index} ${MAX_ATTEMPTS} times: it did not arrive as it was sent`,
    { hint: "Something between here and the host changes data; try another network or --no-tls" },
  );
}

function busy(host: EdgeHost): UserError {
  return new UserError("api", `${host.place} is too busy to take the upload`, {
    hint: "Run the command again later: it goes on where it stopped; fewer --connections may help",
  });
}
