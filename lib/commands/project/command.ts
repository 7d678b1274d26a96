import { type BuildBranch, group } from "../command.ts";
import { resultCommand } from "../options/result_command.ts";
import { sessionCommand } from "../options/session_command.ts";

export const build: BuildBranch = (choose, words) =>
  group("List projects and choose the active one.", words, {
    current: () =>
      resultCommand("Show organization, scope, project and cluster group; asks nobody.")
        .example(
          "The uid of the active project",
          "palette project current -o json | jq -r .project.uid",
        )
        .action((options) =>
          choose(options, async (context) => {
            const { showCurrent } = await import("./current.ts");
            await showCurrent(context);
          })
        ),
    deactivate: () =>
      sessionCommand(
        "Leave the active project for the tenant's scope; for tenant administrators.\n\n" +
          "Nothing changes on the server: only the configuration file here.",
      )
        .example("Back to the tenant's scope", "palette project deactivate")
        .action((options) =>
          choose(options, async (context) => {
            const { deactivateProject } = await import("./deactivate.ts");
            await deactivateProject(context);
          })
        ),
    list: () =>
      sessionCommand("List the projects you can see; * marks the active one.")
        .example("Names only", "palette project list -o json | jq -r '.items[].name'")
        .action((options) =>
          choose(options, async (context) => {
            const { listProjects } = await import("./list.ts");
            await listProjects(context);
          })
        ),
    switch: () =>
      sessionCommand("Make a project the active one; without --name or --uid a list is shown.")
        .option(
          "--name <name:string:project>",
          "Name of the project, or a part of it to choose from.",
        )
        .option("--uid <uid:string>", "Uid of the project, instead of its name.", {
          conflicts: ["name"],
        })
        .example("From a script", "palette project switch --name dev-team")
        .action((options) =>
          choose(options, async (context) => {
            const { switchProject } = await import("./switch.ts");
            await switchProject({ name: options.name, uid: options.uid }, context);
          })
        ),
  });
