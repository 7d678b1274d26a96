import { reasonOf, UserError } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { ContentSource } from "../content_source.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { readVerified, verified } from "../verified.ts";
import { type ByteRange, readByteRange } from "./byte_range.ts";
import { RegistryFailure } from "./registry_failure.ts";

export interface AnswerContentParts {
  source: ContentSource;
  crypto: Crypto;
  /** Told about damage: the client sees no more than an answer that ends early. */
  warn: (text: string) => void;
}

/** A manifest: whole and checked before the first byte goes out. */
export async function answerManifest(
  request: Request,
  descriptor: Descriptor,
  { source, crypto, warn }: AnswerContentParts,
): Promise<Response> {
  if (!await source.has(descriptor)) {
    const message = `manifest ${descriptor.digest} is not in this bundle`;
    throw new RegistryFailure(404, "MANIFEST_UNKNOWN", message);
  }
  const headers = headersOf(descriptor, descriptor.mediaType);
  if (isKnownToClient(request, descriptor)) return notModified(descriptor);
  if (request.method === "HEAD") return new Response(null, { headers });
  try {
    const what = `manifest ${descriptor.digest}`;
    return new Response(await readVerified(source, descriptor, what, { crypto }), { headers });
  } catch (error) {
    throw unreadable(error, warn);
  }
}

/** A blob, or the part of it that is asked for. */
export async function answerBlob(
  request: Request,
  descriptor: Descriptor,
  parts: AnswerContentParts,
): Promise<Response> {
  const { size, digest } = descriptor;
  if (!await parts.source.has(descriptor)) {
    throw new RegistryFailure(404, "BLOB_UNKNOWN", `blob ${digest} is not in this bundle`);
  }
  if (isKnownToClient(request, descriptor)) return notModified(descriptor);
  const headers = {
    ...headersOf(descriptor, "application/octet-stream"),
    "accept-ranges": "bytes",
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  const range = rangeOf(request, descriptor);
  if (range === "unsatisfiable") {
    throw new RegistryFailure(416, "SIZE_INVALID", `the blob has ${size} bytes`, {
      "content-range": `bytes */${size}`,
    });
  }
  if (range === null) {
    return new Response(await openBody(descriptor, null, parts), { headers });
  }
  return new Response(await openBody(descriptor, range, parts), {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(range.last - range.first + 1),
      "content-range": `bytes ${range.first}-${range.last}/${size}`,
    },
  });
}

function rangeOf(request: Request, { digest, size }: Descriptor) {
  // A client that goes on with another blob than it began with gets all of it (RFC 9110 13.1.5).
  const condition = request.headers.get("if-range");
  if (condition !== null && condition !== `"${digest}"`) return null;
  return readByteRange(request.headers.get("range"), size);
}

function headersOf({ digest, size }: Descriptor, type: string): Record<string, string> {
  return {
    "content-type": type,
    "content-length": String(size),
    "docker-content-digest": digest,
    "etag": `"${digest}"`,
  };
}

function isKnownToClient(request: Request, { digest }: Descriptor): boolean {
  const known = request.headers.get("if-none-match") ?? "";
  return known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === `"${digest}"`);
}

function notModified({ digest }: Descriptor): Response {
  return new Response(null, { status: 304, headers: { etag: `"${digest}"` } });
}

/**
 * The bytes of an answer. A failure ends it before its announced length, which every client notices;
 * an error would be printed by the server on its own.
 */
async function openBody(
  descriptor: Descriptor,
  range: ByteRange | null,
  parts: AnswerContentParts,
): Promise<ReadableStream<Uint8Array>> {
  const { source, crypto, warn } = parts;
  let stream: ReadableStream<Uint8Array>;
  try {
    stream = await source.open(descriptor, range?.first ?? 0);
  } catch (error) {
    throw unreadable(error, warn);
  }
  const pieces = range === null
    ? verified(stream, descriptor, `blob ${descriptor.digest}`, crypto)
    : firstBytes(stream, range.last - range.first + 1, descriptor.digest);
  return ReadableStream.from(untilFailure(pieces, warn));
}

async function* untilFailure(
  pieces: AsyncIterable<Uint8Array>,
  warn: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    warn(reasonOf(error));
  }
}

async function* firstBytes(
  stream: AsyncIterable<Uint8Array>,
  count: number,
  digest: Digest,
): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of stream) {
    yield piece.subarray(0, left);
    left -= Math.min(piece.length, left);
    if (left === 0) return;
  }
  throw new RangeError(`${left} bytes are missing at the end of blob ${digest}`);
}

function unreadable(error: unknown, warn: (text: string) => void): unknown {
  if (!(error instanceof UserError)) return error;
  warn(error.message);
  return new RegistryFailure(500, "UNKNOWN", error.message);
}
