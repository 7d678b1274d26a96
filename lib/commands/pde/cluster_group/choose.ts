import { UserError } from "../../../errors.ts";
import {
  CLUSTER_GROUP_SCOPES,
  type ClusterGroup,
  getClusterGroup,
  hidesSystemGroups,
  listClusterGroups,
} from "../../../api/cluster_groups.ts";
import type { PaletteClient } from "../../../api/client.ts";
import { getUserInfo } from "../../../api/users.ts";
import type { CommandContext } from "../../context.ts";
import { lookUp } from "../../lookup.ts";
import type { ProjectPalette } from "../../palette_client.ts";
import { CLUSTER_GROUP } from "../names.ts";
import { scopeOfWord } from "../scopes.ts";

/** A cluster group as the user names it. */
export interface ClusterGroupChoice {
  name?: string | undefined;
  scope?: string | undefined;
  uid?: string | undefined;
}

export interface ChooseOptions {
  /** The active group is meant when none is named. */
  takesActive: boolean;
  flags: { name: string; uid?: string };
}

/** Groups that the user can see and the tenant does not hide. */
export async function usableGroups(
  palette: PaletteClient,
  context: CommandContext,
): Promise<ClusterGroup[]> {
  const groups = await listClusterGroups(palette);
  if (!groups.some(({ scope }) => scope === "system")) return groups;
  const { config } = await context.session();
  const tenantUid = config?.tenantUid || (await getUserInfo(palette)).tenantUid;
  return await hidesSystemGroups(palette, tenantUid)
    ? groups.filter(({ scope }) => scope !== "system")
    : groups;
}

/**
 * The cluster group that is meant. A name without a scope means the active group's scope, else the
 * nearest: project, tenant, system.
 * @throws {UserError} `not-found`, `usage`
 */
export async function chooseGroup(
  { name, scope, uid }: ClusterGroupChoice,
  { palette, place }: ProjectPalette,
  { takesActive, flags }: ChooseOptions,
  context: CommandContext,
): Promise<ClusterGroup> {
  const { config } = await context.session();
  const active = config?.clusterGroup ?? null;
  const wantedScope = scopeOfWord(scope);
  const isNamed = name !== undefined || uid !== undefined;
  if (!isNamed && takesActive && active !== null) {
    const group = { name: active.name, uid: active.uid, scope: active.scope ?? "" };
    await refuseInactive(group, palette, place);
    return group;
  }
  const list = async (wanted?: string) => {
    const groups = (await usableGroups(palette, context)).filter((group) =>
      wantedScope === undefined || group.scope === wantedScope
    );
    if (wanted === undefined || wantedScope !== undefined) return groups;
    const called = groups.filter((group) => group.name === wanted);
    const order = [active?.scope, ...CLUSTER_GROUP_SCOPES];
    const nearest = order.find((candidate) => called.some((group) => group.scope === candidate));
    return nearest === undefined ? called : called.filter((group) => group.scope === nearest);
  };
  const where = wantedScope === undefined ? place : `the scope "${wantedScope}"`;
  const detail = (group: ClusterGroup) => group.scope;
  const lookup = { kind: CLUSTER_GROUP, place: where, list, detail, flags };
  const group = await lookUp({ name, uid }, lookup, context);
  await refuseInactive(group, palette, where);
  return group;
}

/** Palette lists groups that are switched off, too. */
async function refuseInactive(
  group: ClusterGroup,
  palette: PaletteClient,
  place: string,
): Promise<void> {
  const { isActive } = await getClusterGroup(palette, group.uid);
  if (isActive) return;
  throw new UserError("not-found", `${CLUSTER_GROUP} "${group.name}" not found in ${place}`, {
    hint: "It is there but not active; run palette pde cluster-group list for the others",
  });
}
