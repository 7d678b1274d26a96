/**
 * A stateful stand-in for Palette on 127.0.0.1. It refuses what the official description refuses and
 * the unknown fields that it would let pass, and checks its own answers.
 */

import { isOpenPath } from "../../../lib/api/deviations.ts";
import { answerOf, type Fault } from "./faults.ts";
import { type CheckedRequest, type Operation, Refusal, visibleProjects } from "./operation.ts";
import { OPERATIONS } from "./operations/all.ts";
import { route } from "./router.ts";
import { defaultState, type PaletteState, type PaletteUser } from "./state.ts";
import { misfit, queryMisfit } from "./validation.ts";

export interface FakePaletteOptions {
  tls?: { cert: string; key: string };
  hostname?: string;
}

/** A request as it arrived. */
export interface RecordedRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: Headers;
  /** Parsed JSON; the text when it is none; null without a body. */
  body: unknown;
  /** What was answered; null until then, and for errors and faults. */
  answer: { status: number; body: unknown } | null;
}

/** Starts a Palette on a free port. */
export function startFakePalette(options: FakePaletteOptions = {}): Promise<FakePalette> {
  const { promise, resolve } = Promise.withResolvers<FakePalette>();
  const { hostname = "127.0.0.1", tls } = options;
  const palette: { current?: FakePalette } = {};
  const server = Deno.serve({
    hostname,
    port: 0,
    ...tls,
    onListen: ({ port }) => {
      const url = `${tls === undefined ? "http" : "https"}://${hostname}:${port}`;
      palette.current = new FakePalette(url, () => server.shutdown());
      resolve(palette.current);
    },
    onError: () => new Response(null, { status: 500 }),
  }, (request) => palette.current?.answer(request) ?? new Response(null, { status: 503 }));
  return promise;
}

export class FakePalette implements AsyncDisposable {
  /** Origin, no trailing slash. */
  readonly url: string;
  readonly state: PaletteState = defaultState();
  readonly requests: RecordedRequest[] = [];
  /** Answers of ours that do not fit their own schema; disposing throws when there are any. */
  readonly defects: string[] = [];
  readonly #faults: (Fault & { times: number })[] = [];
  readonly #stop: () => Promise<void>;

  constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.#stop = stop;
  }

  /** Makes the next requests that it matches go wrong; faults are used up in their order. */
  inject(fault: Fault): void {
    this.#faults.push({ ...fault, times: fault.times ?? 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    if (this.defects.length > 0) throw new Error(`the fake Palette is at fault: ${this.defects}`);
  }

  /** Records a request and answers it. */
  async answer(request: Request): Promise<Response> {
    const recorded = await record(request);
    this.requests.push(recorded);
    const fault = this.#nextFault(recorded);
    const injected = fault === null ? null : await answerOf(fault);
    if (injected !== null) return injected;
    try {
      return this.#perform(recorded);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, code, message } = error;
      return Response.json({ code, message, ref: crypto.randomUUID() }, { status });
    }
  }

  #nextFault({ method, path }: RecordedRequest): Fault | null {
    const fault = this.#faults.find((candidate) =>
      candidate.times > 0 && (candidate.method ?? method) === method &&
      (candidate.path ?? path) === path
    );
    if (fault === undefined) return null;
    fault.times--;
    return fault;
  }

  #perform(recorded: RecordedRequest): Response {
    const found = route(OPERATIONS, recorded.method, recorded.path);
    if (!("operation" in found)) {
      throw new Refusal(found.status, found.code, `${recorded.method} ${recorded.path}`);
    }
    const { operation, parameters } = found;
    const checked = this.#check(operation, parameters, recorded);
    const { status, body, file } = operation.handle(checked, this.state);
    const written = typeof file === "object" ? `${file.length} bytes` : file;
    recorded.answer = { status, body: body ?? written ?? null };
    if (file !== undefined) {
      return new Response(file, {
        status,
        headers: { "content-type": "application/octet-stream" },
      });
    }
    if (operation.response !== null) this.#checkAnswer(operation, body);
    return body === undefined ? new Response(null, { status }) : Response.json(body, { status });
  }

  /** Credentials, scope, query, content type, body: in this order. */
  #check(
    { query, body, project }: Operation,
    parameters: Record<string, string>,
    recorded: RecordedRequest,
  ): CheckedRequest {
    const user = this.#userOf(recorded);
    const projectUid = this.#projectOf(recorded.headers, project, user);
    const queryProblem = queryMisfit(query, recorded.query);
    if (queryProblem !== null) throw new Refusal(400, "InvalidQuery", queryProblem);
    if (body !== null) {
      if (recorded.body === null) throw new Refusal(400, "MissingBody", "a body is required");
      if (recorded.headers.get("content-type")?.split(";")[0] !== "application/json") {
        throw new Refusal(415, "UnsupportedMediaType", "application/json is required");
      }
      const problem = misfit(body, recorded.body);
      if (problem !== null) throw new Refusal(400, "InvalidBody", problem);
    } else if (recorded.body !== null) {
      throw new Refusal(400, "UnexpectedBody", "no body is declared");
    }
    return { parameters, query: recorded.query, body: recorded.body, user, projectUid };
  }

  #userOf({ headers, path }: RecordedRequest): PaletteUser | null {
    const key = headers.get("apikey");
    if (key === null) {
      if (isOpenPath(path)) return null;
      throw new Refusal(401, "Unauthorized", "Credentials are missing");
    }
    const known = this.state.apiKeys.get(key);
    if (known === undefined) throw new Refusal(401, "InvalidApiKey", "The API key is not valid");
    if (known.isExpired) throw new Refusal(401, "ApiKeyExpired", "The API key has expired");
    return this.state.users.find(({ uid }) => uid === known.userUid) ?? null;
  }

  #projectOf(
    headers: Headers,
    project: "allowed" | "refused",
    user: PaletteUser | null,
  ): string | null {
    const uid = headers.get("projectuid");
    if (uid === null) return null;
    if (project === "refused") {
      throw new Refusal(400, "UnexpectedProjectUid", "ProjectUid may not be sent here");
    }
    if (!this.state.projects.some((candidate) => candidate.uid === uid)) {
      throw new Refusal(400, "InvalidProjectUid", "The project does not exist");
    }
    if (!visibleProjects(user, this.state).some((candidate) => candidate.uid === uid)) {
      throw new Refusal(403, "OperationForbidden", "The user is not in the project");
    }
    return uid;
  }

  #checkAnswer({ id, response }: Operation, body: unknown): void {
    const problem = response === null ? null : misfit(response, body);
    if (problem === null) return;
    this.defects.push(`${id}: ${problem}`);
    throw new Refusal(500, "FakeBug", problem);
  }
}

async function record(request: Request): Promise<RecordedRequest> {
  const url = new URL(request.url);
  const text = await request.text();
  return {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: new Headers(request.headers),
    body: text === "" ? null : parsed(text),
    answer: null,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
