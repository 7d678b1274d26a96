import { UserError } from "../errors.ts";
import { parseApiKey } from "../api/api_key.ts";
import { DEFAULT_CONSOLE_URL, parseConsoleUrl } from "../api/console_url.ts";
import { type PaletteConfig, paletteConfigOf } from "../config/palette_config.ts";
import { API_KEY_PATH } from "../config/secret_kinds.ts";
import type { Secret } from "../secrets/secret.ts";
import { formatPointer } from "../yaml/pointer.ts";
import type { CommandContext } from "./context.ts";

/** Whose key is used, and where. */
export interface Session {
  /** Key and address are of one source: neither is ever combined with the other's. */
  source: "environment" | "file";
  endpoint: URL;
  insecure: boolean;
  /** Certificates to trust beside the built-in list, and the flag, variable or field that names them. */
  caFile: { path: string; source: string } | null;
  apiKey: () => Promise<Secret>;
  /** The active project by uid, as the file says; null in tenant scope. */
  project: { name: string; uid: string } | null;
  /** Name or uid in PALETTE_PROJECT: wins, and is looked up when it is used. */
  projectWanted: string | null;
  /** What the file says; null without one. */
  config: PaletteConfig | null;
}

/** What a client needs of a session. */
export type ClientSession = Pick<Session, "endpoint" | "insecure" | "caFile" | "apiKey">;

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
    : { ...sessionOfEnvironment(context, apiKey), projectWanted };
}

function sessionOfEnvironment(
  { runtime, redactor }: CommandContext,
  apiKey: string,
): Omit<Session, "projectWanted"> {
  const { env } = runtime;
  redactor.add(apiKey);
  const key = parseApiKey(apiKey, "PALETTE_API_KEY");
  const url = env.get("PALETTE_CONSOLE_URL") ?? DEFAULT_CONSOLE_URL;
  const caFile = env.get("PALETTE_CA_FILE");
  return {
    source: "environment",
    endpoint: parseConsoleUrl(url, false, "PALETTE_CONSOLE_URL"),
    insecure: false,
    caFile: caFile === undefined ? null : { path: caFile, source: "PALETTE_CA_FILE" },
    apiKey: () => Promise.resolve(key),
    project: null,
    config: null,
  };
}

async function sessionOfFile(context: CommandContext): Promise<Omit<Session, "projectWanted">> {
  const { env } = context.runtime;
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
    insecure: config.insecure,
    caFile: config.caFile === null
      ? null
      : { path: config.caFile, source: file.placeOf("/paletteConfig/mgmt/caFile") },
    apiKey: async () => {
      const key = await context.decrypt(file, API_KEY_PATH);
      if (key === null) throw context.notLoggedIn();
      return parseApiKey(key.reveal(), file.placeOf(formatPointer(API_KEY_PATH)));
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
