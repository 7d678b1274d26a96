import { UserError } from "../../../errors.ts";
import { createAppInGroup, createAppOnCluster, listApps } from "../../../api/app_deployments.ts";
import { listVirtualClusters } from "../../../api/virtual_clusters.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { Prompter } from "../../../runtime/prompter.ts";
import type { CommandContext } from "../../context.ts";
import type { ProjectPalette } from "../../palette_client.ts";
import type { WaitOptions } from "../../wait.ts";
import { findProfile, findVersion } from "../app_profile/find.ts";
import { usableGroups } from "../cluster_group/choose.ts";
import { checkDnsLabel } from "../../dns_label.ts";
import { CLUSTER_GROUP, VIRTUAL_CLUSTER } from "../names.ts";
import { sizeOf } from "../size.ts";
import { askTags } from "../tags.ts";
import { tell } from "./create.ts";

export interface InteractiveOptions {
  project?: string | undefined;
  wait: WaitOptions;
}

interface Target {
  clusterName: string;
  /** For the summary. */
  description: string;
  create: (app: { name: string; appProfileUid: string; tags: string[] }) => Promise<string>;
}

/** Asks for everything an app needs, and creates it. */
export async function createInteractive(
  { project, wait }: InteractiveOptions,
  context: CommandContext,
): Promise<void> {
  const { prompter } = context;
  if (prompter === null) {
    throw new UserError("usage", "This command asks questions and needs a terminal", {
      hint: "Without one, use palette pde app create cluster-group or virtual-cluster",
    });
  }
  const scope = await context.projectPalette(project);
  const taken = new Set((await listApps(scope.palette)).map((app) => app.name));
  const name = await prompter.input({
    label: "App name",
    validate: (answer) => taken.has(answer) ? "an app has the name already" : checkDnsLabel(answer),
  });
  const found = await findProfile(scope, {}, context);
  const uid = await prompter.select({
    label: "App profile version",
    options: found.versions.map((item) => ({ value: item.uid, label: sanitizeLine(item.version) })),
  });
  const profile = findVersion(found, { uid });
  const isNew = await prompter.select({
    label: "Deploy in",
    options: [
      { value: "new", label: "New Virtual Cluster" },
      { value: "existing", label: "Existing Virtual Cluster" },
    ],
  }) === "new";
  const target = isNew
    ? await askNewCluster(scope, prompter, context)
    : await askExistingCluster(scope, prompter);
  const tags = await askTags(prompter);
  const label = `Create ${name} (${found.name} ${profile.version}) on ${target.description}?`;
  if (!await prompter.confirm({ label: sanitizeLine(label), default: false })) {
    throw new UserError("aborted", "Nothing was created: the answer was no");
  }
  const created = await target.create({ name, appProfileUid: profile.uid, tags });
  const { clusterName } = target;
  await tell({ scope, name, uid: created, profile, clusterName, wait }, context);
}

async function askExistingCluster(
  { palette, place }: ProjectPalette,
  prompter: Prompter,
): Promise<Target> {
  const running = (await listVirtualClusters(palette))
    .filter(({ status }) => status === "Running");
  if (running.length === 0) {
    throw new UserError("not-found", `No ${VIRTUAL_CLUSTER} runs in ${place}`, {
      hint: "Create one with palette pde virtual-cluster create, or deploy in a new one",
    });
  }
  const uid = await prompter.select({
    label: VIRTUAL_CLUSTER,
    options: running.map((cluster) => ({ value: cluster.uid, label: sanitizeLine(cluster.name) })),
  });
  const clusterName = running.find((cluster) => cluster.uid === uid)?.name ?? "";
  return {
    clusterName,
    description: clusterName,
    create: (app) => createAppOnCluster(palette, app, uid),
  };
}

async function askNewCluster(
  { palette, place }: ProjectPalette,
  prompter: Prompter,
  context: CommandContext,
): Promise<Target> {
  const groups = await usableGroups(palette, context);
  if (groups.length === 0) {
    throw new UserError("not-found", `There is no ${CLUSTER_GROUP} in ${place}`);
  }
  const active = (await context.session()).config?.clusterGroup?.uid;
  const isThere = groups.some(({ uid }) => uid === active);
  const clusterGroupUid = await prompter.select({
    label: CLUSTER_GROUP,
    options: groups.map(({ uid, name, scope }) => ({
      value: uid,
      label: sanitizeLine(`${name} (${scope})`),
    })),
    ...(isThere && active !== undefined ? { default: active } : {}),
  });
  const clusterName = await prompter.input({
    label: "Virtual cluster name",
    validate: checkDnsLabel,
  });
  const size = sizeOf({
    cpu: await askNumber("CPU", 1, prompter),
    memory: await askNumber("Memory (GB)", 1, prompter),
    storage: await askNumber("Storage (GB)", 0, prompter),
  });
  const { cpu, memoryGib, storageGib } = size;
  return {
    clusterName,
    description: `the new ${clusterName} (${cpu} cores, ${memoryGib} and ${storageGib} GB)`,
    create: (app) => createAppInGroup(palette, app, { clusterGroupUid, clusterName, size }),
  };
}

async function askNumber(label: string, least: number, prompter: Prompter): Promise<number> {
  return Number(
    await prompter.input({
      label,
      suggestion: "4",
      validate: (answer) =>
        (/^\d+$/.test(answer) && Number(answer) >= least) ||
        `it must be a whole number of at least ${least}`,
    }),
  );
}
