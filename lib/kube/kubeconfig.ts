import { UserError } from "../errors.ts";
import type { Value } from "../yaml/pointer.ts";
import { readYaml } from "../yaml/yaml_reader.ts";

const HINT = "Check the file with kubectl config view --kubeconfig";

/** A cluster, user or context of a kubeconfig, with its settings. */
export interface KubeconfigEntry {
  name: string;
  settings: { [key: string]: Value };
}

/** What a kubeconfig says (Kubernetes, `v1.Config` of client-go); unknown fields stay in `settings`. */
export interface Kubeconfig {
  clusters: KubeconfigEntry[];
  users: KubeconfigEntry[];
  contexts: KubeconfigEntry[];
  /** Name of a context; empty when none is current. */
  currentContext: string;
}

/** A context with what it leads to. */
export interface KubeconfigTarget {
  context: string;
  cluster: KubeconfigEntry;
  user: KubeconfigEntry;
  /** Address of the API server. */
  server: string;
  namespace: string;
}

/**
 * Reads a kubeconfig in YAML or JSON.
 * @param path Names it in errors.
 * @throws {UserError} `validation` when it is none.
 */
export async function parseKubeconfig(text: string, path: string): Promise<Kubeconfig> {
  const root = await readRoot(text, path);
  if (typeof root === "string" || Array.isArray(root)) throw notKubeconfig(path, "no mapping");
  const kind = root["kind"] ?? "";
  if (kind !== "" && kind !== "Config") throw notKubeconfig(path, `its kind is ${String(kind)}`);
  const config = {
    clusters: entriesOf(root, "clusters", "cluster", path),
    users: entriesOf(root, "users", "user", path),
    contexts: entriesOf(root, "contexts", "context", path),
    currentContext: textOf(root["current-context"]),
  };
  if (config.clusters.length === 0) throw notKubeconfig(path, "there is no cluster in it");
  return config;
}

/**
 * Where a context leads.
 * @param name The current context by default; the only one where none is current.
 * @throws {UserError} `validation` when it leads nowhere.
 */
export function targetOf(config: Kubeconfig, path: string, name?: string): KubeconfigTarget {
  const { contexts, clusters, users, currentContext } = config;
  const only = contexts.length === 1 ? contexts[0]?.name : undefined;
  const wanted = name ?? (currentContext || only);
  if (wanted === undefined) {
    throw notKubeconfig(path, "no context is current", "Set one with kubectl config use-context");
  }
  const context = contexts.find((entry) => entry.name === wanted);
  if (context === undefined) throw notKubeconfig(path, `there is no context "${wanted}"`);
  const clusterName = textOf(context.settings["cluster"]);
  const userName = textOf(context.settings["user"]);
  const cluster = clusters.find((entry) => entry.name === clusterName);
  if (cluster === undefined) {
    throw notKubeconfig(path, `its context "${wanted}" names no cluster of the file`);
  }
  const server = textOf(cluster.settings["server"]);
  // kubectl takes a bare host and port, too.
  if (!URL.canParse(server) && !URL.canParse(`https://${server}`)) {
    throw notKubeconfig(path, `the server of cluster "${clusterName}" is no URL`);
  }
  return {
    context: wanted,
    cluster,
    user: users.find((entry) => entry.name === userName) ?? { name: userName, settings: {} },
    server,
    namespace: textOf(context.settings["namespace"]),
  };
}

/** Whether kubectl would run a program to get this user's credentials. */
export function runsProgram({ settings }: KubeconfigEntry): boolean {
  return "exec" in settings || "auth-provider" in settings;
}

/** Addresses of all API servers of a kubeconfig, sorted. */
export function serversOf({ clusters }: Kubeconfig): string[] {
  return clusters.map(({ settings }) => textOf(settings["server"])).sort();
}

async function readRoot(text: string, path: string): Promise<Value> {
  try {
    return await readYaml(text, path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Its own hint is for files of ours.
    throw new UserError(error.code, error.message, { hint: HINT, cause: error });
  }
}

function entriesOf(
  root: { [key: string]: Value },
  list: string,
  key: string,
  path: string,
): KubeconfigEntry[] {
  const value = root[list];
  if (value === undefined || value === "" || value === "null") return [];
  if (!Array.isArray(value)) throw notKubeconfig(path, `${list} is no list`);
  return value.map((item) => {
    const name = typeof item === "object" && !Array.isArray(item) ? textOf(item["name"]) : "";
    const settings = typeof item === "object" && !Array.isArray(item) ? item[key] : undefined;
    if (name === "") throw notKubeconfig(path, `an entry of ${list} has no name`);
    const isMapping = typeof settings === "object" && !Array.isArray(settings);
    return { name, settings: isMapping ? settings : {} };
  });
}

function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The error for a file that is something else. */
export function notKubeconfig(path: string, reason: string, hint?: string): UserError {
  return new UserError("validation", `Cannot use "${path}" as a kubeconfig: ${reason}`, {
    hint: hint ?? HINT,
  });
}
