import type { Bundle, BundleItem } from "../../content/bundle.ts";
import { fitsArchitecture } from "../../content/transfer/fits_architecture.ts";
import { inFlight } from "../../content/transfer/in_flight.ts";
import { parseSelector } from "../../content/transfer/selector.ts";
import { selectItems } from "../../content/transfer/select_items.ts";
import type { CommandContext } from "../context.ts";
import { archOf } from "./arch.ts";
import type { TransferOptions } from "./transfer_command.ts";

/**
 * The items of a bundle that flags ask for; the bundle itself without any.
 * @throws {UserError} `usage`, `validation`, `not-found`, `integrity`
 */
export async function selectContent(
  bundle: Bundle,
  selectors: readonly string[],
  { arch: archText, jobs }: Pick<TransferOptions, "arch" | "jobs">,
  { runtime: { crypto } }: CommandContext,
): Promise<Bundle> {
  const arch = archOf(archText);
  const isSelected = selectors.length === 0 ? () => true : parseSelector(selectors);
  const others = new Set<BundleItem>();
  await inFlight(arch === null ? [] : bundle.items, jobs, async (item) => {
    if (!await fitsArchitecture(item, arch ?? "", bundle.source, crypto)) others.add(item);
  });
  return await selectItems(bundle, (item) => !others.has(item) && isSelected(item, bundle), crypto);
}
