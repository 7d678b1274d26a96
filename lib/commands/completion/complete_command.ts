import { Command } from "@cliffy/command";
import { type BuildBranch, group } from "../command.ts";

export const build: BuildBranch = (choose) =>
  group("What completion scripts call.")
    .command(
      "complete",
      new Command()
        .description("Print the words that may stand at a place.")
        .arguments("<action:string> [command...:string]")
        .example(
          "What the scripts of completion run",
          "palette completions complete format project list",
        )
        .action((options, action, ...path) =>
          choose(options, async (context) => {
            const { printWords } = await import("./completion.ts");
            await printWords({ action, path }, context);
          })
        ),
    );
