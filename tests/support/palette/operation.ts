import type { PaletteState, PaletteUser } from "./state.ts";

/** A JSON schema, as ajv takes it. */
export type Schema = Record<string, unknown>;

/** A request that passed every check of its operation. */
export interface CheckedRequest {
  /** Parameters of the path, decoded. */
  parameters: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
  /** Whose key it is; null on open paths without one. */
  user: PaletteUser | null;
  /** Uid in the ProjectUid header; null in the tenant's scope. */
  projectUid: string | null;
}

export interface OperationAnswer {
  status: number;
  /** Sent as JSON; none with 204. */
  body?: unknown;
  /** Sent as a file (`application/octet-stream`) instead of JSON. */
  file?: string | Uint8Array<ArrayBuffer>;
}

/** One operation of the Palette API. */
export interface Operation {
  /** `operationId` of the official description. */
  id: string;
  method: string;
  /** With parameters in braces. */
  path: string;
  /** Whether the ProjectUid header may be sent. */
  project: "allowed" | "refused";
  /** Query parameters that are declared. */
  query: Record<string, Schema>;
  /** Schema of the body; null when there is none. */
  body: Schema | null;
  /** Schema of the answer's body; null when there is none. */
  response: Schema | null;
  handle(request: CheckedRequest, state: PaletteState): OperationAnswer;
}

/** An error answer (Palette API, error model). */
export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

/** An operation that reads: without query and body, and in any scope, unless it says otherwise. */
export function reading(
  given: Pick<Operation, "id" | "path" | "response" | "handle"> & Partial<Operation>,
): Operation {
  return { method: "GET", project: "allowed", query: {}, body: null, ...given };
}

/**
 * What a request names.
 * @param found Undefined when there is none, or the user may not see it.
 */
export function known<T>(found: T | undefined, message: string): T {
  if (found !== undefined) return found;
  throw new Refusal(404, "ResourceNotFound", message);
}

/** An object with the given properties and, in requests, no others. */
export function object(properties: Record<string, Schema>, required: string[] = []): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

export const UID_ANSWER: Schema = object({ uid: { type: "string" } }, ["uid"]);
export const INTEGER: Schema = { type: "integer" };
export const NUMBER: Schema = { type: "number" };
/** An object whose further fields nobody reads. */
export const ANY: Schema = {};
export function list(items: Schema): Schema {
  return { type: "array", items };
}
export const TEXT: Schema = { type: "string" };
export const FLAG: Schema = { type: "boolean" };
export const LABELS: Schema = { type: "object", additionalProperties: TEXT };
export const PAGE_QUERY: Record<string, Schema> = {
  limit: { type: "integer", minimum: 1, maximum: 50 },
  offset: { type: "integer", minimum: 0 },
  continue: TEXT,
};

/** A list cut into pages: the part that `continue` or `offset` points at, with `listmeta`. */
export function pageOf<T>(items: T[], query: URLSearchParams): { items: T[]; listmeta: unknown } {
  const limit = Number(query.get("limit") ?? 50);
  const next = query.get("continue");
  const start = next === null
    ? Number(query.get("offset") ?? 0)
    : Number(next.replace("page-", ""));
  if (Number.isNaN(start)) throw new Refusal(400, "InvalidContinue", "continue is not known");
  const end = start + limit;
  return {
    items: items.slice(start, end),
    listmeta: {
      continue: end < items.length ? `page-${end}` : "",
      count: items.length,
      limit,
      offset: end,
    },
  };
}

export const LIST_META: Schema = object({
  continue: TEXT,
  count: { type: "integer" },
  limit: { type: "integer" },
  offset: { type: "integer" },
});

/** Projects a user may see, in the order of the state. */
export function visibleProjects(user: PaletteUser | null, state: PaletteState) {
  return state.projects.filter(({ uid }) =>
    user !== null && (user.isTenantAdmin || user.projectUids.includes(uid))
  );
}
