/**
 * The wire protocol of chunked uploads. The one that hosts speak is not public; this one stands in
 * for it, and nothing outside this file knows a path or a field of it. A host that does not know
 * the first call gets the documented upload in one stream (`legacy_upload.ts`).
 */

import { UserError } from "../../errors.ts";
import { encodeBase64 } from "../signing/base64.ts";
import type { EdgeHost } from "./edge_host.ts";
import { hostRefused, notEdgeHost } from "./edge_error.ts";

/** What is uploaded. */
export type UploadKind = "content" | "clusterconfig";

/** A file as a session begins with it. */
export interface AnnouncedFile {
  kind: UploadKind;
  fileName: string;
  size: number;
  chunkSize: number;
  /** Hexadecimal; null when nobody has read the whole file. */
  sha256: string | null;
  signature: Uint8Array | null;
}

/** First and last of chunks in a row. */
export type ChunkRange = readonly [number, number];

export interface OpenedSession {
  id: string;
  /** As the host wants it. */
  chunkSize: number;
  expiresAt: string;
  received: ChunkRange[];
}

export const SESSION_STATES = ["open", "assembling", "extracting", "ready", "failed"] as const;

export interface SessionStatus {
  state: typeof SESSION_STATES[number];
  received: ChunkRange[];
  message: string;
}

/** One chunk on its way. */
export interface Chunk {
  index: number;
  start: number;
  /** The first byte after it. */
  end: number;
  /** Size of the whole file. */
  total: number;
  sha256: Uint8Array;
  /** As of `EdgeBody`. */
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** - `damaged`: what arrived is not what was announced. */
export type ChunkResult = "stored" | "damaged" | "gone";

const UPLOADS = "/v1/edge-mgmt/edgehosts/current/content/uploads";

/** Opens a session; null when the host does not know of chunks. */
export async function openSession(
  host: EdgeHost,
  { kind, fileName, size, chunkSize, sha256, signature }: AnnouncedFile,
): Promise<OpenedSession | null> {
  const answer = await host.call({
    method: "POST",
    path: UPLOADS,
    json: {
      kind,
      fileName,
      size,
      chunkSize,
      ...(sha256 === null ? {} : { sha256 }),
      ...(signature === null ? {} : { signature: encodeBase64(signature) }),
    },
  });
  if ([404, 405, 501].includes(answer.status)) return null;
  if (answer.status !== 201) throw hostRefused(host.place, answer);
  const fields = recordOf(answer.json);
  const { id, expiresAt } = fields;
  const agreed = fields["chunkSize"];
  if (typeof id !== "string" || id === "" || !isPositive(agreed)) {
    throw notEdgeHost(host.place, "its upload session has no id or no chunk size");
  }
  return {
    id,
    chunkSize: agreed,
    expiresAt: typeof expiresAt === "string" ? expiresAt : "",
    received: rangesOf(fields["received"], Math.ceil(size / agreed), host),
  };
}

/** How a session stands; null when the host does not have it any more. */
export async function lookAtSession(
  host: EdgeHost,
  id: string,
  chunks: number,
): Promise<SessionStatus | null> {
  const answer = await host.call({ method: "GET", path: pathOf(id) });
  if (answer.status === 404 || answer.status === 410) return null;
  if (answer.status !== 200) throw hostRefused(host.place, answer);
  const fields = recordOf(answer.json);
  const state = SESSION_STATES.find((known) => known === fields["state"]);
  if (state === undefined) throw notEdgeHost(host.place, `the upload is ${fields["state"]}`);
  const { message } = fields;
  return {
    state,
    received: rangesOf(fields["received"], chunks, host),
    message: typeof message === "string" ? message : "",
  };
}

/**
 * Sends one chunk, once.
 * @throws {UserError} When the host does not want it.
 * @throws {TransportError | Stalled} When no answer came; `busy` for one that asks to come again.
 */
export async function putChunk(
  host: EdgeHost,
  id: string,
  { index, start, end, total, sha256, pieces }: Chunk,
  signal: AbortSignal,
): Promise<ChunkResult | { busy: number | null }> {
  const answer = await host.send({
    method: "PUT",
    path: `${pathOf(id)}/chunks/${index}`,
    headers: {
      "content-range": `bytes ${start}-${end - 1}/${total}`,
      // RFC 9530: the digest as a structured field.
      "content-digest": `sha-256=:${encodeBase64(sha256)}:`,
    },
    body: { type: "application/octet-stream", size: end - start, pieces },
    signal,
  });
  const { status } = answer;
  if (status >= 200 && status < 300) return "stored";
  if (status === 400) return "damaged";
  if (status === 404 || status === 410) return "gone";
  if (status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 507)) {
    return { busy: answer.retryAfterMs };
  }
  throw hostRefused(host.place, answer);
}

/**
 * Says that everything is there; false when the host does not have the session any more.
 * @throws {UserError} `integrity` when the whole is not what was announced.
 */
export async function completeSession(
  host: EdgeHost,
  id: string,
  sha256: string | null,
): Promise<boolean> {
  const answer = await host.call({
    method: "POST",
    path: `${pathOf(id)}/complete`,
    json: sha256 === null ? {} : { sha256 },
  });
  if (answer.status === 404 || answer.status === 410) return false;
  if (answer.status === 400) {
    const { message = "the whole file is not what was announced" } = answer.problem;
    throw new UserError("integrity", `${host.place} refused the upload: ${message}`, {
      hint: "Run the command again; the upload starts afresh",
    });
  }
  // A conflict: an answer before got lost, or something is missing. Looking tells which.
  if (answer.status !== 409 && answer.status >= 300) throw hostRefused(host.place, answer);
  return true;
}

/** Lets the host forget a session; whatever it says to that, it is not needed any more. */
export async function dropSession(host: EdgeHost, id: string): Promise<void> {
  try {
    const { status } = await host.send({ method: "DELETE", path: pathOf(id) });
    host.log.debug("dropped an upload session", { id, status });
  } catch (error) {
    host.signal.throwIfAborted();
    if (error instanceof UserError) throw error;
    host.log.debug("cannot drop an upload session", { id });
  }
}

function pathOf(id: string): string {
  return `${UPLOADS}/${encodeURIComponent(id)}`;
}

function rangesOf(value: unknown, chunks: number, host: EdgeHost): ChunkRange[] {
  const ranges = Array.isArray(value) ? value : value === undefined || value === null ? [] : null;
  const isRange = (range: unknown): range is ChunkRange => {
    if (!Array.isArray(range) || range.length !== 2) return false;
    const [first, last] = range as unknown[];
    return Number.isSafeInteger(first) && Number.isSafeInteger(last) &&
      (first as number) >= 0 && (first as number) <= (last as number) && (last as number) < chunks;
  };
  if (ranges?.every(isRange)) return ranges;
  throw notEdgeHost(host.place, "the chunks that it says it has are no ranges of this file");
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
