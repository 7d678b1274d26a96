import { UserError } from "../../errors.ts";
import { isTenantAdmin } from "../../api/users.ts";
import type { CommandContext } from "../context.ts";
import { activateProject, nothingToWrite } from "./activate.ts";

/** Goes back to the tenant's scope, which only tenant administrators can work in. */
export async function deactivateProject(context: CommandContext): Promise<void> {
  const { source, project } = await context.session();
  if (source === "environment") throw nothingToWrite();
  if (project !== null && !await isTenantAdmin(await context.tenantPalette())) {
    throw new UserError(
      "forbidden",
      `Cannot deactivate project "${project.name}": the tenant's scope is for tenant administrators`,
      { hint: "Switch to another project with palette project switch" },
    );
  }
  await activateProject(null, context);
}
