import { FileError } from "../../runtime/files.ts";
import { type Digest, isDigest } from "../digest.ts";
import type { AnswerPushParts, PushPlace } from "./answer_push.ts";
import { RegistryFailure } from "./registry_failure.ts";
import { SessionBusy, type UploadSession } from "./upload_sessions.ts";

interface UploadParts extends AnswerPushParts {
  place: PushPlace;
}

/** `POST .../blobs/uploads/`: mounts a blob, takes a whole one, or begins a session. */
export async function beginUpload(
  request: Request,
  url: URL,
  parts: UploadParts,
): Promise<Response> {
  const { target, place } = parts;
  const mount = url.searchParams.get("mount");
  if (mount !== null && isDigest(mount) && await target.findBlob(mount) !== null) {
    return created(mount, place);
  }
  const digest = url.searchParams.get("digest");
  if (digest !== null) digestOrFail(digest);
  const session = await target.uploads.begin(place.repository);
  if (digest === null) return accepted(session, place);
  return await finishUpload(request, digest, session, parts);
}

/** Everything about a session that has begun. */
export async function answerUpload(
  request: Request,
  url: URL,
  parts: UploadParts & { id: string },
): Promise<Response> {
  const { target: { uploads }, place, id } = parts;
  const session = uploads.find(place.repository, id);
  if (session === null) {
    throw new RegistryFailure(404, "BLOB_UPLOAD_UNKNOWN", `there is no upload ${id} here`);
  }
  switch (request.method) {
    case "GET":
      return new Response(null, { status: 204, headers: headersOf(session, place) });
    case "PATCH":
      refuseGap(request, session, place);
      await append(request, session, parts);
      return accepted(session, place);
    case "PUT": {
      refuseGap(request, session, place);
      const digest = url.searchParams.get("digest");
      return await finishUpload(request, digest ?? "", session, parts);
    }
    case "DELETE":
      await uploads.drop(session);
      return new Response(null, { status: 204 });
    default:
      throw new RegistryFailure(405, "UNSUPPORTED", "an upload has no such call", {
        allow: "GET, PATCH, PUT, DELETE",
      });
  }
}

/** Chunks come in order, each where the last one ended. */
function refuseGap(request: Request, session: UploadSession, place: PushPlace): void {
  const range = request.headers.get("content-range");
  if (range === null) return;
  const start = /^(?:bytes )?(\d+)-\d+/.exec(range)?.[1];
  if (start !== undefined && Number(start) === session.size) return;
  throw new RegistryFailure(
    416,
    "BLOB_UPLOAD_INVALID",
    `the upload goes on at byte ${session.size}`,
    headersOf(session, place),
  );
}

async function append(
  { body }: Request,
  session: UploadSession,
  { target }: UploadParts,
): Promise<void> {
  if (body === null) return;
  try {
    await orBusy(() => target.uploads.append(session, body));
  } catch (error) {
    if (error instanceof FileError || error instanceof RegistryFailure) throw error;
    // The client went away; what it sent so far stays.
    throw new RegistryFailure(400, "BLOB_UPLOAD_INVALID", "the request ended early");
  }
}

async function finishUpload(
  request: Request,
  expected: string,
  session: UploadSession,
  parts: UploadParts,
): Promise<Response> {
  const { target, place } = parts;
  const digest = digestOrFail(expected);
  await append(request, session, parts);
  const found = await orBusy(() => target.uploads.finish(session));
  if (found.digest !== digest) {
    await target.uploads.discard(found.path);
    throw new RegistryFailure(
      400,
      "DIGEST_INVALID",
      `the ${found.size} bytes that came have the digest ${found.digest}`,
    );
  }
  await target.keepBlob(found.path, digest);
  return created(digest, place);
}

function digestOrFail(text: string): Digest {
  if (isDigest(text)) return text;
  throw new RegistryFailure(400, "DIGEST_INVALID", `"${text}" is no sha256 digest`);
}

async function orBusy<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SessionBusy)) throw error;
    throw new RegistryFailure(
      409,
      "BLOB_UPLOAD_INVALID",
      "another request writes to this upload",
    );
  }
}

function created(digest: Digest, { name }: PushPlace): Response {
  return new Response(null, {
    status: 201,
    headers: { "location": `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest },
  });
}

function accepted(session: UploadSession, place: PushPlace): Response {
  return new Response(null, { status: 202, headers: headersOf(session, place) });
}

function headersOf({ id, size }: UploadSession, { name }: PushPlace): Record<string, string> {
  return {
    "location": `/v2/${name}/blobs/uploads/${id}`,
    "range": `0-${Math.max(0, size - 1)}`,
    "docker-upload-uuid": id,
  };
}
