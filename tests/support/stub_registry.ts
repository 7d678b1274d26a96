/**
 * A registry in memory that does what a test tells it: also what no registry should. Unlike the
 * real one it can lie, cut, forget and redirect.
 */

import { type Digest, digestOf } from "../../lib/oci/digest.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import type { Certificate } from "./certificates.ts";

export interface SeenRequest {
  method: string;
  /** With its query. */
  path: string;
  authorization: string | null;
  range: string | null;
  contentRange: string | null;
  contentLength: string | null;
  bytes: number;
}

/** Answers a request instead of the registry; null lets it. */
export type Intercept = (
  seen: SeenRequest,
  request: Request,
) => Response | null | Promise<Response | null>;

const crypto = systemCrypto();

export class StubRegistry implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  /** By `repository:selector`. */
  readonly manifests = new Map<string, { type: string; bytes: Uint8Array<ArrayBuffer> }>();
  readonly uploads = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Asked one after another, before the body of a request is read. */
  readonly intercepts: Intercept[] = [];
  /** The referrers API, and `OCI-Subject`. */
  hasReferrers = true;
  takesParts = true;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #sessions = 0;

  constructor({ tls }: { tls?: Certificate } = {}) {
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
      ...(tls === undefined ? {} : { cert: tls.cert, key: tls.key }),
    }, (request) => this.#answer(request));
    this.url = `${tls === undefined ? "http" : "https"}://${this.host}`;
  }

  readonly url: string;

  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async addBlob(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
    const digest = await digestOf(bytes, crypto);
    this.blobs.set(digest, bytes);
    return digest;
  }

  /** Forgets all that it holds, and counts its sessions afresh. */
  restart(): void {
    for (const held of [this.blobs, this.manifests, this.uploads]) held.clear();
    this.#sessions = 0;
  }

  /** Requests as `GET /v2/`, in their order. */
  lines(pattern = /./): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`)
      .filter((line) => pattern.test(line));
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const header = (name: string) => request.headers.get(name);
    const seen: SeenRequest = {
      method: request.method,
      path: `${url.pathname}${url.search}`,
      authorization: header("authorization"),
      range: header("range"),
      contentRange: header("content-range"),
      contentLength: header("content-length"),
      bytes: 0,
    };
    this.requests.push(seen);
    for (const intercept of this.intercepts) {
      const response = await intercept(seen, request);
      if (response !== null) {
        await request.body?.cancel().catch(() => {});
        return response;
      }
    }
    if (url.pathname === "/v2/") return new Response("{}");
    const [, repository = "", kind = "", rest = ""] =
      /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.+)$/.exec(url.pathname) ?? [];
    if (kind === "manifests") return await this.#manifest(request, repository, rest, seen);
    if (kind === "referrers") return this.#referrers(rest);
    if (kind === "tags") return this.#tags(repository, url);
    if (kind === "blobs" && rest.startsWith("uploads/")) return await this.#upload(request, seen);
    if (kind === "blobs") return blobResponse(request, this.blobs.get(rest) ?? null);
    return problem(404, "NAME_UNKNOWN");
  }

  async #manifest(
    request: Request,
    repository: string,
    selector: string,
    seen: SeenRequest,
  ): Promise<Response> {
    if (request.method === "PUT") {
      const bytes = new Uint8Array(await request.arrayBuffer());
      seen.bytes = bytes.length;
      const digest = await digestOf(bytes, crypto);
      const stored = { type: request.headers.get("content-type") ?? "", bytes };
      for (const key of [selector, digest]) this.manifests.set(`${repository}:${key}`, stored);
      const { subject } = JSON.parse(new TextDecoder().decode(bytes));
      return new Response(null, {
        status: 201,
        headers: {
          "docker-content-digest": digest,
          ...(subject && this.hasReferrers ? { "oci-subject": subject.digest } : {}),
        },
      });
    }
    const found = this.manifests.get(`${repository}:${selector}`);
    if (found === undefined) return problem(404, "MANIFEST_UNKNOWN");
    return new Response(request.method === "HEAD" ? null : found.bytes, {
      headers: {
        "content-type": found.type,
        "content-length": String(found.bytes.length),
        "docker-content-digest": await digestOf(found.bytes, crypto),
      },
    });
  }

  #referrers(digest: string): Response {
    if (!this.hasReferrers) return problem(404, "UNSUPPORTED");
    const manifests = [...this.manifests.entries()]
      .filter(([key]) => key.includes(":sha256:"))
      .filter(([, { bytes }]) => {
        const { subject } = JSON.parse(new TextDecoder().decode(bytes));
        return subject?.digest === digest;
      })
      .map(([key, { bytes, type }]) => ({
        mediaType: type,
        digest: key.slice(key.indexOf(":") + 1),
        size: bytes.length,
      }));
    return Response.json({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests,
    });
  }

  #tags(name: string, url: URL): Response {
    const tags = [...this.manifests.keys()].filter((key) => key.startsWith(`${name}:`))
      .map((key) => key.slice(name.length + 1)).filter((key) => !key.startsWith("sha256:")).sort();
    if (tags.length === 0) return problem(404, "NAME_UNKNOWN");
    // Two a page, whatever is asked for.
    const from = url.searchParams.get("last") ?? "";
    const page = tags.filter((tag) => tag > from).slice(0, 2);
    const last = page.at(-1) ?? "";
    const hasMore = tags.some((tag) => tag > last);
    return Response.json({ name, tags: page }, {
      headers: hasMore ? { link: `<${url.pathname}?n=2&last=${last}>; rel="next"` } : {},
    });
  }

  async #upload(request: Request, seen: SeenRequest): Promise<Response> {
    const url = new URL(request.url);
    if (request.method === "POST") {
      const mounted = url.searchParams.get("mount");
      if (mounted !== null && this.blobs.has(mounted)) {
        return new Response(null, { status: 201, headers: { "docker-content-digest": mounted } });
      }
      const session = `${url.pathname}session-${++this.#sessions}`;
      this.uploads.set(session, new Uint8Array());
      return new Response(null, { status: 202, headers: { location: `${session}?state=a%2Bb` } });
    }
    const session = url.pathname;
    const before = this.uploads.get(session);
    if (before === undefined) return problem(404, "BLOB_UPLOAD_UNKNOWN");
    if (url.searchParams.get("state") !== "a+b") return problem(400, "BLOB_UPLOAD_INVALID");
    const here = (status: number) => {
      const size = this.uploads.get(session)?.length ?? 0;
      const range = `0-${Math.max(0, size - 1)}`;
      return new Response(null, { status, headers: { location: request.url, range } });
    };
    if (request.method === "GET") return here(204);
    if (request.method === "DELETE") {
      this.uploads.delete(session);
      return new Response(null, { status: 204 });
    }
    if (request.method === "PATCH") {
      if (!this.takesParts) return problem(405, "UNSUPPORTED");
      const start = Number(/^(\d+)-/.exec(seen.contentRange ?? "")?.[1] ?? "-1");
      if (start !== before.length) return here(416);
      try {
        for await (const piece of request.body ?? []) {
          const now = this.uploads.get(session) ?? new Uint8Array();
          const after = new Uint8Array(now.length + piece.length);
          after.set(now);
          after.set(piece, now.length);
          this.uploads.set(session, after);
          seen.bytes += piece.length;
        }
      } catch {
        // The client went away in the middle.
      }
      return here(202);
    }
    const body = new Uint8Array(await request.arrayBuffer());
    seen.bytes = body.length;
    const whole = new Uint8Array(before.length + body.length);
    whole.set(before);
    whole.set(body, before.length);
    const digest = await digestOf(whole, crypto);
    if (digest !== url.searchParams.get("digest")) return problem(400, "DIGEST_INVALID");
    this.uploads.delete(session);
    this.blobs.set(digest, whole);
    return new Response(null, { status: 201, headers: { "docker-content-digest": digest } });
  }
}

/** An error as registries write it. */
export function problem(status: number, code: string, headers: HeadersInit = {}): Response {
  const body = { errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] };
  return Response.json(body, { status, headers });
}

/** A blob, or a range of it. */
export function blobResponse(request: Request, bytes: Uint8Array<ArrayBuffer> | null): Response {
  if (bytes === null) return problem(404, "BLOB_UNKNOWN");
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.get("range") ?? "")?.[1] ?? "0");
  const headers: Record<string, string> = { "content-length": String(bytes.length - from) };
  if (from > 0) headers["content-range"] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  return new Response(request.method === "HEAD" ? null : bytes.subarray(from), {
    status: from > 0 ? 206 : 200,
    headers,
  });
}

/** A body that breaks off after its bytes, whatever its length was announced as. */
export function cutBody(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let isSent = false;
  return new ReadableStream({
    async pull(controller) {
      if (isSent) {
        // Time for the bytes to leave before the connection goes.
        await new Promise((resolve) => setTimeout(resolve, 20));
        controller.error(new Error("cut"));
      } else controller.enqueue(bytes);
      isSent = true;
    },
  });
}
