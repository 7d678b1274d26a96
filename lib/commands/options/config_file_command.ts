import { Command } from "@cliffy/command";
import { OUTPUT_FORMATS } from "../../output/format.ts";
import { DONE_OR_FAILED, EXIT_STATUS } from "../command.ts";
import { Choice } from "./choice.ts";
import { PROJECT_HELP } from "./project_command.ts";
import { FORMAT_HELP } from "./result_command.ts";
import { PASSPHRASE_HELP } from "./session_command.ts";

/** As `projectCommand`, for the commands whose documented `-o` has another meaning. */
export function configFileCommand(description: string) {
  return new Command()
    .description(description)
    .meta(EXIT_STATUS, DONE_OR_FAILED)
    .type("format", new Choice(OUTPUT_FORMATS))
    .option("--format <format:format>", FORMAT_HELP)
    .option("-k, --encryption-passphrase <passphrase:string>", PASSPHRASE_HELP.value)
    .option("--encryption-passphrase-file <file:file>", PASSPHRASE_HELP.file)
    .option("--encryption-passphrase-command <command:string>", PASSPHRASE_HELP.command)
    .option("--project <project:string:project>", PROJECT_HELP);
}
