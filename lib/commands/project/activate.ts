import { UserError } from "../../errors.ts";
import { listClusterGroups } from "../../api/cluster_groups.ts";
import type { ProjectName } from "../../api/projects.ts";
import { type PaletteConfig, paletteConfigOf } from "../../config/palette_config.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import type { CommandContext } from "../context.ts";
import { updateConfig } from "../update_config.ts";

/**
 * Writes the active project (null: the tenant's scope) and tells. Secrets stay as they are, so no
 * passphrase is needed.
 */
export async function activateProject(
  target: ProjectName | null,
  context: CommandContext,
): Promise<void> {
  const { source, config } = await context.session();
  if (source === "environment" || config === null) throw nothingToWrite();
  const keepsGroup = await staysValid(config, target, context);
  let previous: ProjectName | null = null;
  await updateConfig((before) => {
    previous = paletteConfigOf(before).project;
    return {
      scope: target === null ? "tenant" : "project",
      projectName: target?.name ?? "",
      projectUid: target?.uid ?? "",
      ...(keepsGroup ? {} : { clusterGroupName: "", clusterGroupUid: "", clusterGroupScope: "" }),
    };
  }, context);
  if (!keepsGroup) context.printer.notice("the active cluster group belongs to another project");
  await tell(target, previous, context);
}

/** The error of commands that change the file when the session is the environment's. */
export function nothingToWrite(
  instead = "Set PALETTE_PROJECT to the project's name",
): UserError {
  return new UserError(
    "usage",
    "The session comes from PALETTE_API_KEY, no file says what is active",
    { hint: `${instead}, or unset PALETTE_API_KEY and run palette login` },
  );
}

/** Whether the active cluster group can still be used in the new scope. */
async function staysValid(
  { clusterGroup, project }: PaletteConfig,
  target: ProjectName | null,
  context: CommandContext,
): Promise<boolean> {
  if (clusterGroup === null || target?.uid === project?.uid) return true;
  if (clusterGroup.scope === "tenant" || clusterGroup.scope === "system") return true;
  if (target === null) return false;
  const palette = (await context.tenantPalette()).inScopeOf(target);
  return (await listClusterGroups(palette)).some(({ uid }) => uid === clusterGroup.uid);
}

async function tell(
  target: ProjectName | null,
  previous: ProjectName | null,
  { printer }: CommandContext,
): Promise<void> {
  const plain = (project: ProjectName | null) =>
    project === null ? null : { name: project.name, uid: project.uid };
  await printer.result({
    document: () => ({ project: plain(target), previous: plain(previous) }),
    text: () => {
      if (target !== null) return `Switched to project ${sanitizeLine(target.name)}\n`;
      return previous === null
        ? "No project is active; scope is tenant\n"
        : `Deactivated project ${sanitizeLine(previous.name)}; scope is now tenant\n`;
    },
  });
}
