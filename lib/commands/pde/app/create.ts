import { UserError } from "../../../errors.ts";
import { createAppInGroup, createAppOnCluster } from "../../../api/app_deployments.ts";
import { listVirtualClusters, type VirtualCluster } from "../../../api/virtual_clusters.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { requireFlags } from "../../lookup.ts";
import type { ProjectPalette } from "../../palette_client.ts";
import type { WaitOptions } from "../../wait.ts";
import { findProfile, findVersion, type FoundVersion } from "../app_profile/find.ts";
import { chooseGroup } from "../cluster_group/choose.ts";
import { askDnsLabel, requireDnsLabel } from "../../dns_label.ts";
import { APP, VIRTUAL_CLUSTER } from "../names.ts";
import { type SizeFlags, sizeOf } from "../size.ts";
import { requireTags } from "../tags.ts";
import { findIn } from "../virtual_cluster/find.ts";
import { waitForApp } from "./find.ts";

/** What both ways to create an app are told. */
export interface CreateOptions {
  project?: string | undefined;
  name?: string | undefined;
  appProfileName?: string | undefined;
  /** The highest by default. */
  appProfileVersion?: string | undefined;
  virtualClusterName?: string | undefined;
  tags: string[];
  wait: WaitOptions;
}

export interface CreateInGroupOptions extends CreateOptions {
  clusterGroupName?: string | undefined;
  clusterGroupScope?: string | undefined;
  size: SizeFlags;
}

/** Creates a virtual cluster in a cluster group, and an app on it. */
export async function createInGroup(
  options: CreateInGroupOptions,
  context: CommandContext,
): Promise<void> {
  requireBasics(options, context);
  const clusterName = options.virtualClusterName ??
    await askDnsLabel("Virtual cluster name", context);
  requireDnsLabel(clusterName, VIRTUAL_CLUSTER);
  const size = sizeOf(options.size);
  const { scope, name, profile } = await settle(options, context);
  const group = await chooseGroup(
    { name: options.clusterGroupName, scope: options.clusterGroupScope },
    scope,
    { takesActive: true, flags: { name: "--cluster-group-name", uid: "--cluster-group-scope" } },
    context,
  );
  const { palette } = scope;
  const uid = await createAppInGroup(
    palette,
    { name, appProfileUid: profile.uid, tags: options.tags },
    { clusterGroupUid: group.uid, clusterName, size },
  );
  await tell({ scope, name, uid, profile, clusterName, wait: options.wait }, context);
}

/** Creates an app on a virtual cluster that runs. */
export async function createOnCluster(
  options: CreateOptions,
  context: CommandContext,
): Promise<void> {
  requireBasics(options, context);
  const { scope, name, profile } = await settle(options, context);
  const flags = { name: "--virtual-cluster-name" };
  const cluster = await findIn(scope, { name: options.virtualClusterName }, context, flags);
  requireRunning(cluster);
  const uid = await createAppOnCluster(
    scope.palette,
    { name, appProfileUid: profile.uid, tags: options.tags },
    cluster.uid,
  );
  await tell(
    { scope, name, uid, profile, clusterName: cluster.name, wait: options.wait },
    context,
  );
}

/** @throws {UserError} `conflict` */
export function requireRunning({ name, status }: VirtualCluster): void {
  if (status === "Running") return;
  throw new UserError(
    "conflict",
    `Cannot deploy on ${VIRTUAL_CLUSTER} "${name}": its status is ${status}, not Running`,
    {
      hint: status === "Paused"
        ? `Run palette pde virtual-cluster lifecycle --name ${name} --action resume`
        : "Wait until it runs",
    },
  );
}

function requireBasics(options: CreateOptions, context: CommandContext): void {
  requireFlags({
    "--name": options.name,
    "--app-profile-name": options.appProfileName,
    "--virtual-cluster-name": options.virtualClusterName,
  }, context);
  requireTags(options.tags);
  if (options.name !== undefined) requireDnsLabel(options.name, APP);
}

interface Settled {
  scope: ProjectPalette;
  name: string;
  profile: FoundVersion;
}

async function settle(options: CreateOptions, context: CommandContext): Promise<Settled> {
  const name = options.name ?? await askDnsLabel("App name", context);
  const scope = await context.projectPalette(options.project);
  const flags = { name: "--app-profile-name" };
  const profile = await findProfile(scope, { name: options.appProfileName }, context, flags);
  return { scope, name, profile: findVersion(profile, { version: options.appProfileVersion }) };
}

interface CreatedApp extends Settled {
  uid: string;
  clusterName: string;
  wait: WaitOptions;
}

/** Waits if told to, and prints what there is now. */
export async function tell(
  { scope, name, uid, profile, clusterName, wait }: CreatedApp,
  context: CommandContext,
): Promise<void> {
  const { palette } = scope;
  if (wait.wait) await waitForApp({ palette, app: { name, uid } }, wait, context);
  // One that has just been made may not be listed yet.
  const [cluster] = await listVirtualClusters(palette, clusterName);
  await context.printer.result({
    document: () => ({
      app: { name, uid },
      virtualCluster: { name: clusterName, uid: cluster?.uid ?? null },
      appProfile: { name: profile.profile.name, version: profile.version, uid: profile.uid },
    }),
    text: () =>
      `Created ${APP} ${sanitizeLine(name)}\n${VIRTUAL_CLUSTER}: ${sanitizeLine(clusterName)}\n`,
  });
}
