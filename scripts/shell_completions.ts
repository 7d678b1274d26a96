/** Writes the completion scripts of all shells as files, which releases carry. */

import { completionScript } from "../lib/commands/completion/completion.ts";

/** Shell of each file; the names are those that the shells' own folders want or nearly so. */
const FILES: readonly [string, string][] = [
  ["palette.bash", "bash"],
  ["_palette", "zsh"],
  ["palette.fish", "fish"],
  ["palette.ps1", "powershell"],
];

/** Writes what `palette completion` prints into a folder, a file for each shell. */
export async function writeCompletions(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, shell] of FILES) {
    // One by one: the scripts are caught while they are printed.
    const script = await completionScript({ shell, descriptions: true });
    await Deno.writeTextFile(`${folder}/${name}`, script);
  }
}
