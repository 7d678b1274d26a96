import { scopeOf } from "../../config/palette_config.ts";
import { formatFields } from "../../output/table.ts";
import type { CommandContext } from "../context.ts";

/** Shows what is active, from the configuration alone: no network, no passphrase. */
export async function showCurrent(context: CommandContext): Promise<void> {
  const { config, endpoint, project: stored, projectWanted } = await context.session();
  const project = projectWanted === null ? stored : { name: projectWanted, uid: null };
  const scope = scopeOf({ project: project === null ? null : { name: project.name, uid: "" } });
  const group = projectWanted === null ? config?.clusterGroup ?? null : null;
  await context.printer.result({
    document: () => ({
      endpoint: endpoint.origin,
      organization: config?.organization || null,
      scope,
      project: project === null ? null : { name: project.name, uid: project.uid },
      clusterGroup: group === null
        ? null
        : { name: group.name, uid: group.uid, scope: group.scope },
    }),
    text: () =>
      formatFields([
        ["Endpoint", endpoint.origin],
        ["Organization", config?.organization ?? ""],
        ["Scope", scope],
        ["Project", project?.name ?? ""],
        ["Cluster group", group?.name ?? ""],
      ]),
  });
}
