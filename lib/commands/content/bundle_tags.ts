import { UserError } from "../../errors.ts";
import type { Registry } from "../../oci/registry/registry.ts";
import { isNotThere } from "../../oci/registry/registry_error.ts";

/**
 * Names of the bundles in a repository of definitions; those of their signatures are left out.
 * @throws {UserError} `not-found`
 */
export async function bundleTags(registry: Registry, repository: string): Promise<string[]> {
  try {
    const tags = await registry.listTags(repository);
    return tags.filter((tag) => !tag.startsWith("sha256-"));
  } catch (error) {
    if (!isNotThere(error)) throw error;
    const place = `${registry.host}/${repository}`;
    throw new UserError("not-found", `No bundles found in ${place}`, {
      hint: "Check the address; palette content push puts a bundle there",
      cause: error,
    });
  }
}
