import { assertEquals } from "@std/assert";
import { completionScript } from "../../lib/commands/completion/completion.ts";
import { makeCompletions } from "../../scripts/shell_completions.ts";
import { hasProgram, outputOf } from "../support/programs.ts";
import { inTempFolder } from "../support/temp_folder.ts";

Deno.test("makeCompletions() has what palette completion prints, for each shell", async () => {
  const script = (shell: string) => completionScript({ shell, descriptions: true });
  assertEquals(await makeCompletions(), [
    { name: "_palette", text: await script("zsh") },
    { name: "palette.bash", text: await script("bash") },
    { name: "palette.fish", text: await script("fish") },
    { name: "palette.ps1", text: await script("powershell") },
  ]);
});

Deno.test({
  name: "the file of zsh is found by name (needs zsh)",
  ignore: !hasProgram("zsh"),
  async fn() {
    await inTempFolder(async (folder) => {
      for (const { name, text } of await makeCompletions()) {
        await Deno.writeTextFile(`${folder}/${name}`, text);
      }
      const script = `fpath=("${folder}" $fpath); autoload -Uz compinit; compinit -u -D; ` +
        `print -r -- $_comps[palette]`;
      assertEquals(await outputOf("zsh", "-fc", script), "_palette\n");
    });
  },
});
