import { yamlError } from "../yaml/yaml_error.ts";
import type { SecretFile } from "./secret_file.ts";
import type { FieldPath } from "./secret_kinds.ts";

/** What `palette.yaml` says, apart from the secrets. */
export interface PaletteConfig {
  organization: string;
  tenantUid: string;
  project: NamedUid | null;
  clusterGroup: ClusterGroupChoice | null;
  endpoint: string;
  insecure: boolean;
  caFile: string | null;
  /** An API key stands in the file, in whatever form. */
  hasApiKey: boolean;
}

export interface NamedUid {
  name: string;
  uid: string;
}

export interface ClusterGroupChoice extends NamedUid {
  /** `project`, `tenant` or `system`; null in files of the original. */
  scope: string | null;
}

/** The active scope; the `scope` of files by the original cannot be trusted. */
export function scopeOf(config: { project: NamedUid | null }): "project" | "tenant" {
  return config.project === null ? "tenant" : "project";
}

/**
 * Reads the settings of `palette.yaml`.
 * @throws {UserError} `validation` for a flag that is neither true nor false.
 */
export function paletteConfigOf(file: SecretFile): PaletteConfig {
  const text = (...path: string[]) => file.textAt(["paletteConfig", ...path]);
  const projectUid = text("projectUid");
  const clusterGroupUid = text("clusterGroupUid");
  return {
    organization: text("organization"),
    tenantUid: text("tenantUid"),
    project: projectUid === "" ? null : { name: text("projectName"), uid: projectUid },
    clusterGroup: clusterGroupUid === "" ? null : {
      name: text("clusterGroupName"),
      uid: clusterGroupUid,
      scope: text("clusterGroupScope") || null,
    },
    endpoint: text("mgmt", "endpoint"),
    insecure: flagAt(file, ["paletteConfig", "mgmt", "insecure"]),
    caFile: text("mgmt", "caFile") || null,
    hasApiKey: text("mgmt", "apikey") !== "",
  };
}

function flagAt(file: SecretFile, path: FieldPath): boolean {
  const text = file.textAt(path).toLowerCase();
  if (text === "true") return true;
  if (text === "false" || text === "") return false;
  throw yamlError(file.path, `${path.join(".")} is "${text}", neither true nor false`);
}
