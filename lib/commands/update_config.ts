import { paletteConfigOf } from "../config/palette_config.ts";
import { editSecretFile } from "../config/secret_editor.ts";
import { SecretFile } from "../config/secret_file.ts";
import type { CommandContext } from "./context.ts";

/** Keys below `paletteConfig` and what is written there. */
export type ConfigValues = Record<string, string>;

/**
 * Writes settings of palette.yaml. Secrets stay as they are, so no passphrase is needed.
 * @param change Gets the file as it is under its lock.
 * @throws {UserError} `not-logged-in` when a logout came between.
 */
export async function updateConfig(
  change: (before: SecretFile) => ConfigValues,
  context: CommandContext,
): Promise<void> {
  const { workspace } = context;
  const keyring = await context.keyring();
  await (await context.store()).update(workspace.configFile, async (current) => {
    const before = await SecretFile.parse(workspace.configFile, current?.text ?? null, "palette");
    if (!paletteConfigOf(before).hasApiKey) throw context.notLoggedIn();
    const values = Object.entries(change(before))
      .map(([name, value]) => ({ path: ["paletteConfig", name], value }));
    const parts = { keyring, files: context.caFiles, unreadable: "refuse" as const };
    return (await editSecretFile(before, { values }, parts)).text;
  });
}
