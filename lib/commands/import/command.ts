import type { BuildBranch } from "../command.ts";
import { waitingCommand } from "../options/project_command.ts";
import { waitOptionsOf } from "../wait.ts";

export const build: BuildBranch = (choose) =>
  waitingCommand(
    "Import existing Kubernetes clusters into the project, in full permission mode.\n\n" +
      "Uses the kubectl on PATH and the rights of the kubeconfig's user, which must be those of " +
      "cluster-admin; needs Kubernetes 1.19 or later. A cluster is named for the cluster entry of " +
      "its kubeconfig, or for the file where that is a name like kubernetes. When something fails, " +
      "the cluster is taken out of Palette again; the other kubeconfigs of a folder are tried.",
    "they are Running",
  )
    .option(
      "--kubeconfig <file:file>",
      "Kubeconfig of the cluster; the first of KUBECONFIG that is there, else ~/.kube/config.",
    )
    .option(
      "--kubeconfig-dir <folder:file>",
      "Folder with kubeconfigs: a cluster for each file, hidden ones left out.",
      { conflicts: ["kubeconfig"] },
    )
    .option("--uuid", "Add - and 8 random digits to each name, to keep them apart.")
    .option("--name <name:string>", "Name in Palette, for a single cluster.", {
      conflicts: ["kubeconfig-dir"],
    })
    .option("--context <name:string>", "Context of the kubeconfig; the current one by default.", {
      conflicts: ["kubeconfig-dir"],
    })
    .option("--dry-run", "Check everything, and import nothing.", { conflicts: ["wait"] })
    .example("The cluster that kubectl talks to", "palette import --name legacy --wait")
    .example(
      "All of a folder, in a script",
      "palette import --kubeconfig-dir clusters --uuid -o json | " +
        `jq -r '.items[] | select(.status == "failed").kubeconfig'`,
    )
    .example("Would it work?", "palette import --kubeconfig prod.kubeconfig --dry-run")
    .action((options) =>
      choose(options, async (context) => {
        const { importClusters } = await import("./import.ts");
        await importClusters({
          kubeconfig: options.kubeconfig,
          kubeconfigDir: options.kubeconfigDir,
          uuid: options.uuid === true,
          name: options.name,
          context: options.context,
          project: options.project,
          dryRun: options.dryRun === true,
          wait: waitOptionsOf(options),
        }, context);
      })
    );
