import type { Bundle } from "../../content/bundle.ts";
import { describeLeftOut, findLeftOut } from "../../content/thin_bundle.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { CommandContext } from "../context.ts";

/**
 * Tells that a copy of a thin bundle lacks what the bundle itself lacks: nobody would look for it.
 * @param outcome What that means for the place it goes to.
 * @param others Where its blobs may be besides.
 */
export async function warnOfThin(
  bundle: Bundle,
  outcome: string,
  { printer, runtime: { crypto } }: CommandContext,
  others: readonly Pick<ContentSource, "has">[] = [],
): Promise<void> {
  const leftOut = await findLeftOut(bundle, crypto, others);
  if (leftOut !== null) printer.warn(`${describeLeftOut(bundle.place, leftOut)}; ${outcome}`);
}
