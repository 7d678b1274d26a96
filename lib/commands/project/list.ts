import { listProjects as fetchProjects } from "../../api/projects.ts";
import { listDocument } from "../../output/format.ts";
import { formatTable } from "../../output/table.ts";
import type { CommandContext } from "../context.ts";

/** Lists the projects of the session's user. */
export async function listProjects(context: CommandContext): Promise<void> {
  const { project, projectWanted } = await context.session();
  const projects = await fetchProjects(await context.tenantPalette());
  const byName = projects.find(({ name }) => name === projectWanted)?.uid ?? projectWanted;
  const activeUid = projectWanted === null ? project?.uid : byName;
  if (projects.length === 0) context.printer.notice("there is no project that you can see");
  await context.printer.result({
    document: () =>
      listDocument(projects.map((item) => ({ ...item, active: item.uid === activeUid }))),
    text: () =>
      formatTable(
        ["NAME", "ACTIVE", "UID"],
        projects.map(({ name, uid }) => [name, uid === activeUid ? "*" : "-", uid]),
      ),
  });
}
