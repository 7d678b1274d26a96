import type { Environment } from "../runtime/environment.ts";
import type { Platform } from "../runtime/platform.ts";

/** The kubeconfigs that KUBECONFIG lists, in its order; null when it is not set. */
export function listedKubeconfigs(env: Environment, { os }: Platform): string[] | null {
  const paths = (env.get("KUBECONFIG") ?? "").split(os === "windows" ? ";" : ":").filter(Boolean);
  return paths.length === 0 ? null : paths;
}

/** Where kubectl looks when nothing says otherwise; below the home folder. */
export const DEFAULT_KUBECONFIG = "~/.kube/config";
