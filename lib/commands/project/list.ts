import { listProjects as fetchProjects } from "../../api/projects.ts";
import { listDocument } from "../../output/format.ts";
import { formatTable } from "../../output/table.ts";
import type { CommandContext } from "../context.ts";

/** Lists the projects of the session's user. */
export async function listProjects(context: CommandContext): Promise<void> {
  const session = await context.session();
  const palette = await context.tenantPalette();
  const projects = await fetchProjects(palette);
  const { activeProject } = await import("../palette_client.ts");
  const activeUid = (await activeProject(session, palette))?.uid;
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
