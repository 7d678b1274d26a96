import { type ClusterGroup, listClusterGroups } from "../../api/cluster_groups.ts";
import { listProjectNames, type ProjectName } from "../../api/projects.ts";
import { isTenantAdmin, listOrganizations } from "../../api/users.ts";
import { UserError } from "../../errors.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import type { CommandContext } from "../context.ts";
import { nearNames } from "../names.ts";
import { NO_PROJECT } from "../project/switch.ts";
import type { Connection } from "./connection.ts";
import type { LoginInputs } from "./options.ts";

/** What is active after the login. */
export interface Choices {
  organization: string;
  project: ProjectName | null;
  clusterGroup: ClusterGroup | null;
}

/**
 * Settles organization, project and cluster group, by name or by asking.
 * @throws {UserError} `not-found` with near names, `usage`
 */
export async function choose(
  inputs: LoginInputs,
  connection: Connection,
  context: CommandContext,
): Promise<Choices> {
  const organization = await chooseOrganization(inputs, connection, context);
  const project = await chooseProject(inputs, organization, connection, context);
  const clusterGroup = await findClusterGroup(inputs, project, connection);
  return { organization, project, clusterGroup };
}

async function chooseOrganization(
  { org }: LoginInputs,
  { palette, info }: Connection,
  { prompter }: CommandContext,
): Promise<string> {
  const names = [...new Set(await listOrganizations(palette) ?? [info.organization])].sort();
  const own = info.organization;
  let wanted = org;
  if (wanted === null && names.length > 1) {
    if (prompter === null) {
      throw new UserError("usage", "--org is required: this user is in several organizations", {
        hint: `Pass one of ${names.map((name) => `"${name}"`).join(", ")}`,
      });
    }
    wanted = await prompter.select({
      label: "Spectro Cloud Organization",
      options: names.map((name) => ({ value: name, label: sanitizeLine(name) })),
      ...(names.includes(own) ? { default: own } : {}),
    });
  }
  if (wanted === null) return own || (names[0] ?? "");
  if (!names.includes(wanted) && wanted !== own) {
    throw new UserError("not-found", `Organization "${wanted}" not found`, {
      hint: nearNames(wanted, names),
    });
  }
  if (own !== "" && wanted !== own) {
    throw new UserError(
      "not-found",
      `Organization "${wanted}" not accessible: the API key belongs to "${own}"`,
      { hint: `Log in with a key of "${wanted}", at the console address of that organization` },
    );
  }
  return wanted;
}

async function chooseProject(
  { project, apiKey }: LoginInputs,
  organization: string,
  { palette }: Connection,
  { prompter }: CommandContext,
): Promise<ProjectName | null> {
  const isAsking = project === null && apiKey === null && prompter !== null;
  if (project === null && !isAsking) return null;
  const projects = await listProjectNames(palette);
  if (project !== null) {
    const found = projects.find(({ name }) => name === project);
    if (found !== undefined) return found;
    throw new UserError(
      "not-found",
      `Project "${project}" not found or not accessible in organization "${organization}"`,
      { hint: nearNames(project, projects.map(({ name }) => name)) },
    );
  }
  const isAdmin = await isTenantAdmin(palette);
  if (projects.length === 0) return null;
  const answer = await prompter?.select({
    label: "Spectro Cloud Project",
    options: [
      ...(isAdmin ? [{ value: "", label: NO_PROJECT }] : []),
      ...projects.map(({ name, uid }) => ({ value: uid, label: sanitizeLine(name) })),
    ],
  });
  return projects.find(({ uid }) => uid === answer) ?? null;
}

async function findClusterGroup(
  { clusterGroup }: LoginInputs,
  project: ProjectName | null,
  { palette }: Connection,
): Promise<ClusterGroup | null> {
  if (clusterGroup === null) return null;
  const { name, scope } = clusterGroup;
  if (scope === "project" && project === null) {
    throw new UserError("usage", "--cluster-group-scope project needs --project", {
      hint: "Name the project that the cluster group belongs to",
    });
  }
  const groups = (await listClusterGroups(palette.inScopeOf(project)))
    .filter((group) => group.scope === scope);
  const found = groups.find((group) => group.name === name);
  if (found !== undefined) return found;
  throw new UserError("not-found", `Cluster group "${name}" not found in scope "${scope}"`, {
    hint: nearNames(name, groups.map((group) => group.name)),
  });
}
