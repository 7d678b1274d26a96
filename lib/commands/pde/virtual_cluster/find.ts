import {
  getVirtualCluster,
  listVirtualClusters,
  type VirtualCluster,
  type VirtualClusterState,
} from "../../../api/virtual_clusters.ts";
import type { CommandContext } from "../../context.ts";
import { lookUp, type Wanted } from "../../lookup.ts";
import type { ProjectPalette } from "../../palette_client.ts";
import { type Awaited, type Look, waitFor, type WaitOptions } from "../../wait.ts";
import { VIRTUAL_CLUSTER } from "../names.ts";

/** A virtual cluster as flags name it. */
export interface ClusterChoice extends Wanted {
  project?: string | undefined;
}

export interface FoundCluster extends ProjectPalette {
  cluster: VirtualCluster;
}

/** The virtual cluster that is meant, and a client in its project. */
export async function findCluster(
  { project, ...wanted }: ClusterChoice,
  context: CommandContext,
): Promise<FoundCluster> {
  const scope = await context.projectPalette(project);
  return { ...scope, cluster: await findIn(scope, wanted, context) };
}

/** The virtual cluster of a project that is meant. */
export async function findIn(
  { palette, place }: ProjectPalette,
  wanted: Wanted,
  context: CommandContext,
  flags?: { name: string; uid?: string },
): Promise<VirtualCluster> {
  return await lookUp(wanted, {
    kind: VIRTUAL_CLUSTER,
    place,
    list: (name) => listVirtualClusters(palette, name),
    detail: ({ status }) => status,
    ...(flags === undefined ? {} : { flags }),
  }, context);
}

export interface Goal {
  /** As messages say it: `Running`. */
  goal: string;
  isReached: (state: VirtualClusterState) => boolean | Promise<boolean>;
}

/** Waits until a virtual cluster is in a state. */
export async function waitForCluster(
  { palette, cluster }: {
    palette: ProjectPalette["palette"];
    cluster: { name: string; uid: string };
  },
  { goal, isReached }: Goal,
  options: WaitOptions,
  context: CommandContext,
): Promise<VirtualClusterState> {
  const look = async (): Promise<Look<VirtualClusterState>> => {
    const state = await getVirtualCluster(palette, cluster.uid);
    if (await isReached(state)) return { is: "done", value: state };
    const { status, message } = state;
    return status === "Failed"
      ? { is: "failed", status, reason: message }
      : { is: "going-on", status };
  };
  const awaited: Awaited<VirtualClusterState> = {
    what: `${VIRTUAL_CLUSTER} "${cluster.name}"`,
    goal,
    look,
  };
  return await waitFor(awaited, options, context);
}

export const RUNNING: Goal = { goal: "Running", isReached: ({ status }) => status === "Running" };
