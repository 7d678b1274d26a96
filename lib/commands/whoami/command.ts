import type { BuildBranch } from "../command.ts";
import { sessionCommand } from "../options/session_command.ts";

export const build: BuildBranch = (choose) =>
  sessionCommand("Tell whose key is in use, where, and whether it is still valid.")
    .example("In a script", "palette whoami -o json | jq -r .email")
    .action((options) =>
      choose(options, async (context) => {
        const { showWhoami } = await import("./whoami.ts");
        await showWhoami(context);
      })
    );
