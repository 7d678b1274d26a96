import type { Operation } from "./operation.ts";

/** What a path leads to. */
export type Route =
  | { operation: Operation; parameters: Record<string, string> }
  /** `NotInSpec`: the path is known, the method is not; `NotModelled`: a path of the API that nobody wrote. */
  | { status: 405 | 404 | 501; code: string };

/**
 * Finds the operation of a request. A fixed segment beats a parameter, decided before the method is
 * looked at: `DELETE /v1/users/info` is not `DELETE /v1/users/{uid}`.
 */
export function route(operations: readonly Operation[], method: string, path: string): Route {
  const candidates = operations
    .map((operation) => ({ operation, parameters: match(operation.path, path) }))
    .filter((candidate) => candidate.parameters !== null)
    .sort((a, b) => parameterCount(a.operation) - parameterCount(b.operation));
  const [best] = candidates;
  if (best === undefined) {
    return path.startsWith("/v1/")
      ? { status: 501, code: "NotModelled" }
      : { status: 404, code: "NotFound" };
  }
  const found = candidates.find(({ operation }) =>
    operation.method === method && operation.path === best.operation.path
  );
  if (found === undefined) return { status: 405, code: "NotInSpec" };
  return { operation: found.operation, parameters: found.parameters ?? {} };
}

function match(template: string, path: string): Record<string, string> | null {
  const wanted = template.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const parameters: Record<string, string> = {};
  for (const [at, segment] of wanted.entries()) {
    const text = given[at] ?? "";
    if (segment.startsWith("{") && text !== "") {
      parameters[segment.slice(1, -1)] = decodeURIComponent(text);
    } else if (segment !== text) return null;
  }
  return parameters;
}

function parameterCount({ path }: Operation): number {
  return path.split("{").length - 1;
}
