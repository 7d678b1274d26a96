import { UserError } from "../../errors.ts";
import { DEFINITION_REPOSITORY } from "../../content/bundle.ts";
import type { RemoteName } from "../../content/transfer/remote_bundle.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import { bundleTags } from "./bundle_tags.ts";
import { definitionAt, parseRemoteReference } from "./remote_reference.ts";

/**
 * The bundle that a reference means: without a name, the only one that is there.
 * @param source Flag it came from, for messages.
 * @throws {UserError} `validation`, `not-found`, `ambiguous`
 */
export async function findRemoteBundle(
  text: string,
  source: string,
  registries: Registries,
): Promise<RemoteName> {
  const { host, base, name, isPlainHttp } = parseRemoteReference(text, source);
  const registry = registries.open(host, isPlainHttp);
  if (name !== null) return { host, base, name };
  const tags = await bundleTags(
    registry,
    base === "" ? DEFINITION_REPOSITORY : `${base}/${DEFINITION_REPOSITORY}`,
  );
  const [only] = tags;
  const place = definitionAt({ host, base });
  if (only === undefined) throw new UserError("not-found", `No bundles found in ${place}`);
  if (tags.length === 1) return { host, base, name: only };
  throw new UserError(
    "ambiguous",
    `Cannot tell which bundle of ${place} is meant: it has several`,
    {
      hint: `Add one of these: ${tags.map((tag) => `:${tag}`).join(", ")}`,
    },
  );
}
