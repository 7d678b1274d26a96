import type { BuildBranch } from "../command.ts";
import { resultCommand } from "../options/result_command.ts";

export const build: BuildBranch = (choose) =>
  resultCommand("Forget the stored credentials; needs no passphrase.")
    .option("--purge", "Remove the configuration file, too.")
    .example("On a machine that others use", "palette logout --purge")
    .action((options) =>
      choose(options, async (context) => {
        const { logout } = await import("./logout.ts");
        await logout({ purge: options.purge === true }, context);
      })
    );
