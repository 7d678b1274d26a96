import { UserError } from "../../../errors.ts";
import type { PaletteClient } from "../../../api/client.ts";
import { downloadKubeconfig, type KubeconfigOptions } from "../../../api/kubeconfigs.ts";
import { parseKubeconfig, serversOf } from "../../../kube/kubeconfig.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import { folderOf } from "../../../runtime/files.ts";
import type { CommandContext } from "../../context.ts";
import { expandPath } from "../../paths.ts";
import { VIRTUAL_CLUSTER } from "../names.ts";

/** A virtual cluster and a client that sees it. */
export interface ClusterOfClient {
  palette: PaletteClient;
  cluster: { name: string; uid: string };
}

export interface TargetOptions extends KubeconfigOptions {
  /** As the user gave it; `HOME/.kube/NAME.conf` by default. */
  path?: string | undefined;
  /** Also over the kubeconfig of another cluster. */
  force: boolean;
}

/**
 * The kubeconfig of a cluster, checked.
 * @throws {UserError} `conflict` while there is none.
 */
export async function fetchKubeconfig(
  { palette, cluster }: ClusterOfClient,
  status: string,
  options: KubeconfigOptions = {},
): Promise<string> {
  const text = await downloadKubeconfig(palette, cluster.uid, options);
  if (text === null) throw notYet(cluster.name, status);
  await parseKubeconfig(text, `kubeconfig of ${cluster.name}`);
  return text;
}

/** The error for a cluster that has no kubeconfig yet. */
export function notYet(name: string, status: string): UserError {
  return new UserError(
    "conflict",
    `kubeconfig of ${VIRTUAL_CLUSTER} ${name} not available yet (status ${status})`,
    { hint: "Pass --wait to wait for it" },
  );
}

/**
 * Writes the kubeconfig of a cluster to a file of its own.
 * @returns Its absolute path.
 */
export async function writeKubeconfig(
  target: ClusterOfClient,
  { path: given, force, ...options }: TargetOptions,
  context: CommandContext,
): Promise<string> {
  const { name } = target.cluster;
  const path = given === undefined
    ? defaultPath(name, context)
    : expandPath(given, context.runtime);
  const text = await fetchKubeconfig(target, "Running", options);
  const store = await context.store();
  if (!force) await refuseOther(path, text, context);
  await store.writeWhole(path, text);
  return path;
}

/** The lines that callers cut the path out of: it is the last word of the output. */
export function locationLines(name: string, path: string): string {
  return `Downloaded kubeconfig for ${VIRTUAL_CLUSTER} ${sanitizeLine(name)}\n` +
    `Kubeconfig location: ${sanitizeLine(path)}\n`;
}

function defaultPath(name: string, context: CommandContext): string {
  const { env } = context.runtime;
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    throw new UserError("usage", `--path is required: "${name}" is no name for a file`);
  }
  if (env.get("HOME") === undefined && env.get("USERPROFILE") === undefined) {
    throw new UserError("usage", "--path is required: HOME is not set");
  }
  return expandPath(`~/.kube/${name}.conf`, context.runtime);
}

/** A file that holds anything but an older kubeconfig of the same cluster is not replaced. */
async function refuseOther(path: string, text: string, context: CommandContext): Promise<void> {
  const stored = await (await context.store()).read(path);
  if (stored === null) return;
  const isSame = await hasSameServers(stored.text, text, path);
  if (isSame) return;
  throw new UserError("conflict", `Cannot write "${path}": another kubeconfig or file is there`, {
    hint: `Pass --force to replace it, or --path with another file in "${folderOf(path)}"`,
  });
}

async function hasSameServers(a: string, b: string, path: string): Promise<boolean> {
  if (a.trim() === "") return true;
  try {
    const [servers, others] = await Promise.all(
      [a, b].map(async (text) => serversOf(await parseKubeconfig(text, path)).join("\n")),
    );
    return servers === others;
  } catch (error) {
    if (error instanceof UserError && error.code === "validation") return false;
    throw error;
  }
}
