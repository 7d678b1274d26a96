import { paletteConfigOf } from "../config/palette_config.ts";
import type { SecretFile } from "../config/secret_file.ts";
import type { CommandContext } from "./context.ts";
import { writeConfig } from "./write_config.ts";

/** Keys below `paletteConfig` and what is written there. */
export type ConfigValues = Record<string, string>;

/**
 * Writes settings of palette.yaml. Secrets stay as they are, so no passphrase is needed.
 * @param change Gets the file as it is.
 * @throws {UserError} `not-logged-in` when a logout came between.
 */
export async function updateConfig(
  change: (before: SecretFile) => ConfigValues,
  context: CommandContext,
): Promise<void> {
  await writeConfig(
    (before) => {
      if (!paletteConfigOf(before).hasApiKey) throw context.notLoggedIn();
      return {
        values: Object.entries(change(before))
          .map(([name, value]) => ({ path: ["paletteConfig", name], value })),
      };
    },
    { unreadable: "refuse" },
    context,
  );
}
