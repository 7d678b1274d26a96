/** The `kubectl` on PATH as typed calls; what Debian's 1.20 and today's releases have in common. */

import { type ErrorCode, UserError } from "../errors.ts";
import {
  type Exec,
  ExecDenied,
  ExecNotFound,
  type ExecOptions,
  type ExecResult,
  ExecTimeout,
} from "../runtime/exec.ts";
import type { Log } from "../runtime/log.ts";

/** Which cluster it talks to; never the one that is current elsewhere. */
export interface KubectlTarget {
  /** Absolute path. */
  kubeconfig: string;
  context: string;
}

export interface KubectlParts {
  exec: Exec;
  log: Log;
  /** Ends what runs. */
  signal: AbortSignal;
}

/** A version of Kubernetes. */
export interface KubernetesVersion {
  major: number;
  minor: number;
  /** As the server writes it: `v1.29.3-gke.1`. */
  text: string;
}

const REQUEST_TIMEOUT = "30s";
const CHECK_TIMEOUT_MS = 60_000;
const APPLY_TIMEOUT_MS = 5 * 60_000;

/** Runs kubectl against one cluster. A login program of the kubeconfig's user is kubectl's to run. */
export class Kubectl {
  readonly #target: KubectlTarget;
  readonly #parts: KubectlParts;

  constructor(target: KubectlTarget, parts: KubectlParts) {
    this.#target = target;
    this.#parts = parts;
  }

  /**
   * Version of the API server.
   * @throws {UserError} `network`, `tls`, `credentials`, `prerequisite`
   */
  async serverVersion(): Promise<KubernetesVersion> {
    const result = await this.#run(["get", "--raw", "/version"], CHECK_TIMEOUT_MS);
    if (result.status !== 0) throw this.#failed("Cannot reach the cluster of", result);
    const version = versionOf(new TextDecoder().decode(result.stdout));
    if (version !== null) return version;
    throw new UserError(
      "api",
      `Cannot use the cluster of "${this.#target.kubeconfig}": its server does not tell its version`,
      { hint: "Check that the server of the context is a Kubernetes API server" },
    );
  }

  /**
   * Whether the user may create a kind of thing in the whole cluster.
   * @param resource `clusterroles.rbac.authorization.k8s.io`
   */
  async canCreate(resource: string): Promise<boolean> {
    // Else a right in the context's namespace alone would count.
    const args = ["auth", "can-i", "create", resource, "--all-namespaces"];
    const result = await this.#run(args, CHECK_TIMEOUT_MS);
    // It prints the verdict, and ends with 1 for a no as for a failure.
    const [verdict] = new TextDecoder().decode(result.stdout).trim().split(/\s/);
    if (verdict === "yes" || verdict === "no") return verdict === "yes";
    throw this.#failed("Cannot ask for rights on the cluster of", result);
  }

  /**
   * Creates or changes what a manifest describes.
   * @throws {UserError} Part of it may have been applied.
   */
  async apply(manifest: string): Promise<void> {
    // Validation on this side costs a download of the whole schema; the server checks anyway.
    const args = ["apply", "--validate=false", "-f", "-"];
    const result = await this.#run(args, APPLY_TIMEOUT_MS, manifest);
    if (result.status !== 0) {
      throw this.#failed("Cannot apply the manifest to the cluster of", result);
    }
  }

  async #run(args: string[], timeoutMs: number, stdin?: string): Promise<ExecResult> {
    const { exec, log, signal } = this.#parts;
    const { kubeconfig, context } = this.#target;
    const target = [
      `--kubeconfig=${kubeconfig}`,
      `--context=${context}`,
      `--request-timeout=${REQUEST_TIMEOUT}`,
    ];
    const options: ExecOptions = { timeoutMs, signal, ...(stdin === undefined ? {} : { stdin }) };
    log.debug(`kubectl ${args.join(" ")}`, { kubeconfig, context });
    try {
      const result = await exec.run("kubectl", [...target, ...args], options);
      if (result.stderr !== "") log.debug("kubectl said", { stderr: result.stderr.trim() });
      return result;
    } catch (error) {
      if (error instanceof ExecTimeout) {
        throw new UserError(
          "timeout",
          `kubectl ${args[0]} took longer than ${timeoutMs / 1_000} s with "${kubeconfig}"`,
          { hint: HINTS.network ?? "", cause: error },
        );
      }
      throw unusable(error);
    }
  }

  #failed(action: string, { status, stderr }: ExecResult): UserError {
    const reason = causeOf(stderr) || `kubectl ended with status ${status}`;
    const code = codeOf(reason);
    return new UserError(code, `${action} "${this.#target.kubeconfig}": ${reason}`, {
      hint: HINTS[code] ?? "Run it again with --log-level debug to see all that kubectl said",
    });
  }
}

/** There is no kubectl that can be used; the fault of no cluster. */
export class KubectlUnusable extends UserError {
  override readonly name = "KubectlUnusable";
}

function unusable(error: unknown): unknown {
  if (error instanceof ExecNotFound) {
    return new KubectlUnusable("prerequisite", "kubectl was not found on PATH", {
      hint: "Install kubectl, or add its folder to PATH",
      cause: error,
    });
  }
  if (error instanceof ExecDenied) {
    return new KubectlUnusable("prerequisite", `Cannot run "${error.path}": ${error.message}`, {
      hint: "Put kubectl where programs may run, and that folder on PATH",
      cause: error,
    });
  }
  return error;
}

/** What `/version` says; null when it is something else. */
function versionOf(text: string): KubernetesVersion | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const version = typeof parsed === "object" && parsed !== null && "gitVersion" in parsed
    ? String(parsed.gitVersion)
    : "";
  const match = /^v?(\d+)\.(\d+)/.exec(version);
  return match === null
    ? null
    : { major: Number(match[1]), minor: Number(match[2]), text: version };
}

/** A line of kubectl's own, not of a library or a login program that it runs. */
const OWN_LINE = /^(?:error:|Error from server|Unable to connect|The connection to the server)/;

/**
 * The one line that tells why: kubectl's first of its own, else the last. A login program that
 * failed is quoted.
 */
function causeOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim())
    // Warnings, and the log of a library: `E0102 15:04:05.000000 ...`.
    .filter((line) => line !== "" && !/^(?:Warning:|[EWIF]\d{4} )/.test(line));
  const at = lines.findIndex((line) => OWN_LINE.test(line));
  if (at === -1 && /^Please enter (?:Username|Password)/.test(lines.at(-1) ?? "")) {
    return "the server takes none of the credentials of its user";
  }
  const line = (at === -1 ? lines.at(-1) : lines[at]) ?? "";
  const reason = line.replace(/^error: /, "").replace(/^Unable to connect to the server: /, "");
  const quoted = /exec: executable .* failed/.test(reason) ? lines[at - 1] : undefined;
  return quoted === undefined ? reason : `${reason} (${quoted})`;
}

const CODES: readonly (readonly [RegExp, ErrorCode])[] = [
  [/credentials|Unauthorized|must be logged in/, "credentials"],
  [/Forbidden|forbidden/, "forbidden"],
  [/x509:|tls:|certificate/, "tls"],
  [/\bdial\b|refused|no such host|timeout|deadline|connection reset|EOF|no route/, "network"],
];

const HINTS: Partial<Record<ErrorCode, string>> = {
  credentials: "Log in to the cluster again, or use a kubeconfig with valid credentials",
  forbidden: "Use a kubeconfig whose user has the role cluster-admin",
  tls: "Check the certificate-authority of the cluster in the kubeconfig",
  network: "Check the server of the context, and that this machine reaches it",
};

function codeOf(reason: string): ErrorCode {
  return CODES.find(([pattern]) => pattern.test(reason))?.[1] ?? "api";
}
