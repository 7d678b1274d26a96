import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { nothingToWrite } from "../../project/activate.ts";
import { updateConfig } from "../../update_config.ts";
import { chooseGroup, type ClusterGroupChoice } from "./choose.ts";

export interface SwitchOptions {
  project?: string | undefined;
  choice: ClusterGroupChoice;
}

/** Makes a cluster group the active one; only the configuration file changes. */
export async function switchGroup(
  { project, choice }: SwitchOptions,
  context: CommandContext,
): Promise<void> {
  const { source } = await context.session();
  if (source === "environment") throw nothingToWrite("Pass --cluster-group-name where it is used");
  const scope = await context.projectPalette(project);
  const flags = { name: "--name", uid: "--uid" };
  const { name, uid, scope: groupScope } = await chooseGroup(
    choice,
    scope,
    { takesActive: false, flags },
    context,
  );
  await updateConfig(
    () => ({ clusterGroupName: name, clusterGroupUid: uid, clusterGroupScope: groupScope }),
    context,
  );
  await context.printer.result({
    document: () => ({ clusterGroup: { name, uid, scope: groupScope } }),
    text: () => `Switched to Cluster Group ${sanitizeLine(name)} (${sanitizeLine(groupScope)})\n`,
  });
}
