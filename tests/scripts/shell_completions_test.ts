import { assertEquals } from "@std/assert";
import { completionScript } from "../../lib/commands/completion/completion.ts";
import { writeCompletions } from "../../scripts/shell_completions.ts";
import { hasProgram, outputOf } from "../support/programs.ts";
import { inTempFolder, namesIn } from "../support/temp_folder.ts";

Deno.test("writeCompletions() writes what palette completion prints, for each shell", async () => {
  await inTempFolder(async (folder) => {
    await writeCompletions(`${folder}/completions`);
    const text = (name: string) => Deno.readTextFile(`${folder}/completions/${name}`);
    assertEquals(namesIn(`${folder}/completions`), [
      "_palette",
      "palette.bash",
      "palette.fish",
      "palette.ps1",
    ]);
    const script = (shell: string) => completionScript({ shell, descriptions: true });
    assertEquals(await text("palette.bash"), await script("bash"));
    assertEquals(await text("_palette"), await script("zsh"));
    assertEquals(await text("palette.fish"), await script("fish"));
    assertEquals(await text("palette.ps1"), await script("powershell"));
  });
});

Deno.test({
  name: "the file of zsh is found by name (needs zsh)",
  ignore: !hasProgram("zsh"),
  async fn() {
    await inTempFolder(async (folder) => {
      await writeCompletions(folder);
      const script = `fpath=("${folder}" $fpath); autoload -Uz compinit; compinit -u -D; ` +
        `print -r -- $_comps[palette]`;
      assertEquals(await outputOf("zsh", "-fc", script), "_palette\n");
    });
  },
});
