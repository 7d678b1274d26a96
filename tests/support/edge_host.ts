/**
 * A stateful stand-in for an Edge host on 127.0.0.1: the published Local Management API as far as
 * uploads go, and the chunked protocol of `lib/content/upload/chunk_protocol.ts`. It refuses what a
 * host would refuse, and answers 501 for what it does not model.
 */

import { createHash, createVerify } from "node:crypto";
import { serveHttp } from "../../lib/runtime/http_server.ts";
import type { Certificate } from "./certificates.ts";

export interface EdgeHostOptions {
  tls?: Certificate;
  /** Public key (PEM) that content has to be signed for. */
  publicKey?: string;
  token?: string;
  /** How the token must be sent. */
  scheme?: "" | "Bearer ";
  /** A host from before chunks. */
  isOld?: boolean;
  archType?: string;
  /** The chunk size that it insists on. */
  chunkSize?: number;
}

export interface EdgeRequestRecord {
  method: string;
  path: string;
  headers: Headers;
  /** Bytes that arrived. */
  size: number;
  /** Parsed JSON, else null. */
  json: unknown;
  status: number;
  answer: unknown;
  /** Names of the fields of a form. */
  form: string[];
}

/** Makes requests go wrong; used up in their order. */
export interface EdgeFault {
  method: string;
  path: RegExp;
  times?: number;
  /** So many matching requests pass before. */
  after?: number;
  /** Called instead of the host; null lets it go on (for side effects). */
  answer: (request: Request) => Response | null | Promise<Response | null>;
}

interface UploadSession {
  id: string;
  kind: string;
  fileName: string;
  size: number;
  chunkSize: number;
  sha256: string | null;
  signature: Uint8Array | null;
  chunks: Map<number, Uint8Array>;
  state: "open" | "assembling" | "extracting" | "ready" | "failed";
  message: string;
}

export interface ReceivedFile {
  kind: string;
  fileName: string;
  bytes: Uint8Array;
  signature: Uint8Array | null;
}

const CURRENT = "/v1/edge-mgmt/edgehosts/current";
const UPLOADS = `${CURRENT}/content/uploads`;

export class FakeEdgeHost implements AsyncDisposable {
  readonly requests: EdgeRequestRecord[] = [];
  readonly sessions = new Map<string, UploadSession>();
  readonly received: ReceivedFile[] = [];
  /** Chunks being received now, and the most of them there ever were. */
  readonly load = { now: 0, most: 0 };
  token: string;
  readonly #options: EdgeHostOptions;
  readonly #faults: EdgeFault[] = [];
  #server: { port: number; stop(): Promise<void> } | null = null;

  private constructor(options: EdgeHostOptions) {
    this.#options = options;
    this.token = options.token ?? EDGE_TOKEN;
  }

  static async start(options: EdgeHostOptions = {}): Promise<FakeEdgeHost> {
    const host = new FakeEdgeHost(options);
    const { tls } = options;
    host.#server = await serveHttp({
      hostname: "127.0.0.1",
      port: 0,
      ...(tls === undefined ? {} : { tls: { certificate: tls.cert, key: tls.key } }),
    }, (request) => host.#answer(request));
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.stop();
    const unused = this.#faults.filter(({ times = 1 }) => times > 0 && times < Infinity);
    if (unused.length > 0) throw new Error(`${unused.length} faults of the host were not met`);
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  inject(fault: EdgeFault): void {
    this.#faults.push({ times: 1, ...fault });
  }

  /** Ends all faults. */
  heal(): void {
    this.#faults.length = 0;
  }

  /** `PUT .../chunks/3 204` and the like, without what every upload asks before and after. */
  get log(): string[] {
    return this.requests
      .filter(({ path }) => path.startsWith(UPLOADS) || path.includes("/actions/upload-"))
      .map(({ method, path, status }) => `${method} ${path.slice(CURRENT.length)} ${status}`);
  }

  /** Chunks that were stored, in the order of their arrival. */
  get stored(): number[] {
    return this.requests
      .filter(({ method, status }) => method === "PUT" && status === 204)
      .map(({ path }) => Number(path.split("/").at(-1)));
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname: path } = new URL(request.url);
    const record: EdgeRequestRecord = {
      method: request.method,
      path,
      headers: new Headers(request.headers),
      size: 0,
      json: null,
      status: 0,
      answer: null,
      form: [],
    };
    this.requests.push(record);
    const isChunk = request.method === "PUT";
    if (isChunk) this.load.most = Math.max(this.load.most, ++this.load.now);
    try {
      const fault = this.#faultOf(request.method, path);
      const response = await fault?.answer(request) ?? await this.#perform(request, record);
      record.status = response.status;
      if (response.headers.get("content-type") === "application/json") {
        record.answer = await response.clone().json();
      }
      return response;
    } finally {
      if (isChunk) this.load.now--;
    }
  }

  #faultOf(method: string, path: string): EdgeFault | null {
    for (const fault of this.#faults) {
      const isMatch = fault.method === method && fault.path.test(path) && (fault.times ?? 1) > 0;
      if (!isMatch) continue;
      if (fault.after !== undefined && fault.after > 0) {
        fault.after--;
        return null;
      }
      fault.times = (fault.times ?? 1) - 1;
      return fault;
    }
    return null;
  }

  async #perform(request: Request, record: EdgeRequestRecord): Promise<Response> {
    const { method, path, headers } = record;
    if (headers.get("authorization") !== `${this.#options.scheme ?? ""}${this.token}`) {
      await request.body?.cancel();
      return Response.json({ code: "Unauthorized", message: "token" }, { status: 401 });
    }
    if (/\/actions\/upload-/.test(path)) return await this.#takeWhole(request, record);
    const bytes = new Uint8Array(await request.arrayBuffer());
    record.size = bytes.length;
    if (headers.get("content-type") === "application/json") {
      record.json = JSON.parse(new TextDecoder().decode(bytes));
    }
    switch (`${method} ${path}`) {
      case `GET ${CURRENT}`:
        return this.#describe();
      case `GET ${CURRENT}/actions/content/signing-public-key`:
        return this.#tellKey();
      case `GET ${CURRENT}/uploaded-content/details`:
        return this.#tellUploaded();
    }
    if (this.#options.isOld !== true && path.startsWith(UPLOADS)) {
      return this.#session(record, bytes);
    }
    return refuse(this.#options.isOld ? 404 : 501, "NotFound", `${method} ${path}`);
  }

  #describe(): Response {
    const { archType } = this.#options;
    if (archType === undefined) return refuse(500, "InternalServerError", "not known");
    return Response.json({ spec: { hardwareSpec: { archType } } });
  }

  #tellKey(): Response {
    const { publicKey } = this.#options;
    return publicKey === undefined
      ? refuse(404, "NotFound", "no key is embedded")
      : Response.json({ key: btoa(publicKey), description: "of the tests" });
  }

  #tellUploaded(): Response {
    const last = this.received.at(-1);
    if (last === undefined) return refuse(404, "NotFound", "nothing was uploaded");
    const { length } = last.bytes;
    return Response.json({
      fileName: last.fileName,
      sha256Hash: sha256(last.bytes).toString("hex"),
      sizeInBytes: length,
      sizeInMiB: length / 2 ** 20,
      sizeInGiB: length / 2 ** 30,
      uploadDateTime: "2026-01-02T15:04:05.000Z",
    });
  }

  async #takeWhole(request: Request, record: EdgeRequestRecord): Promise<Response> {
    const announced = Number(record.headers.get("content-length") ?? NaN);
    const bytes = new Uint8Array(await request.arrayBuffer());
    record.size = bytes.length;
    if (announced !== bytes.length) return refuse(500, "BadLength", `${announced}`);
    const type = record.headers.get("content-type") ?? "";
    const form = await new Response(bytes, { headers: { "content-type": type } }).formData();
    record.form = [...form.keys()];
    const names = record.form.filter((name) => !/^(uploadFile|signature)$/.test(name));
    const file = form.get("uploadFile");
    const signature = form.get("signature");
    if (!(file instanceof File) || names.length > 0) return refuse(500, "BadForm", `${names}`);
    const received = {
      kind: record.path.endsWith("clusterconfig") ? "clusterconfig" : "content",
      fileName: file.name,
      bytes: new Uint8Array(await file.arrayBuffer()),
      signature: signature instanceof File ? new Uint8Array(await signature.arrayBuffer()) : null,
    };
    const problem = this.#problemOf(received);
    if (problem !== null) return refuse(500, "InvalidSignature", problem);
    this.received.push(received);
    return Response.json(
      { message: "Uploaded content successfully", uploadPath: `/opt/upload/${file.name}` },
      { status: 201 },
    );
  }

  #problemOf({ bytes, signature }: ReceivedFile): string | null {
    const { publicKey } = this.#options;
    if (publicKey === undefined) return null;
    if (signature === null) return "the signature is missing";
    const check = createVerify("sha256");
    check.update(bytes);
    return check.verify(publicKey, signature) ? null : "the signature is not valid";
  }

  #session(record: EdgeRequestRecord, bytes: Uint8Array): Response {
    const { method, path } = record;
    if (path === UPLOADS) {
      return method === "POST" ? this.#open(record.json) : refuse(405, "MethodNotAllowed", method);
    }
    const [id = "", ...rest] = path.slice(UPLOADS.length + 1).split("/");
    const session = this.sessions.get(decodeURIComponent(id));
    if (session === undefined) return refuse(404, "NotFound", `no session ${id}`);
    if (rest.length === 0 && method === "GET") return this.#look(session);
    if (rest.length === 0 && method === "DELETE") {
      this.sessions.delete(session.id);
      return new Response(null, { status: 204 });
    }
    if (rest[0] === "complete" && method === "POST") return this.#complete(session, record.json);
    if (rest[0] === "chunks" && method === "PUT") {
      return this.#store(session, Number(rest[1]), bytes, record.headers);
    }
    return refuse(501, "NotImplemented", `${method} ${path}`);
  }

  #open(json: unknown): Response {
    const { kind, fileName, size, chunkSize, sha256: hash, signature, ...more } = json as Record<
      string,
      unknown
    >;
    const isGood = /^(content|clusterconfig)$/.test(String(kind)) && typeof fileName === "string" &&
      typeof size === "number" && typeof chunkSize === "number" && Object.keys(more).length === 0;
    if (!isGood) return refuse(422, "InvalidBody", JSON.stringify(json));
    const session: UploadSession = {
      id: `s-${this.sessions.size + 1}-${crypto.randomUUID().slice(0, 8)}`,
      kind: String(kind),
      fileName,
      size,
      chunkSize: this.#options.chunkSize ?? chunkSize,
      sha256: typeof hash === "string" ? hash : null,
      signature: typeof signature === "string"
        ? Uint8Array.from(atob(signature), (character) => character.charCodeAt(0))
        : null,
      chunks: new Map(),
      state: "open",
      message: "",
    };
    this.sessions.set(session.id, session);
    return Response.json({
      id: session.id,
      chunkSize: session.chunkSize,
      expiresAt: "2026-01-03T15:04:05Z",
      received: [],
    }, { status: 201 });
  }

  #store(session: UploadSession, index: number, bytes: Uint8Array, headers: Headers): Response {
    if (session.state !== "open") return refuse(409, "Conflict", `it is ${session.state}`);
    const start = index * session.chunkSize;
    const end = Math.min(start + session.chunkSize, session.size);
    const range = `bytes ${start}-${end - 1}/${session.size}`;
    const digest = `sha-256=:${sha256(bytes).toString("base64")}:`;
    if (start >= session.size || headers.get("content-range") !== range) {
      return refuse(416, "BadRange", headers.get("content-range") ?? "none");
    }
    if (Number(headers.get("content-length")) !== end - start || bytes.length !== end - start) {
      return refuse(411, "BadLength", `${bytes.length}`);
    }
    if (headers.get("content-digest") !== digest) return refuse(400, "DigestMismatch", digest);
    session.chunks.set(index, bytes);
    return new Response(null, { status: 204 });
  }

  #complete(session: UploadSession, json: unknown): Response {
    const count = Math.ceil(session.size / session.chunkSize);
    if (session.state !== "open" || session.chunks.size < count) {
      return refuse(409, "Conflict", `${session.chunks.size} of ${count} chunks, ${session.state}`);
    }
    const bytes = wholeOf(session);
    const { sha256: announced } = json as { sha256?: string };
    if (announced !== undefined && announced !== sha256(bytes).toString("hex")) {
      return refuse(400, "DigestMismatch", "the digest of the whole differs");
    }
    session.state = "assembling";
    return Response.json({}, { status: 202 });
  }

  /** Each look moves it on. */
  #look(session: UploadSession): Response {
    const { state } = session;
    const { message } = session;
    const answer = Response.json({ state, received: rangesOf(session), message });
    if (state === "assembling") session.state = "extracting";
    if (state === "extracting") {
      const { kind, fileName, signature } = session;
      const file = { kind, fileName, bytes: wholeOf(session), signature };
      const problem = this.#problemOf(file);
      session.state = problem === null ? "ready" : "failed";
      session.message = problem ?? "Uploaded content successfully";
      if (problem === null) this.received.push(file);
    }
    return answer;
  }
}

export const EDGE_TOKEN = "edge-upload-token-1";

function refuse(status: number, code: string, message: string): Response {
  return Response.json({ code, message, details: {}, ref: "r-1" }, { status });
}

function sha256(bytes: Uint8Array) {
  return createHash("sha256").update(bytes).digest();
}

function wholeOf({ chunks, size, chunkSize }: UploadSession): Uint8Array {
  const whole = new Uint8Array(size);
  for (const [index, bytes] of chunks) whole.set(bytes, index * chunkSize);
  return whole;
}

function rangesOf({ chunks }: UploadSession): number[][] {
  const ranges: number[][] = [];
  for (const index of [...chunks.keys()].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges;
}
