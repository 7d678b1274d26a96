import type { Descriptor } from "../descriptor.ts";
import { isDigest } from "../digest.ts";
import { hostPath, isHostPath } from "../host_path.ts";
import { RegistryFailure } from "./registry_failure.ts";
import type { ServedContent } from "./served_content.ts";

/**
 * The repositories that a client means. Repositories begin with the host that an image comes from
 * and lie below a base path; a client that uses this server as a mirror of such a host leaves out
 * both, and may name the host in `ns` (containerd).
 */
export async function findRepositories(
  name: string,
  mirrored: string | null,
  { content, basePath }: { content: ServedContent; basePath: string },
): Promise<string[]> {
  const names = name.startsWith(`${basePath}/`) ? [name.slice(basePath.length + 1), name] : [name];
  const exact = mirrored === null ? names : [`${hostPath(mirrored)}/${name}`, ...names];
  for (const candidate of exact) {
    if (await content.has(candidate)) return [candidate];
  }
  const found = mirrored === null ? await withoutHost(name, content) : [];
  if (found.length > 0) return found;
  throw new RegistryFailure(404, "NAME_UNKNOWN", `repository ${name} is not in this bundle`);
}

async function withoutHost(path: string, content: ServedContent): Promise<string[]> {
  return (await content.repositories()).filter((repository) => {
    const slash = repository.indexOf("/");
    return isHostPath(repository.slice(0, slash)) && repository.slice(slash + 1) === path;
  });
}

/** The one repository whose tags are meant. */
export function onlyOne(repositories: string[]): string {
  const [first = "", ...more] = repositories;
  if (more.length === 0) return first;
  throw ambiguous(repositories);
}

/**
 * A manifest in one of several repositories. The same tag may stand for something else at another
 * host, and nobody may get the image of a host that was not meant.
 */
export async function findManifest(
  repositories: string[],
  selector: string,
  content: ServedContent,
): Promise<Descriptor> {
  const found = new Map<string, Descriptor>();
  for (const repository of repositories) {
    const descriptor = await content.manifest(repository, selector);
    if (descriptor !== null) found.set(descriptor.digest, descriptor);
  }
  const [first, ...more] = found.values();
  if (first === undefined) {
    const what = isDigest(selector) ? `manifest ${selector}` : `tag ${selector}`;
    throw new RegistryFailure(
      404,
      "MANIFEST_UNKNOWN",
      `${what} is not in ${repositories.join(" or ")}`,
    );
  }
  if (more.length > 0) throw ambiguous(repositories);
  return first;
}

function ambiguous(repositories: string[]): RegistryFailure {
  return new RegistryFailure(
    404,
    "NAME_UNKNOWN",
    `several hosts have this name, ask for one of ${repositories.join(", ")}`,
  );
}
