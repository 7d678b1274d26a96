import { UserError } from "../errors.ts";
import { readCaFile } from "../api/ca_file.ts";
import { PaletteClient } from "../api/client.ts";
import { DEFAULT_CONSOLE_URL, parseConsoleUrl } from "../api/console_url.ts";
import { listProjectNames } from "../api/projects.ts";
import { RateLimit } from "../api/rate_limit.ts";
import { type PaletteConfig, paletteConfigOf } from "../config/palette_config.ts";
import { API_KEY_PATH } from "../config/secret_kinds.ts";
import type { TlsTrust } from "../runtime/http.ts";
import { Secret } from "../secrets/secret.ts";
import type { CommandContext } from "./context.ts";
import { nearNames } from "./names.ts";

/** Whose key is used, and where. */
export interface Session {
  /** Key and address are of one source: neither is ever combined with the other's. */
  source: "environment" | "file";
  endpoint: URL;
  trust: TlsTrust;
  apiKey: () => Promise<Secret>;
  /** The active project by uid, as the file says; null in tenant scope. */
  project: { name: string; uid: string } | null;
  /** Name or uid in PALETTE_PROJECT: wins, and is looked up when it is used. */
  projectWanted: string | null;
  /** What the file says; null without one. */
  config: PaletteConfig | null;
}

/**
 * Finds the session: PALETTE_API_KEY and PALETTE_CONSOLE_URL, else the file that login wrote.
 * @throws {UserError} `not-logged-in`, `usage`
 */
export async function openSession(context: CommandContext): Promise<Session> {
  const { env } = context.runtime;
  const apiKey = env.get("PALETTE_API_KEY");
  const projectWanted = env.get("PALETTE_PROJECT") ?? null;
  return apiKey === undefined
    ? { ...await sessionOfFile(context), projectWanted }
    : { ...await sessionOfEnvironment(context, apiKey), projectWanted };
}

async function sessionOfEnvironment(
  { runtime, redactor }: CommandContext,
  apiKey: string,
): Promise<Omit<Session, "projectWanted">> {
  const { env, files } = runtime;
  redactor.add(apiKey);
  const url = env.get("PALETTE_CONSOLE_URL") ?? DEFAULT_CONSOLE_URL;
  const caFile = env.get("PALETTE_CA_FILE");
  return {
    source: "environment",
    endpoint: parseConsoleUrl(url, false, "PALETTE_CONSOLE_URL"),
    trust: {
      insecure: false,
      caCertificates: caFile === undefined
        ? []
        : await readCaFile(caFile, "PALETTE_CA_FILE", files),
    },
    apiKey: () => Promise.resolve(new Secret(apiKey)),
    project: null,
    config: null,
  };
}

async function sessionOfFile(context: CommandContext): Promise<Omit<Session, "projectWanted">> {
  const { env, files } = context.runtime;
  const file = await context.paletteFile();
  const config = paletteConfigOf(file);
  if (!config.hasApiKey) throw context.notLoggedIn();
  const endpoint = parseConsoleUrl(
    config.endpoint,
    config.insecure,
    file.placeOf("/paletteConfig/mgmt/endpoint"),
  );
  const other = env.get("PALETTE_CONSOLE_URL");
  if (other !== undefined) {
    const { origin } = parseConsoleUrl(other, config.insecure, "PALETTE_CONSOLE_URL");
    if (origin !== endpoint.origin) throw mixedSources(origin, endpoint.origin);
  }
  return {
    source: "file",
    endpoint,
    trust: {
      insecure: config.insecure,
      caCertificates: config.caFile === null
        ? []
        : await readCaFile(config.caFile, file.placeOf("/paletteConfig/mgmt/caFile"), files),
    },
    apiKey: async () => {
      const key = await context.decrypt(file, API_KEY_PATH);
      if (key === null) throw context.notLoggedIn();
      return key;
    },
    project: config.project,
    config,
  };
}

/** A key must not reach an address that it was not given for. */
function mixedSources(wanted: string, stored: string): UserError {
  return new UserError(
    "usage",
    `PALETTE_CONSOLE_URL says ${wanted}, the stored API key belongs to ${stored}`,
    { hint: "Set PALETTE_API_KEY too, unset PALETTE_CONSOLE_URL, or run palette login" },
  );
}

/** A client in the tenant's scope. */
export async function openClient(
  session: Pick<Session, "endpoint" | "trust" | "apiKey">,
  { runtime, log, signal }: CommandContext,
): Promise<PaletteClient> {
  const { endpoint, apiKey } = session;
  return new PaletteClient({ endpoint, apiKey, project: null }, {
    transport: await runtime.openTransport(session.trust),
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
