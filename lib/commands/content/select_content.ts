import type { Bundle, BundleItem } from "../../content/bundle.ts";
import { itemsForOthers } from "../../content/transfer/fits_architecture.ts";
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
  const others = arch === null
    ? new Set<BundleItem>()
    : await itemsForOthers(bundle, arch, { jobs, crypto });
  return await selectItems(bundle, (item) => !others.has(item) && isSelected(item, bundle), crypto);
}
