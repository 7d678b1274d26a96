import { summarizeClusterGroups } from "../../../api/cluster_groups.ts";
import { ApiError } from "../../../api/api_error.ts";
import type { PaletteClient } from "../../../api/client.ts";
import { inParallel } from "../../../api/parallel.ts";
import {
  type ClusterSize,
  getSize,
  listVirtualClusters,
  type VirtualCluster,
} from "../../../api/virtual_clusters.ts";
import { formatAge } from "../../../output/age.ts";
import { listDocument } from "../../../output/format.ts";
import { formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";

export interface ListOptions {
  project?: string | undefined;
  /** Sizes cost a request a cluster; undefined asks for them as long as they are few. */
  sizes?: boolean | undefined;
}

/** So many clusters are asked for their sizes without a flag: a page of them. */
const FEW = 50;

/** Lists the virtual clusters of a project. */
export async function listClusters(
  { project, sizes }: ListOptions,
  context: CommandContext,
): Promise<void> {
  const { palette, project: { name: projectName, uid: projectUid } } = await context
    .projectPalette(project);
  const [clusters, groups] = await Promise.all([
    listVirtualClusters(palette),
    summarizeClusterGroups(palette),
  ]);
  const byUid = new Map(groups.map((group) => [group.uid, group]));
  const isSized = sizes ?? clusters.length <= FEW;
  const rows = await inParallel(clusters, async (cluster) => ({
    cluster,
    group: byUid.get(cluster.clusterGroup?.uid ?? ""),
    size: isSized ? await sizeIfKnown(palette, cluster) : null,
  }));
  const { printer, runtime } = context;
  if (rows.length === 0) printer.notice("No Virtual Clusters found");
  const now = runtime.clock.now();
  await printer.result({
    document: () =>
      listDocument(rows.map(({ cluster, group, size }) => ({
        name: cluster.name,
        uid: cluster.uid,
        project: {
          name: cluster.project.name || projectName,
          uid: cluster.project.uid || projectUid,
        },
        clusterGroup: cluster.clusterGroup === null ? null : {
          ...cluster.clusterGroup,
          scope: group?.scope ?? "",
        },
        cpu: size?.cpu ?? null,
        memoryGb: size?.memoryGib ?? null,
        storageGb: size?.storageGib ?? null,
        status: cluster.status,
        health: cluster.health,
        kubernetesDistribution: group?.distribution ?? "",
        createdAt: cluster.createdAt,
        tags: cluster.tags,
      }))),
    text: () =>
      formatTable(
        [
          ...["NAME", "PROJECT", "CLUSTER-GROUP", "SCOPE", "CPU", "MEMORY-GB", "STORAGE-GB"],
          ...["STATUS", "AGE"],
        ],
        rows.map(({ cluster, group, size }) => [
          cluster.name,
          cluster.project.name || projectName,
          cluster.clusterGroup?.name ?? "",
          group?.scope ?? "",
          ...[size?.cpu, size?.memoryGib, size?.storageGib].map((number) => String(number ?? "")),
          cluster.status,
          formatAge(cluster.createdAt, now),
        ]),
      ),
  });
}

/** A cluster that has just gone, or whose size the user may not see, does not spoil the list. */
async function sizeIfKnown(
  palette: PaletteClient,
  { configUid }: VirtualCluster,
): Promise<ClusterSize | null> {
  if (configUid === "") return null;
  try {
    return await getSize(palette, configUid);
  } catch (error) {
    if (error instanceof ApiError && [403, 404].includes(error.status ?? 0)) return null;
    throw error;
  }
}
