import type { Bundle } from "../../content/bundle.ts";
import { parseSelector } from "../../content/transfer/selector.ts";
import { selectItems } from "../../content/transfer/select_items.ts";
import type { CommandContext } from "../context.ts";
import { archOf, isForArch } from "./arch.ts";
import type { TransferOptions } from "./transfer_command.ts";

/**
 * The items of a bundle that flags ask for; the bundle itself without any.
 * @throws {UserError} `usage`, `validation`, `not-found`
 */
export async function selectContent(
  bundle: Bundle,
  selectors: readonly string[],
  transfer: Pick<TransferOptions, "arch">,
  { runtime: { crypto } }: CommandContext,
): Promise<Bundle> {
  const arch = archOf(transfer.arch);
  const isSelected = selectors.length === 0 ? () => true : parseSelector(selectors);
  return await selectItems(
    bundle,
    (item) => isForArch(item, arch) && isSelected(item, bundle),
    crypto,
  );
}
