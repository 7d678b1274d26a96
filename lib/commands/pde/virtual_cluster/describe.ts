import { getSize, getVirtualCluster } from "../../../api/virtual_clusters.ts";
import { formatAge } from "../../../output/age.ts";
import { formatFields } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { type ClusterChoice, findCluster } from "./find.ts";

/** Shows one virtual cluster. */
export async function describeCluster(
  choice: ClusterChoice,
  context: CommandContext,
): Promise<void> {
  const { palette, project, cluster } = await findCluster(choice, context);
  const [state, size] = await Promise.all([
    getVirtualCluster(palette, cluster.uid),
    cluster.configUid === "" ? null : getSize(palette, cluster.configUid),
  ]);
  const { name, uid, clusterGroup, health, createdAt, tags } = cluster;
  const { status, message } = state;
  await context.printer.result({
    document: () => ({
      name,
      uid,
      project: { name: project.name, uid: project.uid },
      clusterGroup: clusterGroup === null ? null : { ...clusterGroup },
      cpu: size?.cpu ?? null,
      memoryGb: size?.memoryGib ?? null,
      storageGb: size?.storageGib ?? null,
      status,
      message,
      health,
      createdAt,
      tags,
    }),
    text: () =>
      formatFields([
        ["Name", name],
        ["Uid", uid],
        ["Project", project.name],
        ["Cluster group", clusterGroup?.name ?? ""],
        ["CPU", String(size?.cpu ?? "")],
        ["Memory (GB)", String(size?.memoryGib ?? "")],
        ["Storage (GB)", String(size?.storageGib ?? "")],
        ["Status", status],
        ["Message", message],
        ["Health", health],
        ["Age", formatAge(createdAt, context.runtime.clock.now())],
        ["Tags", tags.join(", ")],
      ]),
  });
}
