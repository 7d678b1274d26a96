import { sanitizeLine } from "../../output/sanitize.ts";
import type { CommandContext } from "../context.ts";

/** Prints the places of the workspace; none of them has to exist. */
export async function showPath({ printer, settings, workspace }: CommandContext): Promise<void> {
  await printer.result({
    document: () => ({
      workspace: workspace.root,
      configFile: workspace.configFile,
      logFile: settings.logFile ?? workspace.logFile,
    }),
    text: () => `${sanitizeLine(workspace.configFile)}\n`,
  });
}
