import { sanitizeLine } from "../../output/sanitize.ts";
import type { CommandContext } from "../context.ts";
import { writeConfig } from "../write_config.ts";

export interface LogoutOptions {
  /** Remove the file. */
  purge: boolean;
}

/** Blanks every secret of the main configuration file; done also when there is none. */
export async function logout({ purge }: LogoutOptions, context: CommandContext): Promise<void> {
  const { configFile } = context.workspace;
  const blanked = purge ? await removeFile(context) : await blankSecrets(context);
  if (context.runtime.env.get("PALETTE_API_KEY") !== undefined) {
    context.printer.notice("PALETTE_API_KEY is still set and will be used");
  }
  await context.printer.result({
    document: () => ({ configFile, removed: purge && blanked !== null, blanked: blanked ?? [] }),
    text: () => {
      if (blanked === null || (!purge && blanked.length === 0)) return "Not logged in\n";
      const done = purge ? "Removed" : "Blanked the credentials of";
      return `Logged out. ${done} ${sanitizeLine(configFile)}\n`;
    },
  });
}

/** Pointers of what was blanked; null without a file. */
async function blankSecrets(context: CommandContext): Promise<string[] | null> {
  const { configFile } = context.workspace;
  const store = await context.store();
  if (await store.read(configFile) === null) return null;
  await context.useWorkspace();
  let blanked: string[] = [];
  await writeConfig(
    (before) => {
      const secrets = before.secrets().filter(({ state }) => state !== "misplaced");
      blanked = secrets.map(({ pointer }) => pointer);
      return { secrets: secrets.map(({ path }) => ({ path, value: "" })) };
    },
    { unreadable: "drop" },
    context,
  );
  return blanked;
}

async function removeFile(context: CommandContext): Promise<string[] | null> {
  const { configFile } = context.workspace;
  const { files } = context.runtime;
  if (await files.linkInfo(configFile) === null) return null;
  await context.useWorkspace();
  await (await context.store()).removeLinked(configFile);
  return [];
}
