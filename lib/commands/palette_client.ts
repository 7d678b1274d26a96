import { UserError } from "../errors.ts";
import { readCaFile } from "../api/ca_file.ts";
import { PaletteClient } from "../api/client.ts";
import { listProjectNames } from "../api/projects.ts";
import { RateLimit } from "../api/rate_limit.ts";
import type { CommandContext } from "./context.ts";
import { nearNames } from "./names.ts";
import type { ClientSession, Session } from "./session.ts";

/** A client in the tenant's scope. */
export async function openClient(
  { endpoint, apiKey, insecure, caFile }: ClientSession,
  { runtime, caFiles, log, signal }: CommandContext,
): Promise<PaletteClient> {
  const caCertificates = caFile === null
    ? []
    : await readCaFile(caFile.path, caFile.source, caFiles);
  return new PaletteClient({ endpoint, apiKey, project: null }, {
    transport: await runtime.openTransport({ insecure, caCertificates }),
    clock: runtime.clock,
    rateLimit: new RateLimit(runtime.clock),
    log,
    random: () => (runtime.crypto.randomBytes(1)[0] ?? 0) / 256,
    signal,
  });
}

/** A client in the scope of a project. */
export interface ProjectPalette {
  palette: PaletteClient;
  project: { name: string; uid: string };
  /** The project in messages. */
  place: string;
}

/**
 * The active project, PALETTE_PROJECT looked up by name or uid.
 * @throws {UserError} `not-found` with near names.
 */
export async function activeProject(
  { project, projectWanted }: Session,
  tenant: PaletteClient,
): Promise<{ name: string; uid: string } | null> {
  if (projectWanted === null) return project;
  return await findProject(projectWanted, "PALETTE_PROJECT", tenant);
}

/**
 * A client in a project.
 * @param wanted Name or uid of another project than the active one.
 * @param flag That names it, for messages.
 * @throws {UserError} `usage` when there is none, `not-found` with near names.
 */
export async function openProject(
  session: Session,
  tenant: PaletteClient,
  wanted?: string,
  flag = "--project",
): Promise<ProjectPalette> {
  const project = wanted === undefined
    ? await activeProject(session, tenant)
    : await findProject(wanted, flag, tenant);
  if (project !== null) {
    const place = `project "${project.name || project.uid}"`;
    return { palette: tenant.inScopeOf(project), project, place };
  }
  throw new UserError("usage", "No project is active", {
    hint: session.source === "environment"
      ? `Set PALETTE_PROJECT, or pass ${flag}`
      : `Run palette project switch, or pass ${flag}`,
  });
}

async function findProject(
  wanted: string,
  source: string,
  tenant: PaletteClient,
): Promise<{ name: string; uid: string }> {
  const projects = await listProjectNames(tenant);
  const found = projects.find(({ name }) => name === wanted) ??
    projects.find(({ uid }) => uid === wanted);
  if (found !== undefined) return found;
  throw new UserError("not-found", `Project "${wanted}" of ${source} not found`, {
    hint: nearNames(wanted, projects.map(({ name }) => name)),
  });
}
