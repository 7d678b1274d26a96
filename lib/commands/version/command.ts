import type { BuildBranch } from "../command.ts";
import { resultCommand } from "../options/result_command.ts";

export const build: BuildBranch = (choose) =>
  resultCommand("Print the version.")
    .example("Version, commit and platform", "palette version --format json")
    .action((options) =>
      choose(options, async (context) => {
        const { printVersion } = await import("./version.ts");
        await printVersion(context);
      })
    );
