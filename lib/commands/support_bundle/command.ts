import type { BuildBranch } from "../command.ts";
import { resultCommand } from "../options/result_command.ts";

export const build: BuildBranch = (choose) =>
  resultCommand(
    "Collect logs, versions and configuration in a tar.gz for support.\n\n" +
      "Secrets, encrypted ones too, and what would help to guess the passphrase are left out.",
  )
    .option(
      "--output-file <file:file>",
      "Archive to write; palette-support-TIME.tar.gz in this folder by default.",
    )
    .example("Look inside before you send it", "tar tzf palette-support-*.tar.gz")
    .action((options) =>
      choose(options, async (context) => {
        const { writeSupportBundle } = await import("./support_bundle.ts");
        await writeSupportBundle({ outputFile: options.outputFile }, context);
      })
    );
