/**
 * A registry's host as the first part of a repository's path. A path takes no colon and no capital
 * (OCI distribution spec, "Pulling manifests"), so a port is set apart by `_`: `10.1.2.3_5000`.
 */
export function hostPath(host: string): string {
  return host.toLowerCase().replace(/[^a-z0-9.-]+/g, "_").replace(/^[_.-]+|[_.-]+$/g, "");
}

/** Whether the first part of a path stands for a host. */
export function isHostPath(part: string): boolean {
  return part.includes(".") || part === "localhost" || /_\d+$/.test(part);
}
