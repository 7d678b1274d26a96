import { concatBytes } from "../runtime/streams.ts";
import { type HttpResponse } from "../runtime/http.ts";
import { transportErrorOf } from "../runtime/transport_error.ts";
import type { ApiProblem } from "./api_error.ts";

/** An answer is larger than anything Palette sends. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

/**
 * The body as a whole.
 * @throws {BodyTooLarge}
 * @throws {TransportError} When the connection breaks before its end.
 */
export async function readBody(
  response: HttpResponse,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of response.body) {
      total += chunk.length;
      if (total > limitBytes) throw new BodyTooLarge(`more than ${limitBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof BodyTooLarge) throw error;
    signal.throwIfAborted();
    throw transportErrorOf(error);
  }
  return concatBytes(chunks);
}

/** Lets go of a body that nobody reads. */
export async function discardBody(response: HttpResponse): Promise<void> {
  await response.body?.cancel().catch(() => {});
}

export function isJson(response: HttpResponse): boolean {
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  return type === "application/json" || type.endsWith("+json");
}

/** What an error answer says; the body of a proxy says nothing. */
export function problemOf(body: Uint8Array): ApiProblem {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return {};
  }
  if (typeof parsed !== "object" || parsed === null) return {};
  const fields = parsed as Record<string, unknown>;
  const problem: ApiProblem = {};
  for (const name of ["code", "message", "ref"] as const) {
    const value = fields[name];
    if (typeof value === "string" && value !== "") problem[name] = value;
  }
  return problem;
}
