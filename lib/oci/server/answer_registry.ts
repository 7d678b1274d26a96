import { reasonOf } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { FileError } from "../../runtime/files.ts";
import { type Digest, isDigest } from "../digest.ts";
import { isRepository, isTag } from "../reference.ts";
import { answerBlob, type AnswerContentParts, answerManifest } from "./answer_content.ts";
import { answerPage, answerReferrers } from "./answer_lists.ts";
import { decodePath } from "./decode_path.ts";
import { findManifest, findRepositories, onlyOne } from "./find_repository.ts";
import { failureResponse, RegistryFailure } from "./registry_failure.ts";
import type { PushTarget } from "./push_target.ts";
import type { ServedContent } from "./served_content.ts";

export interface RegistryOptions {
  content: ServedContent;
  /** Takes what clients push; without it every write is refused. */
  target?: PushTarget;
  crypto: Crypto;
  /** All repositories lie below it; without it they are found, too. */
  basePath: string;
  warn: (text: string) => void;
}

/** Answers as a registry (OCI distribution spec 1.1). */
export function answerRegistry(
  options: RegistryOptions,
): (request: Request) => Promise<Response> {
  return async (request) => {
    let response: Response;
    try {
      response = await answer(request, options);
    } catch (error) {
      if (!(error instanceof RegistryFailure)) options.warn(reasonOf(error));
      response = failureResponse(failureOf(error));
    }
    // Docker takes it as the mark of a registry.
    response.headers.set("docker-distribution-api-version", "registry/2.0");
    return response;
  };
}

function failureOf(error: unknown): RegistryFailure {
  if (error instanceof RegistryFailure) return error;
  if (error instanceof FileError && error.kind === "no-space") {
    return new RegistryFailure(507, "UNKNOWN", error.message);
  }
  return new RegistryFailure(500, "UNKNOWN", "the server failed");
}

async function answer(request: Request, options: RegistryOptions): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/healthz") return new Response("ok\n");
  if (!/^\/v2(\/|$)/.test(url.pathname)) {
    throw new RegistryFailure(404, "UNSUPPORTED", "a registry has nothing outside /v2/");
  }
  if (isWrite(request.method, url)) {
    if (options.target === undefined) throw readOnly();
    const { answerPush } = await import("./answer_push.ts");
    return await answerPush(request, url, { ...options, target: options.target });
  }
  if (/^\/v2\/?$/.test(url.pathname)) return Response.json({});
  if (url.pathname === "/v2/_catalog") return await answerCatalog(url, options);
  return await answerRepository(request, url, options);
}

/** Asking how far an upload is, is a part of writing. */
function isWrite(method: string, { pathname }: URL): boolean {
  return (method !== "GET" && method !== "HEAD") || pathname.includes("/blobs/uploads/");
}

async function answerCatalog(
  url: URL,
  { content, basePath }: RegistryOptions,
): Promise<Response> {
  const names = (await content.repositories()).map((name) => `${basePath}/${name}`);
  return answerPage(url, names, (repositories) => ({ repositories }));
}

async function answerRepository(
  request: Request,
  url: URL,
  options: RegistryOptions,
): Promise<Response> {
  const { content } = options;
  const { name, kind, selector } = routeOf(url);
  const parts: AnswerContentParts = { ...options, source: content.source };
  const find = () => findRepositories(name, url.searchParams.get("ns"), options);
  switch (kind) {
    case "tags": {
      const tags = await content.tags(onlyOne(await find()));
      return answerPage(url, tags, (page) => ({ name, tags: page }));
    }
    case "manifests": {
      if (!isDigest(selector) && !isTag(selector)) {
        throw new RegistryFailure(400, "TAG_INVALID", `"${selector}" is neither tag nor digest`);
      }
      return await answerManifest(
        request,
        await findManifest(await find(), selector, content),
        parts,
      );
    }
    case "blobs": {
      const digest = digestOrFail(selector);
      for (const repository of await find()) {
        const descriptor = await content.blob(repository, digest);
        if (descriptor !== null) return await answerBlob(request, descriptor, parts);
      }
      throw new RegistryFailure(404, "BLOB_UNKNOWN", `blob ${digest} is not in ${name}`);
    }
    case "referrers": {
      const digest = digestOrFail(selector);
      // A 404 would mean that there is no such call here, not that nothing is attached.
      const repositories = await find().catch((error) => {
        if (error instanceof RegistryFailure) return [];
        throw error;
      });
      const found = await Promise.all(
        repositories.map((repository) => content.referrers(repository, digest)),
      );
      return answerReferrers(url, found.flat());
    }
  }
}

type Kind = "tags" | "manifests" | "blobs" | "referrers";

/** What a path is about: `/v2/<name>/<kind>/<selector>`. */
function routeOf({ pathname }: URL): { name: string; kind: Kind; selector: string } {
  const match = /^\/v2\/(.+)\/(tags|manifests|blobs|referrers)\/([^/]+)$/.exec(pathname);
  const [, name = "", kind = "", encoded = ""] = match ?? [];
  if (match === null || (kind === "tags" && encoded !== "list")) {
    throw new RegistryFailure(404, "UNSUPPORTED", "a registry has no such call");
  }
  if (!isRepository(name)) {
    throw new RegistryFailure(400, "NAME_INVALID", `"${name}" is no name of a repository`);
  }
  return { name, kind: kind as Kind, selector: decodePath(encoded) };
}

function digestOrFail(text: string): Digest {
  if (isDigest(text)) return text;
  throw new RegistryFailure(400, "DIGEST_INVALID", `"${text}" is no sha256 digest`);
}

function readOnly(): RegistryFailure {
  return new RegistryFailure(405, "UNSUPPORTED", "this registry only reads", {
    allow: "GET, HEAD",
  });
}
