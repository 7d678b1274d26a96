import { type Choose, group } from "../../command.ts";
import { Choice } from "../../options/choice.ts";
import {
  namedCommand,
  namedWaitingCommand,
  projectCommand,
  waitingCommand,
} from "../../options/project_command.ts";
import { WholeNumber, Words } from "../../options/types.ts";
import { waitOptionsOf } from "../../wait.ts";
import { SCOPE_WORDS } from "../scopes.ts";

const KIND = "app";
const DEPLOYED = "every tier of it is deployed";

export function buildApp(choose: Choose, words: readonly string[]) {
  return group("Deploy app profiles on virtual clusters.", words, {
    create: (rest) => createGroup(choose, rest),
    delete: () =>
      namedWaitingCommand(KIND, "Delete an app; its virtual cluster stays.", "it is gone")
        .option("--yes", "Do not ask; without a terminal nothing is asked anyway.")
        .example("From a script", "palette pde app delete --name shop --wait")
        .action((options) =>
          choose(options, async (context) => {
            const { deleteDeployedApp } = await import("./delete.ts");
            await deleteDeployedApp({
              choice: choiceOf(options),
              isSure: options.yes === true,
              wait: waitOptionsOf(options),
            }, context);
          })
        ),
    describe: () =>
      namedCommand(KIND, "Show one app and where its services are.")
        .example("Its address", DESCRIBE_EXAMPLE)
        .action((options) =>
          choose(options, async (context) => {
            const { describeApp } = await import("./describe.ts");
            await describeApp(choiceOf(options), context);
          })
        ),
    list: () =>
      projectCommand("List the apps of the project.")
        .option("--name <text:string>", "Only names with this in them.")
        .example("Those with an update", LIST_EXAMPLE)
        .action((options) =>
          choose(options, async (context) => {
            const { listDeployedApps } = await import("./list.ts");
            await listDeployedApps({ project: options.project, name: options.name }, context);
          })
        ),
    update: () =>
      namedWaitingCommand(KIND, "Bring an app to what its app profile says by now.", DEPLOYED)
        .option("--app-profile-version <version:string>", "Move it to this version instead.")
        .option("--yes", "Do not ask; without a terminal nothing is asked anyway.")
        .example("From a script", "palette pde app update --name shop --wait")
        .action((options) =>
          choose(options, async (context) => {
            const { updateApp } = await import("./update.ts");
            await updateApp({
              choice: choiceOf(options),
              version: options.appProfileVersion,
              isSure: options.yes === true,
              wait: waitOptionsOf(options),
            }, context);
          })
        ),
  });
}

const DESCRIBE_EXAMPLE = "palette pde app describe --name shop -o json | jq -r '.services[0].host'";
const LIST_EXAMPLE =
  "palette pde app list -o json | jq -r '.items[] | select(.updateAvailable).name'";

function createGroup(choose: Choose, words: readonly string[]) {
  return group("Create an app.", words, {
    "cluster-group": () => inGroupCommand(choose),
    interactive: () =>
      waitingCommand("Ask for everything an app needs, and create it.", DEPLOYED)
        .example("Step by step", "palette pde app create interactive")
        .action((options) =>
          choose(options, async (context) => {
            const { createInteractive } = await import("./create_interactive.ts");
            await createInteractive(
              { project: options.project, wait: waitOptionsOf(options) },
              context,
            );
          })
        ),
    "virtual-cluster": () => onClusterCommand(choose),
  });
}

/** Flags of both ways to create an app. */
function creationCommand(description: string) {
  return waitingCommand(description, DEPLOYED)
    .type("words", new Words())
    .option("--name <name:string>", "Name of the new app.")
    .option("--app-profile-name <name:string:app-profile>", "App profile to deploy.")
    .option("--app-profile-version <version:string>", "Its version; the highest by default.")
    .option("--tags <tags:words>", "Tags, separated by commas: key or key:value.");
}

function inGroupCommand(choose: Choose) {
  return creationCommand("Create a virtual cluster in a cluster group, and an app on it.")
    .type("scope", new Choice(SCOPE_WORDS))
    .type("size", new WholeNumber(1))
    .type("storage", new WholeNumber(0))
    .option("--virtual-cluster-name <name:string>", "Name of the new virtual cluster.")
    .option(
      "--cluster-group-name <name:string:cluster-group>",
      "Cluster group; the active one by default.",
    )
    .option(
      "--cluster-group-scope <scope:scope>",
      "Scope of the cluster group: project, tenant or system.",
    )
    .option("--cpu <cores:size>", "Cores; 4 by default.")
    .option("--memory <gb:size>", "Memory in GB; 4 by default.")
    .option("--storage <gb:storage>", "Storage in GB; 4 by default.")
    .example(
      "With a cluster of its own",
      "palette pde app create cluster-group --name shop --app-profile-name web " +
        "--virtual-cluster-name shop-vc --wait",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { createInGroup } = await import("./create.ts");
        await createInGroup({
          ...creationOptions(options),
          clusterGroupName: options.clusterGroupName,
          clusterGroupScope: options.clusterGroupScope,
          size: { cpu: options.cpu, memory: options.memory, storage: options.storage },
        }, context);
      })
    );
}

function onClusterCommand(choose: Choose) {
  return creationCommand("Create an app on a virtual cluster that is there.")
    .option("--virtual-cluster-name <name:string:virtual-cluster>", "Virtual cluster to deploy on.")
    .example(
      "A certain version",
      "palette pde app create virtual-cluster --name shop --app-profile-name web " +
        "--app-profile-version 1.0.0 --virtual-cluster-name dev",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { createOnCluster } = await import("./create.ts");
        await createOnCluster(creationOptions(options), context);
      })
    );
}

interface CreationFlags {
  project?: string;
  name?: string;
  appProfileName?: string;
  appProfileVersion?: string;
  virtualClusterName?: string;
  tags?: string[];
  wait?: boolean;
  timeout?: number;
  pollInterval?: number;
}

function creationOptions(options: CreationFlags) {
  return {
    project: options.project,
    name: options.name,
    appProfileName: options.appProfileName,
    appProfileVersion: options.appProfileVersion,
    virtualClusterName: options.virtualClusterName,
    tags: options.tags ?? [],
    wait: waitOptionsOf(options),
  };
}

function choiceOf(options: { project?: string; name?: string; uid?: string }) {
  return { project: options.project, name: options.name, uid: options.uid };
}
