import { type Credit, type CreditUsage, getCreditUsage } from "../../../api/cluster_groups.ts";
import { listDocument } from "../../../output/format.ts";
import { formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { QUOTA_SCOPES, type QuotaScope } from "./scopes.ts";

export interface QuotaOptions {
  /** Both without it. */
  scope?: QuotaScope | undefined;
}

/** What a quota counts, and its field of a credit. */
const RESOURCES: readonly [string, keyof Credit][] = [
  ["virtual-clusters", "virtualClusters"],
  ["cpu", "cpu"],
  ["memory-gb", "memoryGib"],
  ["storage-gb", "storageGib"],
];

/** Shows how much of the user's quota is used and left. */
export async function showQuota({ scope }: QuotaOptions, context: CommandContext): Promise<void> {
  const palette = await context.palette();
  const scopes = scope === undefined ? QUOTA_SCOPES : [scope];
  const rows = (await Promise.all(
    scopes.map(async (each) => rowsOf(each, await getCreditUsage(palette, each))),
  )).flat();
  await context.printer.result({
    document: () => listDocument(rows),
    text: () =>
      formatTable(
        ["SCOPE", "RESOURCE", "USED", "LIMIT", "LEFT"],
        rows.map(({ scope, resource, used, limit, left }) => [
          scope,
          resource,
          ...[used, limit, left].map((number) => String(number ?? "")),
        ]),
      ),
  });
}

function rowsOf(scope: QuotaScope, { allocated, used }: CreditUsage) {
  return RESOURCES.map(([resource, field]) => ({
    scope,
    resource,
    used: used[field],
    limit: allocated[field],
    left: leftOf(allocated[field], used[field]),
  }));
}

/** Null without a limit; a quota that was cut below what is used leaves nothing. */
function leftOf(limit: number | null, used: number | null): number | null {
  if (limit === null) return null;
  // Two decimals of Palette's may differ in a tail that is none.
  return Math.max(0, Number((limit - (used ?? 0)).toFixed(3)));
}
