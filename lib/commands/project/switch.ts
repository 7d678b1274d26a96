import { UserError } from "../../errors.ts";
import { listProjectNames, type ProjectName } from "../../api/projects.ts";
import type { PaletteClient } from "../../api/client.ts";
import { isTenantAdmin } from "../../api/users.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import type { CommandContext } from "../context.ts";
import { nearNames } from "../names.ts";
import { activateProject } from "./activate.ts";

export interface SwitchOptions {
  name?: string | undefined;
  uid?: string | undefined;
}

/** How login and the list call the tenant's scope, as the original does. */
export const NO_PROJECT = "None (TenantAdmin)";

/** Makes another project the active one. */
export async function switchProject(
  options: SwitchOptions,
  context: CommandContext,
): Promise<void> {
  const session = await context.session();
  const palette = await context.tenantPalette();
  const projects = await listProjectNames(palette);
  const exact = projects.find(({ name, uid }) => name === options.name || uid === options.uid);
  const target = exact ?? await chooseProject(projects, options, { context, palette, session });
  await activateProject(target, context);
}

async function chooseProject(
  projects: ProjectName[],
  { name, uid }: SwitchOptions,
  { context, palette, session }: {
    context: CommandContext;
    palette: PaletteClient;
    session: { project: ProjectName | null };
  },
): Promise<ProjectName | null> {
  const { prompter } = context;
  const part = name?.toLowerCase() ?? "";
  const offered = projects.filter((project) => project.name.toLowerCase().includes(part));
  const wanted = name ?? uid;
  if (wanted !== undefined && (prompter === null || uid !== undefined || offered.length === 0)) {
    throw new UserError("not-found", `Project "${wanted}" not found`, {
      hint: nearNames(wanted, projects.map((project) => project.name)),
    });
  }
  if (prompter === null) {
    throw new UserError("usage", "--name is required when not running interactively", {
      hint: "Run palette project list for the names",
    });
  }
  const mayLeave = name === undefined && await isTenantAdmin(palette);
  if (!mayLeave && offered.length === 0) {
    throw new UserError("not-found", "There is no project that you can see", {
      hint: "Ask a tenant administrator to add you to a project",
    });
  }
  const answer = await prompter.select({
    label: "Spectro Cloud Project",
    options: [
      ...(mayLeave ? [{ value: "", label: NO_PROJECT }] : []),
      ...offered.map((project) => ({ value: project.uid, label: sanitizeLine(project.name) })),
    ],
    ...(session.project === null ? {} : { default: session.project.uid }),
  });
  return offered.find((project) => project.uid === answer) ?? null;
}
