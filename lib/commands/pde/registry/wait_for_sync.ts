import type { PaletteClient } from "../../../api/client.ts";
import { getRegistrySync, type RegistryRef, type RegistrySync } from "../../../api/registries.ts";
import type { CommandContext } from "../../context.ts";
import { type Look, waitFor, type WaitOptions } from "../../wait.ts";
import { kindOf } from "./names.ts";

/** Words of Palette's, compared without case; all others mean that it goes on. */
const DONE = ["success", "completed"];
const FAILED = ["failed", "error"];

/** Waits until Palette has read what a registry offers. */
export async function waitForSync(
  registry: RegistryRef & { name: string },
  palette: PaletteClient,
  options: WaitOptions,
  context: CommandContext,
): Promise<RegistrySync> {
  return await waitFor(
    {
      what: `${kindOf(registry.type)} "${registry.name}"`,
      goal: "synced",
      look: async () => lookAt(await getRegistrySync(palette, registry)),
    },
    options,
    context,
  );
}

function lookAt(sync: RegistrySync): Look<RegistrySync> {
  const status = sync.status.toLowerCase();
  if (!sync.isSupported || DONE.includes(status)) return { is: "done", value: sync };
  return FAILED.includes(status)
    ? { is: "failed", status: sync.status, reason: sync.message }
    : { is: "going-on", status: sync.status };
}
