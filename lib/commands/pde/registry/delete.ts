import { ApiError } from "../../../api/api_error.ts";
import { deleteRegistry } from "../../../api/registries.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { confirmDeletion, requireFlags } from "../../lookup.ts";
import { findRegistry, type RegistryChoice } from "./find.ts";
import { kindOf } from "./names.ts";

export interface DeleteOptions {
  choice: RegistryChoice;
  isSure: boolean;
}

/** Deletes a registry; Palette refuses while a profile uses it. */
export async function removeRegistry(
  { choice, isSure }: DeleteOptions,
  context: CommandContext,
): Promise<void> {
  // A uid says it all; a name alone may stand for the registry of the other type.
  if (choice.uid === undefined) {
    requireFlags({ "--name": choice.name, "--type": choice.type }, context);
  }
  const palette = await context.palette();
  const registry = await findRegistry(choice, palette, context);
  const { name, uid, type } = registry;
  const what = `${kindOf(type)} ${name}`;
  await confirmDeletion(what, isSure, context);
  try {
    await deleteRegistry(palette, registry);
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
  await context.printer.result({
    document: () => ({ name, uid, type, deleted: true }),
    text: () => `Deleted ${sanitizeLine(what)}\n`,
  });
}
