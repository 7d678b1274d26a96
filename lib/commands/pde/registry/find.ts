import type { PaletteClient } from "../../../api/client.ts";
import { listRegistries, type Registry, type RegistryType } from "../../../api/registries.ts";
import type { CommandContext } from "../../context.ts";
import { lookUp, type Wanted } from "../../lookup.ts";
import { kindOrRegistry } from "./names.ts";

/** A registry as flags name it. */
export interface RegistryChoice extends Wanted {
  type?: RegistryType | undefined;
}

/** The registry that is meant; both types may have the name. */
export async function findRegistry(
  { type, ...wanted }: RegistryChoice,
  palette: PaletteClient,
  context: CommandContext,
): Promise<Registry> {
  return await lookUp(wanted, {
    kind: kindOrRegistry(type),
    place: "the tenant",
    list: () => listRegistries(palette, type),
    detail: (registry) => registry.type,
  }, context);
}
