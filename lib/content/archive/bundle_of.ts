import { UserError } from "../../errors.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { isTag } from "../../oci/reference.ts";
import { type Bundle, BUNDLE_NAME, type BundleItem, itemsOf } from "../bundle.ts";

/** The name of bundles that have none. */
const DEFAULT_NAME = "bundle";

/**
 * The bundle that the index of a layout tells of.
 * @throws {UserError} `integrity` when its name can be no name.
 */
export function bundleOf(
  index: Manifest,
  parts: Pick<Bundle, "place" | "source" | "close">,
): Bundle {
  const items = itemsOf(index.manifests);
  const name = index.annotations[BUNDLE_NAME] ?? nameOfDefinition(items) ?? DEFAULT_NAME;
  if (!isTag(name)) {
    throw new UserError("integrity", `Cannot open "${parts.place}": "${name}" is no bundle name`);
  }
  return { name, annotations: index.annotations, items, ...parts };
}

/** A bundle that others wrote says its name in the reference of its definition at most. */
function nameOfDefinition(items: readonly BundleItem[]): string | null {
  const refs = items.map(({ ref }) => /(?:^|\/)bundle-definition:([^/]+)$/.exec(ref)?.[1]);
  return refs.find((name) => name !== undefined) ?? null;
}
