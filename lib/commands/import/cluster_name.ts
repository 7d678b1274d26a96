import { UserError } from "../../errors.ts";
import { baseName } from "../../runtime/files.ts";

/** The longest label of DNS (RFC 1123, 2.1), as Kubernetes takes names. */
const MAX_LENGTH = 63;

/** Names that installers give to every cluster. */
const GENERIC_NAMES = new Set(["kubernetes", "default", "cluster"]);

/** Names of files that say no more. */
const GENERIC_STEMS = new Set(["config", "kubeconfig"]);

export interface NameSource {
  /** As the kubeconfig names its cluster. */
  clusterName: string;
  /** The kubeconfig. */
  path: string;
  /** A flag named the file or its folder: its name was chosen for the cluster. */
  isGiven: boolean;
}

/**
 * The name of a cluster in Palette.
 * @param suffix Added to it: of `--uuid`.
 * @throws {UserError} `validation` when nothing makes a name.
 */
export function clusterNameOf(
  { clusterName, path, isGiven }: NameSource,
  suffix: string,
): string {
  const own = labelOf(clusterName);
  const stem = isGiven ? labelOf(stemOf(path)) : "";
  const isGeneric = own === "" || GENERIC_NAMES.has(own);
  const name = isGeneric && stem !== "" && !GENERIC_STEMS.has(stem) ? stem : own || stem;
  if (name === "") {
    throw new UserError(
      "validation",
      `Cannot make a name of cluster "${clusterName}" in "${path}"`,
      {
        hint: "Import it alone and pass --name; a-z, 0-9 and - may be in it",
      },
    );
  }
  // What tells the clusters of a cloud apart stands last: arn:aws:eks:...:cluster/NAME.
  const room = MAX_LENGTH - suffix.length;
  return `${name.slice(-room).replace(/^-+/, "")}${suffix}`;
}

/** File name without the endings that kubeconfigs have. */
function stemOf(path: string): string {
  return baseName(path).replace(/(\.(kubeconfig|kubecfg|conf|config|ya?ml|json))+$/i, "");
}

function labelOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9-]/gu, "-").replace(/^-+|-+$/g, "");
}
