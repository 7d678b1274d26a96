import { Command } from "@cliffy/command";
import { type BuildBranch, DONE_OR_FAILED, EXIT_STATUS } from "../command.ts";
import { Choice } from "../options/choice.ts";

/** Shells that completion scripts are made for. */
export const SHELLS = ["bash", "fish", "powershell", "zsh"] as const;

export const build: BuildBranch = (choose) =>
  new Command()
    .description(
      "Print the completion script of a shell; writes no file.\n\n" +
        "  bash        source <(palette completion bash)\n" +
        "  zsh         source <(palette completion zsh)\n" +
        "  fish        palette completion fish | source\n" +
        "  powershell  palette completion powershell | Out-String | Invoke-Expression\n\n" +
        "bash, zsh and fish complete names of projects and of what is in them, too, where Palette " +
        "answers within a second and nothing has to be asked; WORKSPACE/cache/completion.json keeps " +
        "them for 30 s.",
    )
    .meta(EXIT_STATUS, DONE_OR_FAILED)
    .type("shell", new Choice(SHELLS))
    .arguments("<shell:shell>")
    .option("--no-descriptions", "Leave the descriptions out.")
    .example(
      "For every new bash",
      "palette completion bash > ~/.local/share/bash-completion/completions/palette",
    )
    .action((options, shell) =>
      choose(options, async (context) => {
        const { printScript } = await import("./completion.ts");
        await printScript({ shell, descriptions: options.descriptions !== false }, context);
      })
    );
