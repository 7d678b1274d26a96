import { UserError } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { formatBytes } from "../../output/bytes.ts";
import { formatDuration } from "../../output/age.ts";
import {
  type AnnouncedFile,
  type ChunkRange,
  completeSession,
  dropSession,
  lookAtSession,
  openSession,
  type SessionStatus,
} from "./chunk_protocol.ts";
import type { EdgeHost } from "./edge_host.ts";
import type { ResumeRecord, ResumeStore } from "./resume_store.ts";
import { sendChunks, SessionGone } from "./send_chunks.ts";
import type { UploadReport, UploadResult } from "./upload_report.ts";
import type { UploadSource } from "./upload_source.ts";

export interface ChunkedUploadOptions {
  file: AnnouncedFile;
  connections: number;
  /** False discards what was begun before. */
  resume: boolean;
  fullVerify: boolean;
  /** Names the upload in the notes of those that have begun. */
  key: string;
}

export interface ChunkedUploadParts {
  crypto: Crypto;
  notes: ResumeStore;
  report: UploadReport;
}

/** A session and what the host has of it. */
interface Session {
  id: string;
  chunkSize: number;
  chunks: number;
  status: SessionStatus;
}

/** Short ones are done in a minute; others take many. */
const POLL_MS = { first: 5_000, later: 30_000 };
/** 20 GB take a host half an hour; nobody waits for ever. */
const UNPACK_MS = 4 * 3_600_000;
/** So often what the host lost is sent again. */
const MAX_ROUNDS = 3;

/**
 * Uploads in chunks, and waits until the host has unpacked them; null when the host does not know
 * of chunks. What the host says it has wins over what was noted here.
 * @throws {UserError}
 */
export async function uploadInChunks(
  host: EdgeHost,
  source: UploadSource,
  options: ChunkedUploadOptions,
  parts: ChunkedUploadParts,
): Promise<UploadResult | null> {
  for (let isAgain = false;; isAgain = true) {
    const session = await findSession(host, source, options, parts) ??
      await beginSession(host, source, options, parts);
    if (session === null) return null;
    try {
      return await uploadTo(session, host, source, options, parts);
    } catch (error) {
      if (!(error instanceof SessionGone)) throw error;
      await parts.notes.note(options.key, null);
      if (isAgain) {
        throw new UserError("api", `${host.place} forgot the upload twice while it was sent`, {
          hint: "Look at the host's clock and disk, then run the command again",
        });
      }
      parts.report.say("the session has expired; starting afresh");
    }
  }
}

/** The session that an earlier run has begun; null when there is none that can go on. */
async function findSession(
  host: EdgeHost,
  source: UploadSource,
  { key, resume }: ChunkedUploadOptions,
  { notes, report }: ChunkedUploadParts,
): Promise<Session | null> {
  const record = await notes.find(key);
  if (record === null) return null;
  const id = record.session;
  const isSame = sameSource(record, source);
  if (resume && isSame) {
    const chunks = Math.ceil(source.identity.size / record.chunkSize);
    const status = await lookAtSession(host, id, chunks);
    if (status !== null && status.state !== "failed") {
      const has = countOf(status.received);
      report.say(`session ${id} opened (resumed, ${has}/${chunks} chunks are there)`);
      return { id, chunkSize: record.chunkSize, chunks, status };
    }
    report.say("the session of the last run has expired; starting afresh");
  } else if (resume) report.say(`${source.name} changed since the last run; starting afresh`);
  await dropSession(host, id);
  await notes.note(key, null);
  return null;
}

function sameSource(record: ResumeRecord, { identity }: UploadSource): boolean {
  return record.size === identity.size && record.mtime === identity.mtime &&
    record.etag === identity.etag && record.headSha256 === identity.headSha256;
}

async function beginSession(
  host: EdgeHost,
  source: UploadSource,
  { file, connections, fullVerify, key }: ChunkedUploadOptions,
  { notes, report }: ChunkedUploadParts,
): Promise<Session | null> {
  const opened = await openSession(host, file);
  if (opened === null) return null;
  const { id, chunkSize, received, expiresAt } = opened;
  const chunks = Math.ceil(file.size / chunkSize);
  await notes.note(key, { session: id, chunkSize, ...source.identity });
  report.say(
    `size=${formatBytes(file.size)} chunkSize=${formatBytes(chunkSize)} chunks=${chunks} ` +
      `connections=${connections} full-verify=${fullVerify}`,
  );
  report.say(
    `session ${id} opened (${expiresAt === "" ? "new" : `new, expires at ${expiresAt}`})`,
  );
  return { id, chunkSize, chunks, status: { state: "open", received, message: "" } };
}

async function uploadTo(
  { id, chunkSize, chunks, status }: Session,
  host: EdgeHost,
  source: UploadSource,
  { file, connections, key }: ChunkedUploadOptions,
  { crypto, notes, report }: ChunkedUploadParts,
): Promise<UploadResult> {
  const startMs = host.clock.monotonicMs();
  const resumed = countOf(status.received);
  let sentBytes = 0;
  let elapsedMs = 0;
  if (status.state !== "open") status = await waitForHost(host, { id, chunks }, report);
  for (let round = 1; status.state === "open"; round++) {
    if (round > MAX_ROUNDS) {
      throw new UserError("api", `${host.place} does not put the chunks together`, {
        hint: "Run the command again with --resume=false, or with --legacy",
      });
    }
    const missing = missingOf(status.received, chunks);
    let done = chunks - missing.length;
    let doneBytes = file.size - bytesOf(missing, chunkSize, file.size);
    const tell = () =>
      report.moved({
        doneBytes,
        totalBytes: file.size,
        chunks: `uploaded ${done}/${chunks} chunks`,
      });
    tell();
    await sendChunks(host, source, {
      id,
      chunkSize,
      missing,
      connections,
      onStored(bytes) {
        done++;
        doneBytes += bytes;
        sentBytes += bytes;
        tell();
      },
    }, crypto);
    await source.assertUnchanged();
    elapsedMs = host.clock.monotonicMs() - startMs;
    if (!await completeSession(host, id, file.sha256)) throw new SessionGone();
    status = await waitForHost(host, { id, chunks }, report);
  }
  await notes.note(key, null);
  if (status.state !== "ready") throw hostFailed(host, status);
  return {
    protocol: "chunked",
    fileName: file.fileName,
    size: file.size,
    sentBytes,
    elapsedMs,
    chunks: { count: chunks, resumed },
    sha256: file.sha256,
    message: status.message,
  };
}

/** Looks until the host has unpacked, failed, or says that something is missing. */
async function waitForHost(
  host: EdgeHost,
  { id, chunks }: { id: string; chunks: number },
  report: UploadReport,
): Promise<SessionStatus> {
  const startMs = host.clock.monotonicMs();
  let told = "";
  for (;;) {
    const status = await lookAtSession(host, id, chunks);
    if (status === null) throw new SessionGone();
    if (status.state !== "assembling" && status.state !== "extracting") return status;
    const elapsedMs = host.clock.monotonicMs() - startMs;
    if (status.state !== told) report.say(`the host is ${status.state} the content`);
    told = status.state;
    if (elapsedMs > UNPACK_MS) {
      throw new UserError(
        "timeout",
        `${host.place} is still ${status.state} the content after ${formatDuration(UNPACK_MS)}`,
        { hint: "Nothing has to be sent again: look at the host's Local UI" },
      );
    }
    await host.clock.sleep(elapsedMs < 60_000 ? POLL_MS.first : POLL_MS.later, host.signal);
  }
}

function hostFailed(host: EdgeHost, { message }: SessionStatus): UserError {
  return new UserError(
    "api",
    `${host.place} could not use the upload: ${message || "it does not say why"}`,
    {
      hint: /signature/i.test(message)
        ? "The host takes only content signed with its key: sign it, and pass --signature"
        : "Look at the events in the host's Local UI; verify the file with palette content verify",
    },
  );
}

function countOf(ranges: readonly ChunkRange[]): number {
  return indexesOf(ranges).size;
}

function indexesOf(ranges: readonly ChunkRange[]): Set<number> {
  const indexes = new Set<number>();
  for (const [first, last] of ranges) for (let at = first; at <= last; at++) indexes.add(at);
  return indexes;
}

function missingOf(ranges: readonly ChunkRange[], chunks: number): number[] {
  const has = indexesOf(ranges);
  return Array.from({ length: chunks }, (_, at) => at).filter((at) => !has.has(at));
}

function bytesOf(indexes: readonly number[], chunkSize: number, size: number): number {
  return indexes.reduce((sum, at) => sum + Math.min(chunkSize, size - at * chunkSize), 0);
}
