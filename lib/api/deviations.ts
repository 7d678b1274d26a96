/**
 * Where the real service and its official description part ways: what the client, the stand-in for
 * Palette in tests and the contract tests allow for.
 */

export interface Deviation {
  id: string;
  what: string;
  handling: string;
}

export const DEVIATIONS: readonly Deviation[] = [
  {
    id: "D1",
    what: "credentials and the ProjectUid header are not declared",
    handling: "401 without credentials, except on open paths",
  },
  {
    id: "D2",
    what: "spec.cloudType is required but not declared in seven bodies",
    handling: "not required",
  },
  { id: "D3", what: "exclusiveMinimum is a boolean", handling: "rewritten as a number" },
  {
    id: "D4",
    what: "objects are open",
    handling: "closed for requests, open for answers",
  },
  {
    id: "D5",
    what: "bodies are optional",
    handling: "a declared body is mandatory for POST, PUT and PATCH",
  },
  { id: "D6", what: "/v1/users/me answers although it is not declared", handling: "not used" },
  { id: "D7", what: "an empty scope and limit=0 are accepted", handling: "not used" },
  {
    id: "D8",
    what: "error answers are not declared",
    handling: "any status from 400 up may come with code, message, ref and details",
  },
  { id: "D9", what: "bodies are declared for answers with status 204", handling: "none is sent" },
];

/** Paths that answer without credentials (D1). */
export function isOpenPath(path: string): boolean {
  return /^\/v1\/(auth|health)(\/|$)/.test(path) || path === "/v1/system/loginBanner" ||
    /^\/v1\/tenants\/[^/]+\/loginBanner$/.test(path) || path === "/v1/activations/system";
}
