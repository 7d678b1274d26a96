import type { Choose } from "../../command.ts";
import { Choice } from "../../options/choice.ts";
import { sessionCommand } from "../../options/session_command.ts";
import { QUOTA_SCOPES } from "./scopes.ts";

export function buildQuota(choose: Choose) {
  return sessionCommand(
    "Show what is left of your quota for virtual clusters, in the system's and in the tenant's " +
      "cluster groups.",
  )
    .type("scope", new Choice(QUOTA_SCOPES))
    .option("--scope <scope:scope>", "Of these cluster groups alone: system or tenant.")
    .example("Whether another cluster of 4 cores fits", EXAMPLE)
    .action((options) =>
      choose(options, async (context) => {
        const { showQuota } = await import("./quota.ts");
        await showQuota({ scope: options.scope }, context);
      })
    );
}

const EXAMPLE = "palette pde quota --scope system -o json | " +
  `jq -e '.items[] | select(.resource == "cpu").left >= 4'`;
