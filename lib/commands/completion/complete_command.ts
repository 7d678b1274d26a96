import { Command } from "@cliffy/command";
import { type BuildBranch, group } from "../command.ts";

/**
 * Global flags as a key press needs them: no question, no notice, no log, whatever the environment
 * says. The words come out as they are.
 */
const SILENT = { input: false, quiet: true, logLevel: "panic", format: "table" };

export const build: BuildBranch = (choose, words) =>
  group("What completion scripts call.", words, {
    complete: () =>
      new Command()
        .description("Print the words that may stand at a place.")
        .arguments("<action:string> [command...:string]")
        .example(
          "What the scripts of completion run",
          "palette completions complete format project list",
        )
        .action((options, action, ...path) =>
          choose(Object.assign({}, options, SILENT), async (context) => {
            const { printWords } = await import("./print_words.ts");
            await printWords({ action, path }, context);
          })
        ),
  });
