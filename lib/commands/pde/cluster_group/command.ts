import { group } from "../../command.ts";
import type { Choose } from "../../command.ts";
import { Choice } from "../../options/choice.ts";
import { namedCommand, projectCommand } from "../../options/project_command.ts";
import { SCOPE_WORDS } from "../scopes.ts";

export function buildClusterGroup(choose: Choose, words: readonly string[]) {
  return group("List cluster groups and choose the active one.", words, {
    list: () =>
      projectCommand("List the cluster groups that virtual clusters can be created in.")
        .option("--wide", "Mark the active group and show limits.")
        .example("Names of the system's groups", LIST_EXAMPLE)
        .action((options) =>
          choose(options, async (context) => {
            const { listGroups } = await import("./list.ts");
            await listGroups(
              { project: options.project, isWide: options.wide === true },
              context,
            );
          })
        ),
    switch: () =>
      namedCommand("cluster group", "Make a cluster group the active one.")
        .type("scope", new Choice(SCOPE_WORDS))
        .option(
          "--scope <scope:scope>",
          "Its scope, when the name is there more than once: project, tenant or system.",
        )
        .example("From a script", "palette pde cluster-group switch --name beehive --scope system")
        .action((options) =>
          choose(options, async (context) => {
            const { switchGroup } = await import("./switch.ts");
            await switchGroup({
              project: options.project,
              choice: { name: options.name, uid: options.uid, scope: options.scope },
            }, context);
          })
        ),
  });
}

const LIST_EXAMPLE =
  `palette pde cluster-group list -o json | jq -r '.items[] | select(.scope == "system").name'`;
