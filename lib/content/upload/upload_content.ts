import { UserError } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { UploadKind } from "./chunk_protocol.ts";
import { uploadInChunks } from "./chunked_upload.ts";
import type { EdgeHost } from "./edge_host.ts";
import { getUploadedContent } from "./host_facts.ts";
import { uploadInOneStream } from "./legacy_upload.ts";
import type { ResumeStore } from "./resume_store.ts";
import type { UploadReport, UploadResult } from "./upload_report.ts";
import type { UploadSource } from "./upload_source.ts";

export interface UploadOptions {
  kind: UploadKind;
  signature: { fileName: string; bytes: Uint8Array<ArrayBuffer> } | null;
  chunkSize: number;
  connections: number;
  resume: boolean;
  fullVerify: boolean;
  isLegacy: boolean;
  /** Hexadecimal; known when somebody has read the whole file already. */
  sha256: string | null;
  /** Names the upload in the notes of those that have begun. */
  key: string;
}

export interface UploadParts {
  crypto: Crypto;
  notes: ResumeStore;
  report: UploadReport;
}

/**
 * Brings a file to a host: in chunks where it knows them, in one stream where not; then compares
 * what the host says it has.
 * @throws {UserError}
 */
export async function uploadContent(
  host: EdgeHost,
  source: UploadSource,
  options: UploadOptions,
  { crypto, notes, report }: UploadParts,
): Promise<UploadResult> {
  const { kind, signature, chunkSize, sha256, isLegacy } = options;
  const file = {
    kind,
    fileName: source.name,
    size: source.identity.size,
    chunkSize,
    sha256,
    signature: signature?.bytes ?? null,
  };
  const chunked = isLegacy
    ? null
    : await uploadInChunks(host, source, { ...options, file }, { crypto, notes, report });
  if (chunked === null && !isLegacy) {
    report.say(`${host.place} does not take chunks: uploading in one stream`);
  }
  const result = chunked ??
    await uploadInOneStream(host, source, { kind, signature }, { crypto, report });
  if (kind === "content") await compare(host, result);
  return result;
}

/** Hosts that say what they have must say what was sent; others are believed. */
async function compare(host: EdgeHost, { fileName, size, sha256 }: UploadResult): Promise<void> {
  const has = await getUploadedContent(host);
  if (has === null || has.fileName !== fileName) return;
  const differs = has.size !== null && has.size !== size ||
    has.sha256 !== null && sha256 !== null && has.sha256 !== sha256;
  if (!differs) return;
  throw new UserError("integrity", `${host.place} has another file than was sent: ${fileName}`, {
    hint: "Run the command again; nobody else may upload to the host meanwhile",
  });
}
