import { UserError } from "../../errors.ts";
import { getUserInfo } from "../../api/users.ts";
import { isClusterNameTaken } from "../../api/virtual_clusters.ts";
import { KubectlUnusable } from "../../kube/kubectl.ts";
import type { CommandContext } from "../context.ts";
import type { ProjectPalette } from "../palette_client.ts";
import { requireDnsLabel } from "../dns_label.ts";

import type { WaitOptions } from "../wait.ts";
import { type Outcome, printOutcomes, throwFailure } from "./outcomes.ts";
import { checkCluster, planImport } from "./plan.ts";
import { NAME_TAKEN_HINT, registerCluster } from "./register.ts";
import { findKubeconfigs, type Source, type SourceFlags } from "./sources.ts";
import { waitUntilRunning } from "./wait.ts";

export interface ImportOptions extends SourceFlags {
  /** Each name gets a random end. */
  uuid: boolean;
  name?: string | undefined;
  context?: string | undefined;
  project?: string | undefined;
  dryRun: boolean;
  wait: WaitOptions;
}

/** Imports clusters, each by its kubeconfig; all are tried, whatever becomes of the others. */
export async function importClusters(
  options: ImportOptions,
  context: CommandContext,
): Promise<void> {
  const { name } = options;
  const givenName = name === undefined ? undefined : `${name}${suffixOf(options, context)}`;
  if (givenName !== undefined) requireDnsLabel(givenName, "cluster");
  const sources = await findKubeconfigs(options, context);
  const scope = await context.projectPalette(options.project);
  // Whatever is wrong with the session would be wrong for each of them.
  await getUserInfo(scope.palette);
  const outcomes: Outcome[] = [];
  try {
    const run = { options, givenName, scope, names: new Set<string>(), context };
    for (const source of sources) {
      if (context.signal.aborted) break;
      outcomes.push(await importOne(source, run));
    }
    if (options.wait.wait) await waitUntilRunning(outcomes, scope.palette, options.wait, context);
  } finally {
    // Whatever ended it: what was done has to be told.
    await printOutcomes(outcomes, sources.length, context);
  }
  context.signal.throwIfAborted();
  throwFailure(outcomes);
}

interface Run {
  options: ImportOptions;
  givenName: string | undefined;
  scope: ProjectPalette;
  /** Names of this run, which Palette may not know yet. */
  names: Set<string>;
  context: CommandContext;
}

async function importOne(
  source: Source,
  { options, givenName, scope, names, context }: Run,
): Promise<Outcome> {
  const outcome: Outcome = {
    name: null,
    uid: null,
    kubeconfig: source.path,
    status: "failed",
    error: null,
  };
  try {
    const naming = { name: givenName, suffix: suffixOf(options, context) };
    const plan = await planImport(source, { ...naming, context: options.context }, context);
    outcome.name = plan.name;
    await checkCluster(plan);
    await requireFreeName(plan.name, scope, names);
    if (options.dryRun) {
      names.add(plan.name);
      return { ...outcome, status: "checked" };
    }
    const { uid, error } = await registerCluster(plan, scope.palette, context);
    if (error === null) names.add(plan.name);
    return { ...outcome, uid, error, status: error === null ? "imported" : "failed" };
  } catch (error) {
    // Without kubectl no cluster can be imported.
    if (error instanceof KubectlUnusable) throw error;
    if (error instanceof UserError) return { ...outcome, error };
    if (!context.signal.aborted) throw error;
    const message = `Stopped before the cluster of "${source.path}" was imported`;
    return { ...outcome, error: new UserError("aborted", message) };
  }
}

/** The first 8 digits of a random UUID (RFC 9562, 5.4), all of them random. */
function suffixOf({ uuid }: ImportOptions, { runtime }: CommandContext): string {
  if (!uuid) return "";
  const digits = [...runtime.crypto.randomBytes(4)].map((byte) =>
    byte.toString(16).padStart(2, "0")
  );
  return `-${digits.join("")}`;
}

/** @throws {UserError} `conflict` */
async function requireFreeName(
  name: string,
  { palette, place }: ProjectPalette,
  names: ReadonlySet<string>,
): Promise<void> {
  if (!names.has(name) && !await isClusterNameTaken(palette, name)) return;
  throw new UserError("conflict", `There is a cluster "${name}" in ${place} already`, {
    hint: NAME_TAKEN_HINT,
  });
}
