import { UserError } from "../../../errors.ts";
import { downloadKubeconfig } from "../../../api/kubeconfigs.ts";
import { DEFAULT_KUBECONFIG, listedKubeconfigs } from "../../../kube/kubeconfig_paths.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { expandPath } from "../../paths.ts";
import type { WaitOptions } from "../../wait.ts";
import { type ClusterChoice, findCluster, type FoundCluster, waitForCluster } from "./find.ts";
import { fetchKubeconfig, locationLines, notYet, writeKubeconfig } from "./kubeconfig_target.ts";

export interface DownloadOptions {
  choice: ClusterChoice;
  /** `-` is stdout. */
  path?: string | undefined;
  force: boolean;
  isAdmin: boolean;
  /** Into a kubeconfig that is there, under this name. */
  merge: { context?: string | undefined; allowsExec: boolean } | null;
  wait: WaitOptions;
}

/** States in which a cluster has a kubeconfig. */
const READY = new Set(["Running", "Pausing", "Paused", "Resuming"]);

/** Downloads the kubeconfig of a virtual cluster. */
export async function downloadClusterKubeconfig(
  options: DownloadOptions,
  context: CommandContext,
): Promise<void> {
  const { path, force, isAdmin, merge } = options;
  if (path === "-" && merge !== null) {
    throw new UserError("usage", "--merge needs a file, not --path -");
  }
  const found = await findCluster(options.choice, context);
  await untilReady(found, options.wait, context);
  const { name, uid } = found.cluster;
  if (path === "-") {
    const text = await fetchKubeconfig(found, found.cluster.status, { isAdmin });
    context.runtime.streams.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    return;
  }
  const written = merge === null
    ? await writeKubeconfig(found, { path, force, isAdmin }, context)
    : await mergeInto(found, { path, force, isAdmin, merge }, context);
  await context.printer.result({
    document: () => ({ name, uid, path: written }),
    text: () => locationLines(name, written),
  });
}

async function untilReady(
  found: FoundCluster,
  wait: WaitOptions,
  context: CommandContext,
): Promise<void> {
  const { palette, cluster } = found;
  if (!wait.wait) {
    if (READY.has(cluster.status)) return;
    throw notYet(cluster.name, cluster.status);
  }
  await waitForCluster(
    found,
    {
      goal: "ready",
      isReached: async ({ status }) =>
        READY.has(status) && await downloadKubeconfig(palette, cluster.uid) !== null,
    },
    wait,
    context,
  );
}

interface MergeTarget {
  path?: string | undefined;
  force: boolean;
  isAdmin: boolean;
  merge: { context?: string | undefined; allowsExec: boolean };
}

async function mergeInto(
  found: FoundCluster,
  { path: given, force, isAdmin, merge }: MergeTarget,
  context: CommandContext,
): Promise<string> {
  const { name } = found.cluster;
  const added = await fetchKubeconfig(found, found.cluster.status, { isAdmin });
  const { mergeKubeconfig } = await import("../../../kube/kubeconfig_merge.ts");
  const path = expandPath(given ?? firstKubeconfig(context), context.runtime);
  const entry = merge.context ?? name;
  await (await context.store()).update(path, (current) =>
    mergeKubeconfig(
      { text: current?.text ?? "", path },
      { text: added, path: `kubeconfig of ${name}` },
      { name: entry, force, allowsExec: merge.allowsExec },
    ));
  context.printer.notice(`kubectl --context ${sanitizeLine(entry)} uses it`);
  return path;
}

/** The file that kubectl writes: the first of KUBECONFIG, else the one in the home folder. */
function firstKubeconfig({ runtime: { env, platform } }: CommandContext): string {
  return listedKubeconfigs(env, platform)?.[0] ?? DEFAULT_KUBECONFIG;
}
