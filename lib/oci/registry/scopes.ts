/** What a token is asked for (Docker registry v2 token scopes). */
export type Access = "pull" | "push";

/** `push` includes `pull`: a push looks first. */
export function repositoryScope(repository: string, access: Access): string {
  return `repository:${repository}:${access === "push" ? "pull,push" : "pull"}`;
}

export const CATALOG_SCOPE = "registry:catalog:*";

/** The repository whose credentials a request uses; empty for the registry as a whole. */
export function repositoryOf([first = ""]: readonly string[]): string {
  return /^repository:(.+):[^:]*$/.exec(first)?.[1] ?? "";
}

/** What we need, and what the registry asks for, each resource once. */
export function mergeScopes(scopes: readonly string[], asked: string): string[] {
  const merged = new Map<string, Set<string>>();
  for (const scope of [...scopes, ...asked.split(" ")]) {
    const colon = scope.lastIndexOf(":");
    if (colon <= 0) continue;
    const resource = scope.slice(0, colon);
    const actions = merged.get(resource) ?? new Set();
    merged.set(resource, actions);
    for (const action of scope.slice(colon + 1).split(",")) actions.add(action);
  }
  return [...merged].map(([resource, actions]) => `${resource}:${[...actions].join(",")}`);
}
