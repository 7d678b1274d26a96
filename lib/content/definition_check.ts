import { UserError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Manifest } from "../oci/manifest.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { type Bundle, type BundleItem, DEFINITION_FILE } from "./bundle.ts";
import { readDefinitionText } from "./bundle_definition_text.ts";
import type { BundleDefinition } from "./definition/bundle_definition.ts";
import { readDefinition } from "./definition/read_definition.ts";
import { wantedOf } from "./transfer/remote_bundle.ts";

/**
 * - `absent`: bundles of other programs have none, and only their index tells what is in them;
 * - `unreadable`: it is there and damaged.
 */
export type DefinitionVerdict = "complete" | "incomplete" | "absent" | "unreadable";

/** Whether everything that the definition of a bundle names is in it, as what it names. */
export async function checkAgainstDefinition(
  bundle: Bundle,
  manifests: ReadonlyMap<Digest, Manifest>,
  crypto: Crypto,
): Promise<{ verdict: DefinitionVerdict; problems: { ref: string; problem: string }[] }> {
  let definition: BundleDefinition;
  try {
    const text = await readDefinitionText(bundle, crypto);
    definition = readDefinition(text, `bundle-definition.yaml of ${bundle.place}`).definition;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (error.code === "not-found" && !bundle.items.some(({ type }) => type === "bundle")) {
      return { verdict: "absent", problems: [] };
    }
    const problem = { ref: DEFINITION_FILE, problem: error.message };
    return { verdict: "unreadable", problems: [problem] };
  }
  const problems = wantedOf(definition).flatMap(({ ref, digest }) => {
    const item = bundle.items.find((candidate) => candidate.ref === ref);
    if (item === undefined) {
      return [{ ref, problem: "not in the bundle, although its definition names it" }];
    }
    return digest === null || digestsOf(item, manifests).includes(digest)
      ? []
      : [{ ref, problem: `not what the definition names: ${digest}` }];
  });
  return { verdict: problems.length === 0 ? "complete" : "incomplete", problems };
}

/** An image is named by its manifest; a file by its content, which is a layer of an artifact. */
function digestsOf({ descriptor }: BundleItem, manifests: ReadonlyMap<Digest, Manifest>): Digest[] {
  const layers = manifests.get(descriptor.digest)?.blobs.slice(1) ?? [];
  return [descriptor.digest, ...layers.map(({ digest }) => digest)];
}
