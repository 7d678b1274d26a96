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

const KIND = "virtual cluster";

export function buildVirtualCluster(choose: Choose, words: readonly string[]) {
  return group("Create, change and use virtual clusters.", words, {
    create: () => createCommand(choose),
    delete: () => deleteCommand(choose),
    describe: () =>
      namedCommand(KIND, "Show one virtual cluster.")
        .example(
          "Its status",
          "palette pde virtual-cluster describe --name dev -o json | jq .status",
        )
        .action((options) =>
          choose(options, async (context) => {
            const { describeCluster } = await import("./describe.ts");
            await describeCluster(choiceOf(options), context);
          })
        ),
    "download-kubeconfig": () => downloadCommand(choose),
    events: () => eventsCommand(choose),
    lifecycle: () => lifecycleCommand(choose),
    list: () =>
      projectCommand(
        "List the virtual clusters of the project.\n\n" +
          "Sizes cost a request each: they are shown for up to 50 clusters, or with --sizes.",
      )
        .option("--sizes", "Show the sizes, however many clusters there are.")
        .option("--no-sizes", "Leave the sizes out.")
        .example("Those that run", LIST_EXAMPLE)
        .action((options) =>
          choose(options, async (context) => {
            const { listClusters } = await import("./list.ts");
            await listClusters({ project: options.project, sizes: options.sizes }, context);
          })
        ),
    resize: () => resizeCommand(choose),
  });
}

const LIST_EXAMPLE =
  `palette pde virtual-cluster list -o json | jq -r '.items[] | select(.status == "Running").name'`;

/** What names a cluster, of the flags of a command. */
function choiceOf(options: { project?: string; name?: string; uid?: string }) {
  return { project: options.project, name: options.name, uid: options.uid };
}

function createCommand(choose: Choose) {
  return waitingCommand("Create a virtual cluster in a cluster group.", "it is Running")
    .type("scope", new Choice(SCOPE_WORDS))
    .type("size", new WholeNumber(1))
    .type("storage", new WholeNumber(0))
    .type("words", new Words())
    .option("--name <name:string>", "Name of the new virtual cluster.")
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
    .option("--tags <tags:words>", "Tags, separated by commas: key or key:value.")
    .option(
      "--download-kubeconfig",
      "Write its kubeconfig to ~/.kube/NAME.conf once it runs.",
      { depends: ["wait"] },
    )
    .example(
      "Ready for kubectl",
      "palette pde virtual-cluster create --name dev --cpu 4 --memory 8 --wait --download-kubeconfig",
    )
    .example(
      "In a group of the system",
      "palette pde virtual-cluster create --name dev --cluster-group-name beehive " +
        "--cluster-group-scope system --tags env:dev,qa",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { createCluster } = await import("./create.ts");
        await createCluster({
          project: options.project,
          name: options.name,
          clusterGroupName: options.clusterGroupName,
          clusterGroupScope: options.clusterGroupScope,
          size: { cpu: options.cpu, memory: options.memory, storage: options.storage },
          tags: options.tags ?? [],
          wait: waitOptionsOf(options),
          downloadsKubeconfig: options.downloadKubeconfig === true,
        }, context);
      })
    );
}

function deleteCommand(choose: Choose) {
  return namedWaitingCommand(
    KIND,
    "Delete a virtual cluster with all that runs on it.",
    "it is gone",
  )
    .option("--yes", "Do not ask; without a terminal nothing is asked anyway.")
    .option("--force", "Also one that has been deleting for more than 15 minutes.")
    .example("From a script", "palette pde virtual-cluster delete --name dev --wait")
    .action((options) =>
      choose(options, async (context) => {
        const { deleteVirtualCluster } = await import("./delete.ts");
        await deleteVirtualCluster({
          choice: choiceOf(options),
          isSure: options.yes === true,
          force: options.force === true,
          wait: waitOptionsOf(options),
        }, context);
      })
    );
}

function downloadCommand(choose: Choose) {
  return namedWaitingCommand(
    KIND,
    "Download the kubeconfig of a virtual cluster, for you alone to read (mode 0600).",
    "it has one",
  )
    .option(
      "--path <file:file>",
      "Where to; ~/.kube/NAME.conf by default, - for standard output.",
    )
    .option("--force", "Replace a file of another cluster.")
    .option("--admin", "The administrator's credentials, where Palette has them.")
    .option(
      "--merge",
      "Add it to a kubeconfig: --path, else the first of KUBECONFIG, else ~/.kube/config.",
    )
    .option("--context <name:string>", "With --merge: name of the entries; the cluster's.", {
      depends: ["merge"],
    })
    .option("--allow-exec", "With --merge: also credentials that make kubectl run a program.", {
      depends: ["merge"],
    })
    .example("Use it at once", "palette pde virtual-cluster download-kubeconfig --name dev --merge")
    .example(
      "To another program",
      "palette pde virtual-cluster download-kubeconfig --name dev --path - | kubectl --kubeconfig /dev/stdin get pods",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { downloadClusterKubeconfig } = await import("./download_kubeconfig.ts");
        await downloadClusterKubeconfig({
          choice: choiceOf(options),
          path: options.path,
          force: options.force === true,
          isAdmin: options.admin === true,
          merge: options.merge === true
            ? { context: options.context, allowsExec: options.allowExec === true }
            : null,
          wait: waitOptionsOf(options),
        }, context);
      })
    );
}

function eventsCommand(choose: Choose) {
  return namedCommand(KIND, "Show the latest events of a virtual cluster, newest first.")
    .type("limit", new WholeNumber(1))
    .type("age", new WholeNumber(-1))
    .type("words", new Words())
    .option("--limit <count:limit>", "How many at most; 5 by default.")
    .option("--max-age <minutes:age>", "How old at most, in minutes; -1 by default, which is any.")
    .option("--severity <words:words>", "Of these alone: normal, warning, error; commas between.")
    .example("What went wrong", "palette pde virtual-cluster events --name dev --severity error")
    .action((options) =>
      choose(options, async (context) => {
        const { showEvents } = await import("./events.ts");
        await showEvents({
          choice: choiceOf(options),
          limit: options.limit ?? 5,
          maxAge: options.maxAge ?? -1,
          severities: options.severity ?? [],
        }, context);
      })
    );
}

function lifecycleCommand(choose: Choose) {
  return namedWaitingCommand(
    KIND,
    "Pause or resume a virtual cluster; a paused one keeps its storage and its quota.",
    "it is Paused or Running",
  )
    .type("lifecycle", new Choice(["pause", "resume"] as const))
    .option("--action <action:lifecycle>", "pause or resume.")
    .example("For the night", "palette pde virtual-cluster lifecycle --name dev --action pause")
    .action((options) =>
      choose(options, async (context) => {
        const { changeLifecycle } = await import("./lifecycle.ts");
        await changeLifecycle({
          choice: choiceOf(options),
          action: options.action,
          wait: waitOptionsOf(options),
        }, context);
      })
    );
}

function resizeCommand(choose: Choose) {
  return namedWaitingCommand(
    KIND,
    "Change the size of a virtual cluster; what is not given stays as it is.",
    "it has its new size",
  )
    .type("size", new WholeNumber(1))
    .type("storage", new WholeNumber(0))
    .option("--cpu <cores:size>", "Cores.")
    .option("--memory <gb:size>", "Memory in GB.")
    .option("--storage <gb:storage>", "Storage in GB.")
    .option("--yes", "Shrink the storage without asking.")
    .example("More memory", "palette pde virtual-cluster resize --name dev --memory 8 --wait")
    .action((options) =>
      choose(options, async (context) => {
        const { resizeCluster } = await import("./resize.ts");
        await resizeCluster({
          choice: choiceOf(options),
          size: { cpu: options.cpu, memory: options.memory, storage: options.storage },
          isSure: options.yes === true,
          wait: waitOptionsOf(options),
        }, context);
      })
    );
}
