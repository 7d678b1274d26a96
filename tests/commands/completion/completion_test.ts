import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Command } from "@cliffy/command";
import { powershellScript } from "../../../lib/commands/completion/powershell.ts";
import { Home } from "../../support/home.ts";
import { hasProgram } from "../../support/programs.ts";

const PARSERS: Record<string, string[]> = {
  bash: ["bash", "-n"],
  zsh: ["zsh", "-n"],
  fish: ["fish", "--no-execute"],
};

for (const [shell, [program = "", ...args]] of Object.entries(PARSERS)) {
  Deno.test({
    name: `completion ${shell} is parsed by ${program}`,
    ignore: !hasProgram(program),
    async fn() {
      await using home = await Home.make();
      for (const flags of [[], ["--no-descriptions"]]) {
        const script = `${home.root}/script`;
        const { stdout } = await home.run(["completion", shell, ...flags]);
        assert(stdout.length > 1000);
        await Deno.writeTextFile(script, stdout);
        const { code, stderr } = await new Deno.Command(program, { args: [...args, script] })
          .output();
        assertEquals(code, 0, new TextDecoder().decode(stderr));
      }
    },
  });
}

for (const shell of ["bash", "zsh", "fish", "powershell"]) {
  Deno.test(`completion ${shell} knows every command and hides the hidden ones`, async () => {
    await using home = await Home.make();
    const { stdout, stderr, status } = await home.run(["completion", shell]);
    assertEquals([status, stderr], [0, ""]);
    for (const word of ["support-bundle", "deactivate", "set-secret", "acknowledge-banner"]) {
      assertStringIncludes(stdout, word);
    }
    assertEquals(/pde_(login|project)|'pde (login|project)'/.test(stdout), false);
    assertMatch(stdout, /pde[ _]cluster[-_]group/);
    assertEquals(/pde[ _](login|project[ _]list)/.test(stdout), false);
    assertEquals(await home.files(), []);
  });

  Deno.test(`completion ${shell} --no-descriptions has none`, async () => {
    await using home = await Home.make();
    const { stdout } = await home.run(["completion", shell, "--no-descriptions"]);
    assertEquals(stdout.includes("Only results and errors"), false);
    assertStringIncludes(stdout, "set-secret");
  });
}

Deno.test({
  name: "bash completes sub-commands and flags with the script (needs bash)",
  ignore: !hasProgram("bash"),
  async fn() {
    await using home = await Home.make();
    const { stdout } = await home.run(["completion", "bash"]);
    const ask = `
COMP_WORDS=(palette project "")
COMP_CWORD=2
_palette
echo "\${COMPREPLY[@]}"`;
    const { stdout: reply } = await new Deno.Command("bash", {
      args: ["--norc", "-c", `${stdout}\n${ask}`],
    }).output();
    const words = new TextDecoder().decode(reply).trim().split(" ");
    assertEquals(words.filter((word) => !word.startsWith("-")).sort(), [
      "current",
      "deactivate",
      "list",
      "switch",
    ]);
  },
});

Deno.test("powershell's script quotes its texts and has every command path", async () => {
  await using home = await Home.make();
  const { stdout } = await home.run(["completion", "powershell"]);
  assertMatch(stdout, /^Register-ArgumentCompleter -Native -CommandName 'palette'/m);
  for (const path of ["''", "'config rekey'", "'project switch'"]) {
    assertStringIncludes(stdout, `    ${path} = @(`);
  }
  // Verbatim strings only: nothing of a description is ever evaluated.
  const table = stdout.slice(stdout.indexOf("$table"), stdout.indexOf("\n  }\n  $path"));
  for (const line of table.split("\n").filter((text) => text.startsWith("      "))) {
    assertMatch(line, /^ {6},?@\('(?:[^']|'')*', '(?:[^']|'')*'\),?$/);
  }
});

Deno.test("powershell's script keeps each word and its description together", () => {
  // Without a comma between them, or before a single one, PowerShell makes one flat list of pairs.
  const tree = new Command().name("tool").helpOption(false)
    .command("many", new Command().helpOption(false).description("Several's").option("-a", "All"))
    .command("none", new Command().helpOption(false).description("Nothing below")).reset();
  assertStringIncludes(
    powershellScript("tool", tree),
    `  $table = @{
    '' = @(
      @('many', 'Several''s'),
      @('none', 'Nothing below')
    )
    'many' = @(
      ,@('-a', 'All')
    )
    'none' = @()
  }
`,
  );
});

Deno.test("pde project is hidden, and nothing below it", async () => {
  await using home = await Home.make();
  assertEquals(/^ +project\b/m.test((await home.run(["pde", "--help"])).stdout), false);
  assertMatch((await home.run(["pde", "project", "--help"])).stdout, /^ +switch\b/m);
});

Deno.test("completions complete prints the words of a flag, and nothing for nonsense", async () => {
  await using home = await Home.make();
  const words = await home.run(["completions", "complete", "format", "project", "list"]);
  assertEquals(words.stdout.trim().split("\n"), ["table", "json", "yaml"]);
  const nonsense = await home.run(["completions", "complete", "nonsense", "xyzzy"]);
  assertEquals([nonsense.status, nonsense.stdout, nonsense.stderr], [0, "", ""]);
});
