import { UserError } from "../../../errors.ts";
import { type ClusterSize, getSize, resizeVirtualCluster } from "../../../api/virtual_clusters.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import type { WaitOptions } from "../../wait.ts";
import { VIRTUAL_CLUSTER } from "../names.ts";
import { sizeDocument, type SizeFlags, sizeOf } from "../size.ts";
import { type ClusterChoice, findCluster, type FoundCluster, waitForCluster } from "./find.ts";

export interface ResizeOptions {
  choice: ClusterChoice;
  size: SizeFlags;
  isSure: boolean;
  wait: WaitOptions;
}

/** Changes the size of a virtual cluster; what is not given stays as it is. */
export async function resizeCluster(
  { choice, size, isSure, wait }: ResizeOptions,
  context: CommandContext,
): Promise<void> {
  if (Object.values(size).every((value) => value === undefined)) {
    throw new UserError("usage", "At least one of --cpu, --memory and --storage is required");
  }
  const found = await findCluster(choice, context);
  const { palette, cluster } = found;
  const from = await currentSize(found);
  const to = sizeOf(size, from);
  if (to.storageGib < from.storageGib) await confirmShrinking(from, to, isSure, context);
  if (!isSame(from, to)) await resizeVirtualCluster(palette, cluster.configUid, to);
  if (wait.wait) {
    await waitForCluster(
      found,
      {
        goal: "resized",
        isReached: async ({ status }) => {
          const now = await getSize(palette, cluster.configUid);
          return status === "Running" && now !== null && isSame(now, to);
        },
      },
      wait,
      context,
    );
  }
  const { name, uid } = cluster;
  await context.printer.result({
    document: () => ({ name, uid, from: sizeDocument(from), to: sizeDocument(to) }),
    text: () => `Resized ${VIRTUAL_CLUSTER} ${sanitizeLine(name)}\n`,
  });
}

async function currentSize({ palette, cluster }: FoundCluster): Promise<ClusterSize> {
  const size = cluster.status === "Running" ? await getSize(palette, cluster.configUid) : null;
  if (size !== null) return size;
  throw new UserError(
    "conflict",
    `Cannot resize ${VIRTUAL_CLUSTER} "${cluster.name}": its status is ${cluster.status}, not Running`,
    { hint: "Resume it first, or wait until it runs" },
  );
}

async function confirmShrinking(
  from: ClusterSize,
  to: ClusterSize,
  isSure: boolean,
  { prompter }: CommandContext,
): Promise<void> {
  if (isSure) return;
  const change = `storage from ${from.storageGib} to ${to.storageGib} GB`;
  if (prompter === null) {
    throw new UserError("usage", `--yes is required to shrink ${change}`, {
      hint: "Data that does not fit any more is lost; pass --yes when that is meant",
    });
  }
  const label = `Shrink ${change}? Data that does not fit is lost`;
  if (await prompter.confirm({ label, default: false })) return;
  throw new UserError("aborted", "Nothing was changed: the answer was no");
}

function isSame(a: ClusterSize, b: ClusterSize): boolean {
  return a.cpu === b.cpu && a.memoryGib === b.memoryGib && a.storageGib === b.storageGib;
}
