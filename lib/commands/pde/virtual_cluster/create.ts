import type { ClusterGroup } from "../../../api/cluster_groups.ts";
import { createVirtualCluster } from "../../../api/virtual_clusters.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { requireFlags } from "../../lookup.ts";
import type { WaitOptions } from "../../wait.ts";
import { chooseGroup } from "../cluster_group/choose.ts";
import { askDnsLabel, requireDnsLabel } from "../../dns_label.ts";
import { VIRTUAL_CLUSTER } from "../names.ts";
import { sizeDocument, type SizeFlags, sizeOf } from "../size.ts";
import { requireTags } from "../tags.ts";
import { RUNNING, waitForCluster } from "./find.ts";
import { locationLines, writeKubeconfig } from "./kubeconfig_target.ts";

export interface CreateOptions {
  project?: string | undefined;
  name?: string | undefined;
  clusterGroupName?: string | undefined;
  clusterGroupScope?: string | undefined;
  size: SizeFlags;
  tags: string[];
  wait: WaitOptions;
  downloadsKubeconfig: boolean;
}

/** Creates a virtual cluster in a cluster group. */
export async function createCluster(
  options: CreateOptions,
  context: CommandContext,
): Promise<void> {
  requireFlags({ "--name": options.name }, context);
  requireTags(options.tags);
  const name = options.name ?? await askDnsLabel("Virtual cluster name", context);
  requireDnsLabel(name, VIRTUAL_CLUSTER);
  const size = sizeOf(options.size);
  const scope = await context.projectPalette(options.project);
  const group = await chooseGroup(
    { name: options.clusterGroupName, scope: options.clusterGroupScope },
    scope,
    { takesActive: true, flags: { name: "--cluster-group-name", uid: "--cluster-group-scope" } },
    context,
  );
  const { palette } = scope;
  const uid = await createVirtualCluster(palette, {
    name,
    clusterGroupUid: group.uid,
    size,
    tags: options.tags,
  });
  context.log.info("created a virtual cluster", { name, uid });
  const created = { palette, cluster: { name, uid } };
  const status = options.wait.wait
    ? (await waitForCluster(created, RUNNING, options.wait, context)).status
    : "Pending";
  const kubeconfig = options.downloadsKubeconfig
    ? await writeKubeconfig(created, { force: false }, context)
    : null;
  await context.printer.result({
    document: () => ({
      name,
      uid,
      clusterGroup: groupDocument(group),
      ...sizeDocument(size),
      status,
      ...(kubeconfig === null ? {} : { kubeconfig }),
    }),
    text: () =>
      `Created ${VIRTUAL_CLUSTER} ${sanitizeLine(name)}\n` +
      (kubeconfig === null ? "" : locationLines(name, kubeconfig)),
  });
}

function groupDocument({ name, uid, scope }: ClusterGroup) {
  return { name, uid, scope };
}
