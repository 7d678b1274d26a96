/** The documented upload: one multipart request (RFC 7578) that is streamed as it is read. */

import { digestFrom, hexOf } from "../../oci/digest.ts";
import { encodeHex } from "../../oci/hex.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { ownPieces } from "../../runtime/streams.ts";
import type { UploadKind } from "./chunk_protocol.ts";
import { hostRefused, hostUnreachable } from "./edge_error.ts";
import type { EdgeHost } from "./edge_host.ts";
import type { UploadReport, UploadResult } from "./upload_report.ts";
import type { UploadSource } from "./upload_source.ts";

export interface LegacyUploadOptions {
  kind: UploadKind;
  signature: { fileName: string; bytes: Uint8Array<ArrayBuffer> } | null;
}

const PATHS: Record<UploadKind, string> = {
  content: "/v1/edge-mgmt/edgehosts/current/actions/upload-content",
  clusterconfig: "/v1/edge-mgmt/edgehosts/current/actions/upload-clusterconfig",
};

/** A host may unpack before it answers. */
const ANSWER_MS = 3_600_000;

/**
 * Uploads in one stream, without a copy and with an exact `Content-Length`. It cannot go on after
 * a failure.
 * @throws {UserError}
 */
export async function uploadInOneStream(
  host: EdgeHost,
  source: UploadSource,
  { kind, signature }: LegacyUploadOptions,
  { crypto, report }: { crypto: Crypto; report: UploadReport },
): Promise<UploadResult> {
  const { size } = source.identity;
  const startMs = host.clock.monotonicMs();
  const boundary = `palette-${encodeHex(crypto.randomBytes(16))}`;
  const head = partHead(boundary, "uploadFile", source.name);
  const tail = signature === null ? [] : [
    encode("\r\n"),
    partHead(boundary, "signature", signature.fileName),
    signature.bytes,
  ];
  const end = encode(`\r\n--${boundary}--\r\n`);
  let sha256 = "";
  const pieces = async function* () {
    const hash = await crypto.sha256();
    let doneBytes = 0;
    yield head;
    for await (const piece of ownPieces(source.pieces(0, size, host.signal))) {
      hash.update(piece);
      yield piece;
      doneBytes += piece.length;
      report.moved({ doneBytes, totalBytes: size, chunks: null });
    }
    sha256 = hexOf(digestFrom(hash.digest()));
    await source.assertUnchanged();
    yield* tail;
    yield end;
  };
  report.say(`uploading file ${source.name} to appliance`);
  const length = [head, ...tail, end].reduce((sum, part) => sum + part.length, size);
  let answer;
  try {
    answer = await host.send({
      method: "POST",
      path: PATHS[kind],
      body: { type: `multipart/form-data; boundary=${boundary}`, size: length, pieces },
      answerMs: ANSWER_MS,
    });
  } catch (error) {
    throw hostUnreachable(host.place, error);
  }
  if (answer.status < 200 || answer.status > 299) throw hostRefused(host.place, answer);
  return {
    protocol: "legacy",
    fileName: source.name,
    size,
    sentBytes: size,
    elapsedMs: host.clock.monotonicMs() - startMs,
    chunks: null,
    sha256,
    message: answer.problem.message ?? "",
  };
}

function partHead(boundary: string, name: string, fileName: string): Uint8Array<ArrayBuffer> {
  // What would end the name is escaped as browsers do (HTML, multipart/form-data encoding).
  const escaped = fileName.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return encode(
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${escaped}"\r\n` +
      "Content-Type: application/octet-stream\r\n\r\n",
  );
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
