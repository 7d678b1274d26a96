import { UserError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseManifest } from "../oci/manifest.ts";
import { readVerified } from "../oci/verified.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { type Bundle, DEFINITION_FILE, DEFINITION_TYPE, TITLE } from "./bundle.ts";

/**
 * The definition that a bundle carries, as it stands in it.
 * @throws {UserError} `not-found` when it has none, `integrity`
 */
export async function readDefinitionText(bundle: Bundle, crypto: Crypto): Promise<string> {
  const what = `the definition of "${bundle.place}"`;
  const item = bundle.items.find(({ type }) => type === "bundle") ??
    bundle.items.find(({ ref }) => /(^|\/)bundle-definition:[^/]+$/.test(ref));
  if (item === undefined) throw missing(bundle);
  const bytes = await readVerified(bundle.source, item.descriptor, what, { crypto });
  const manifest = await parseManifest(bytes, item.descriptor.mediaType, what, crypto);
  const layer = manifest.blobs.slice(1).find(isDefinition);
  if (layer === undefined) throw missing(bundle);
  const content = await readVerified(bundle.source, layer, what, { crypto });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw new UserError("integrity", `Cannot use ${what}: it is not UTF-8 text`, { cause: error });
  }
}

function isDefinition({ mediaType, annotations = {} }: Descriptor): boolean {
  return mediaType === DEFINITION_TYPE || annotations[TITLE] === DEFINITION_FILE;
}

function missing({ place }: Bundle): UserError {
  return new UserError("not-found", `Cannot find a definition in "${place}"`, {
    hint:
      "Only bundles made by palette content build carry one; copy, push, serve and verify take " +
      "any OCI layout",
  });
}
