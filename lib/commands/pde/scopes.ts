import { CLUSTER_GROUP_SCOPES } from "../../api/cluster_groups.ts";

/** Values of flags for a scope; `org` is what lists of the original print for `tenant`. */
export const SCOPE_WORDS = [...CLUSTER_GROUP_SCOPES, "org"] as const;

/** The scope as Palette names it. */
export function scopeOfWord(word: string | undefined): string | undefined {
  return word === "org" ? "tenant" : word;
}
