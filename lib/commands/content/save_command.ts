import type { Choose } from "../command.ts";
import { transferCommand, transferOptionsOf } from "./transfer_command.ts";
import { DEFAULT_COMPRESSION_LEVEL } from "./transfer_defaults.ts";

export function buildSave(choose: Choose) {
  return transferCommand(
    "Save a bundle of a registry as an archive.\n\n" +
      "Its images and their signatures stay as they are, byte for byte. What was fetched before is " +
      "not fetched again, and a run that was stopped goes on with the rest.",
  )
    .option(
      "-s, --source <reference:string>",
      "HOST/PATH/bundle-definition:NAME; the name may be left out where there is only one.",
    )
    .option("-o, --output <folder:file>", "Folder to write to; the current one by default.")
    .option("--compression-level <level:whole>", "From 0 (plain tar) to 19; 3 by default.")
    .option("--definition-only", "Write only bundle-definition.yaml.")
    .option("--keep-layout", "Leave the OCI layout beside the archive, too: a folder NAME.", {
      conflicts: ["definition-only"],
    })
    .example(
      "As an archive in the current folder",
      "palette content save -s example.com/bundle/bundle-definition:edge-1",
    )
    .example(
      "What would be fetched",
      "palette content save -s example.com/bundle:edge-1 --dry-run --format json",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { saveContent } = await import("./save.ts");
        await saveContent({
          source: options.source,
          output: options.output,
          compressionLevel: options.compressionLevel ?? DEFAULT_COMPRESSION_LEVEL,
          definitionOnly: options.definitionOnly === true,
          keepsLayout: options.keepLayout === true,
          transfer: transferOptionsOf(options),
        }, context);
      })
    );
}
