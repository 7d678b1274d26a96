import { Command } from "@cliffy/command";
import { OUTPUT_FORMATS } from "../../output/format.ts";
import { DONE_OR_FAILED, EXIT_STATUS } from "../command.ts";
import { Choice } from "./choice.ts";

export const FORMAT_HELP =
  "Shape of the result: table (default), json or yaml (env PALETTE_FORMAT).";

/** A command with a result: `--format`, and `-o` where the letter is free. */
export function resultCommand(description: string, exitStatus = DONE_OR_FAILED) {
  return new Command()
    .description(description)
    .meta(EXIT_STATUS, exitStatus)
    .type("format", new Choice(OUTPUT_FORMATS))
    .option("-o, --format <format:format>", FORMAT_HELP);
}
