import { type ClusterGroupLimits, getClusterGroup } from "../../../api/cluster_groups.ts";
import { inParallel } from "../../../api/parallel.ts";
import { listDocument } from "../../../output/format.ts";
import { formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { usableGroups } from "./choose.ts";

export interface ListOptions {
  project?: string | undefined;
  isWide: boolean;
}

const UNKNOWN: ClusterGroupLimits = { cpu: null, memoryGib: null, storageGib: null };

/** Lists the cluster groups of the session's user; limits are asked for only where they are shown. */
export async function listGroups(
  { project, isWide }: ListOptions,
  context: CommandContext,
): Promise<void> {
  const { printer } = context;
  const { palette } = await context.projectPalette(project);
  const groups = await usableGroups(palette, context);
  const { config } = await context.session();
  const activeUid = config?.clusterGroup?.uid;
  const isDetailed = isWide || printer.format !== "table";
  const rows = await inParallel(groups, async (group) => ({
    ...group,
    active: group.uid === activeUid,
    limits: isDetailed ? (await getClusterGroup(palette, group.uid)).limits : UNKNOWN,
  }));
  if (rows.length === 0) printer.notice("No Cluster Groups found");
  await printer.result({
    document: () =>
      listDocument(rows.map(({ name, uid, scope, active, limits }) => ({
        name,
        uid,
        scope,
        active,
        limits: { cpu: limits.cpu, memory: limits.memoryGib, storage: limits.storageGib },
      }))),
    text: () =>
      isWide
        ? formatTable(
          ["NAME", "ACTIVE", "CPU", "MEMORY-GB", "STORAGE-GB", "SCOPE"],
          rows.map(({ name, active, limits, scope }) => [
            name,
            active ? "*" : "-",
            text(limits.cpu),
            text(limits.memoryGib),
            text(limits.storageGib),
            scope,
          ]),
        )
        : formatTable(["NAME", "SCOPE"], rows.map(({ name, scope }) => [name, scope])),
  });
}

function text(limit: number | null): string {
  return limit === null ? "" : String(limit);
}
