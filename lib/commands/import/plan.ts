import { UserError } from "../../errors.ts";
import { checkTarget } from "../../kube/kubeconfig_check.ts";
import {
  type Kubeconfig,
  type KubeconfigTarget,
  runsProgram,
  targetOf,
} from "../../kube/kubeconfig.ts";
import { readKubeconfig } from "../../kube/kubeconfig_file.ts";
import { Kubectl } from "../../kube/kubectl.ts";
import { withheldVariables } from "../../runtime/environment.ts";
import type { CommandContext } from "../context.ts";
import { nearNames } from "../names.ts";
import { clusterNameOf } from "./cluster_name.ts";
import type { Source } from "./sources.ts";

/** A cluster that is to be imported. */
export interface ImportPlan {
  /** In Palette. */
  name: string;
  /** Absolute path. */
  kubeconfig: string;
  /** Address of its API server. */
  server: string;
  kubectl: Kubectl;
  /** Why a login program of the kubeconfig may fail; null when nothing is known. */
  loginHint: string | null;
}

export interface PlanOptions {
  /** Given by the user, suffix and all. */
  name?: string | undefined;
  /** Added to a name that is not given. */
  suffix: string;
  /** The current one by default. */
  context?: string | undefined;
}

/** What Palette's agent needs to be installed. */
const OLDEST_MINOR = 19;
const NEEDED_RIGHTS = ["namespaces", "clusterrolebindings.rbac.authorization.k8s.io"];

/**
 * Reads a kubeconfig and finds the name of its cluster; connects to nothing.
 * @throws {UserError} `io`, `validation`, `usage`, `not-found`
 */
export async function planImport(
  { path, isGiven }: Source,
  { name, suffix, context: wanted }: PlanOptions,
  { runtime, log, signal }: CommandContext,
): Promise<ImportPlan> {
  const config = await readKubeconfig(path, runtime.files);
  const target = chooseTarget(config, path, wanted);
  await checkTarget(target, path, runtime.files);
  const { exec, env } = runtime;
  return {
    name: name ?? clusterNameOf({ clusterName: target.cluster.name, path, isGiven }, suffix),
    kubeconfig: path,
    server: target.server,
    kubectl: new Kubectl({ kubeconfig: path, context: target.context }, { exec, log, signal }),
    loginHint: runsProgram(target.user) ? loginHintOf(withheldVariables(env)) : null,
  };
}

/**
 * Asks the cluster whether it can be imported.
 * @returns Version of its Kubernetes.
 * @throws {UserError} `prerequisite` when it is too old, `forbidden` when rights are missing.
 */
export async function checkCluster(
  { kubeconfig, kubectl, loginHint }: ImportPlan,
): Promise<string> {
  try {
    const { major, minor, text } = await kubectl.serverVersion();
    if (major < 1 || (major === 1 && minor < OLDEST_MINOR)) {
      throw new UserError(
        "prerequisite",
        `Cannot import the cluster of "${kubeconfig}": its Kubernetes is ${text}`,
        { hint: `Upgrade it to 1.${OLDEST_MINOR} or later` },
      );
    }
    const missing: string[] = [];
    for (const resource of NEEDED_RIGHTS) {
      if (!await kubectl.canCreate(resource)) missing.push(resource.split(".")[0] ?? "");
    }
    if (missing.length === 0) return text;
    throw new UserError(
      "forbidden",
      `Cannot import the cluster of "${kubeconfig}": its user may not create ${
        missing.join(" and ")
      }`,
      { hint: "Use a kubeconfig whose user has the role cluster-admin" },
    );
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "credentials") throw error;
    if (loginHint === null) throw error;
    throw new UserError(error.code, error.message, { hint: loginHint, cause: error });
  }
}

function chooseTarget(
  config: Kubeconfig,
  path: string,
  wanted: string | undefined,
): KubeconfigTarget {
  const names = config.contexts.map(({ name }) => name);
  if (wanted !== undefined && !names.includes(wanted)) {
    throw new UserError("not-found", `Context "${wanted}" not found in "${path}"`, {
      hint: nearNames(wanted, names),
    });
  }
  if (wanted === undefined && config.currentContext === "" && names.length > 1) {
    throw new UserError(
      "usage",
      `--context is required: no context of "${path}" is current`,
      { hint: `Give one of ${names.map((name) => `"${name}"`).join(", ")}` },
    );
  }
  return targetOf(config, path, wanted);
}

/** A login program that works in the user's shell may miss a secret here. */
function loginHintOf(withheld: string[]): string | null {
  const names = withheld.filter((name) => !name.startsWith("PALETTE_"));
  if (names.length === 0) return null;
  return `palette hands no secret variables on (${
    names.join(", ")
  }): let the login program read a ` +
    "profile or a file, or give a kubeconfig with a token";
}
