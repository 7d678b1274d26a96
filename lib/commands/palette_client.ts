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
  { runtime, log, signal }: CommandContext,
): Promise<PaletteClient> {
  const caCertificates = caFile === null
    ? []
    : await readCaFile(caFile.path, caFile.source, runtime.files);
  return new PaletteClient({ endpoint, apiKey, project: null }, {
    transport: await runtime.openTransport({ insecure, caCertificates }),
    clock: runtime.clock,
    rateLimit: new RateLimit(runtime.clock),
    log,
    random: () => (runtime.crypto.randomBytes(1)[0] ?? 0) / 256,
    signal,
  });
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
  const projects = await listProjectNames(tenant);
  const found = projects.find(({ name }) => name === projectWanted) ??
    projects.find(({ uid }) => uid === projectWanted);
  if (found !== undefined) return found;
  throw new UserError("not-found", `Project "${projectWanted}" of PALETTE_PROJECT not found`, {
    hint: nearNames(projectWanted, projects.map(({ name }) => name)),
  });
}
