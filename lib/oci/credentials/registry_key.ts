/**
 * The keys of `auths` in Docker's and Podman's files: `127.0.0.1:5000`, `https://example.com/v1/`,
 * `quay.io/org/repository` (containers-auth.json(5)).
 */

/** Docker Hub has as many names as it has tools. */
const HUB = "docker.io";
const HUB_NAMES = new Set([
  HUB,
  "index.docker.io",
  "registry-1.docker.io",
  "registry.hub.docker.com",
]);
const HUB_SERVER = "index.docker.io/v1/";

/** A key without scheme, API version and slash at its end; the host in lower case. */
export function normalizeKey(key: string): string {
  const bare = key.replace(/^[a-z]+:\/\//i, "").replace(/\/(v[12]\/?)?$/, "").replace(/\/+$/, "");
  const slash = bare.indexOf("/");
  const host = (slash === -1 ? bare : bare.slice(0, slash)).toLowerCase();
  const path = slash === -1 ? "" : bare.slice(slash);
  return (HUB_NAMES.has(host) ? HUB : host) + path;
}

/** The key that is nearest to a repository: the longest that it begins with, part by part. */
export function nearestKey(
  keys: readonly string[],
  host: string,
  repository: string,
): string | null {
  const place = `${normalizeKey(host)}${repository === "" ? "" : `/${repository}`}/`;
  let best: { key: string; length: number } | null = null;
  for (const key of keys) {
    const normal = `${normalizeKey(key)}/`;
    if (place.startsWith(normal) && normal.length > (best?.length ?? 0)) {
      best = { key, length: normal.length };
    }
  }
  return best?.key ?? null;
}

/** What a credential helper calls a registry. */
export function serverOf(host: string): string {
  return normalizeKey(host) === HUB ? `https://${HUB_SERVER}` : host;
}
