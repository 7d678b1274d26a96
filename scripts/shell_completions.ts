/** The completion scripts of all shells as files, which releases carry. */

import { completionScript } from "../lib/commands/completion/completion.ts";

/** Shell of each file; the names are those that the shells' own folders want or nearly so. */
const FILES: readonly [string, string][] = [
  ["_palette", "zsh"],
  ["palette.bash", "bash"],
  ["palette.fish", "fish"],
  ["palette.ps1", "powershell"],
];

/** What `palette completion` prints, as a file for each shell. */
export async function makeCompletions(): Promise<{ name: string; text: string }[]> {
  const files = [];
  // One by one: the scripts are caught while they are printed.
  for (const [name, shell] of FILES) {
    files.push({ name, text: await completionScript({ shell, descriptions: true }) });
  }
  return files;
}
