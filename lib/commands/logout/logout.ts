import { editSecretFile } from "../../config/secret_editor.ts";
import { SecretFile } from "../../config/secret_file.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import type { CommandContext } from "../context.ts";

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
  const { workspace } = context;
  const keyring = await context.keyring();
  const store = await context.store();
  // Looks first: a lock would make folders for somebody who never logged in.
  if (await store.read(workspace.configFile) === null) return null;
  await context.useWorkspace();
  let blanked: string[] | null = null;
  await store.update(workspace.configFile, async (current) => {
    if (current === null) return null;
    const before = await SecretFile.parse(workspace.configFile, current.text, "palette");
    const secrets = before.secrets().filter(({ state }) => state !== "misplaced");
    blanked = secrets.map(({ pointer }) => pointer);
    const edited = await editSecretFile(
      before,
      { secrets: secrets.map(({ path }) => ({ path, value: "" })) },
      { keyring, files: context.caFiles, unreadable: "drop" },
    );
    return edited.text;
  });
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
