import { getRegistrySync } from "../../../api/registries.ts";
import { formatAge } from "../../../output/age.ts";
import { formatFields } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { registryDocument } from "./document.ts";
import { findRegistry, type RegistryChoice } from "./find.ts";

/** Shows one registry and how far Palette has read it; never its credentials. */
export async function describeRegistry(
  choice: RegistryChoice,
  context: CommandContext,
): Promise<void> {
  const palette = await context.palette();
  const found = await findRegistry(choice, palette, context);
  const registry = { ...found, sync: await getRegistrySync(palette, found) };
  const { name, uid, type, login, provider, endpoint, scope, isPrivate, sync } = registry;
  const now = context.runtime.clock.now();
  await context.printer.result({
    document: () => ({
      ...registryDocument(registry),
      login,
      provider: provider || null,
      createdAt: registry.createdAt,
    }),
    text: () =>
      formatFields([
        ["Name", name],
        ["Uid", uid],
        ["Type", type],
        ["Login", login ?? ""],
        ["Provider", provider],
        ["Endpoint", endpoint],
        ["Scope", scope],
        ["Private", isPrivate ? "yes" : "no"],
        ["Sync", sync.isSupported ? sync.status : "not supported"],
        ["Message", sync.message],
        ["Synced", ago(formatAge(sync.lastSynced, now))],
        ["Age", formatAge(registry.createdAt, now)],
      ]),
  });
}

function ago(age: string): string {
  return age === "" ? "" : `${age} ago`;
}
