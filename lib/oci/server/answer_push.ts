import { UserError } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { concatBytes } from "../../runtime/streams.ts";
import { type Digest, isDigest } from "../digest.ts";
import { type Manifest, parseManifest } from "../manifest.ts";
import { OCI_MANIFEST } from "../media_types.ts";
import { isRepository, isTag } from "../reference.ts";
import { MAX_MANIFEST_BYTES } from "../verified.ts";
import { answerUpload, beginUpload } from "./answer_upload.ts";
import { decodePath } from "./decode_path.ts";
import type { PushTarget } from "./push_target.ts";
import { RegistryFailure } from "./registry_failure.ts";

export interface AnswerPushParts {
  target: PushTarget;
  crypto: Crypto;
  basePath: string;
}

/** Where a client writes, and under which name it did. */
export interface PushPlace {
  repository: string;
  /** As the client wrote it: addresses in answers begin with it. */
  name: string;
}

/** Answers what changes a registry (OCI distribution spec, "Push"); nothing can be deleted. */
export async function answerPush(
  request: Request,
  url: URL,
  parts: AnswerPushParts,
): Promise<Response> {
  const { method } = request;
  const uploads = /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/.exec(url.pathname);
  if (uploads !== null) {
    const [, name = "", id = ""] = uploads;
    const place = placeOf(name, parts);
    if (id === "" && method === "POST") return await beginUpload(request, url, { ...parts, place });
    if (id !== "") return await answerUpload(request, url, { ...parts, place, id });
  }
  const manifest = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname);
  if (manifest !== null && method === "PUT") {
    const [, name = "", selector = ""] = manifest;
    return await putManifest(request, decodePath(selector), placeOf(name, parts), parts);
  }
  throw new RegistryFailure(405, "UNSUPPORTED", "this registry takes no such change", {
    allow: "GET, HEAD, POST, PATCH, PUT",
  });
}

function placeOf(name: string, { basePath }: AnswerPushParts): PushPlace {
  const repository = name.startsWith(`${basePath}/`) ? name.slice(basePath.length + 1) : name;
  if (isRepository(repository)) return { repository, name };
  throw new RegistryFailure(400, "NAME_INVALID", `"${name}" is no name of a repository`);
}

async function putManifest(
  request: Request,
  selector: string,
  { repository, name }: PushPlace,
  { target, crypto }: AnswerPushParts,
): Promise<Response> {
  if (!isDigest(selector) && !isTag(selector)) {
    throw new RegistryFailure(400, "TAG_INVALID", `"${selector}" is neither tag nor digest`);
  }
  const manifest = await readManifest(request, crypto);
  const { digest } = manifest.descriptor;
  if (isDigest(selector) && selector !== digest) {
    throw new RegistryFailure(400, "DIGEST_INVALID", `the manifest has the digest ${digest}`);
  }
  await refuseIncomplete(repository, manifest, target);
  await target.putManifest(repository, isDigest(selector) ? null : selector, manifest);
  return new Response(null, {
    status: 201,
    headers: {
      "location": `/v2/${name}/manifests/${digest}`,
      "docker-content-digest": digest,
      // Tells the client that it need not keep a list of referrers itself.
      ...(manifest.subject === null ? {} : { "oci-subject": manifest.subject.digest }),
    },
  });
}

async function readManifest(request: Request, crypto: Crypto): Promise<Manifest> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body ?? []) {
    size += piece.length;
    if (size > MAX_MANIFEST_BYTES) {
      throw new RegistryFailure(
        413,
        "SIZE_INVALID",
        `a manifest has at most ${MAX_MANIFEST_BYTES} bytes`,
      );
    }
    pieces.push(piece);
  }
  const type = (request.headers.get("content-type") ?? OCI_MANIFEST).replace(/;.*$/s, "").trim();
  try {
    return await parseManifest(concatBytes(pieces), type, "this request", crypto);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new RegistryFailure(400, "MANIFEST_INVALID", error.message);
  }
}

/** What a manifest lists has to be there first, so that a tag never names half of an image. */
async function refuseIncomplete(
  repository: string,
  { blobs, manifests }: Manifest,
  target: PushTarget,
): Promise<void> {
  const missing: Digest[] = [];
  for (const { digest, urls } of blobs) {
    // A foreign layer may stay where it is.
    if (urls === undefined && await target.findBlob(digest) === null) missing.push(digest);
  }
  for (const { digest } of manifests) {
    if (!await target.hasManifest(repository, digest)) missing.push(digest);
  }
  if (missing.length === 0) return;
  throw new RegistryFailure(
    400,
    "MANIFEST_BLOB_UNKNOWN",
    `the manifest lists what is not here: ${missing.join(", ")}`,
  );
}
