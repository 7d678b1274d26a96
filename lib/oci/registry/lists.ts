import { type Answer, type Call, type Connection, notRegistry } from "./connection.ts";
import { AnswerTooLarge } from "./exchange.ts";
import { CATALOG_SCOPE, repositoryScope } from "./scopes.ts";

const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** More is no list but a loop. */
const MAX_PAGES = 10_000;

/**
 * Every tag of a repository, sorted.
 * @throws {RegistryError} `not-found`
 */
export async function listTags(connection: Connection, repository: string): Promise<string[]> {
  return await listTexts(connection, {
    path: `/v2/${repository}/tags/list?n=1000`,
    field: "tags",
    scopes: [repositoryScope(repository, "pull")],
    action: `list the tags of ${connection.host}/${repository}`,
  });
}

/** Every repository that the registry tells of, sorted. */
export async function listRepositories(connection: Connection): Promise<string[]> {
  return await listTexts(connection, {
    path: "/v2/_catalog?n=1000",
    field: "repositories",
    scopes: [CATALOG_SCOPE],
    action: `list the repositories of ${connection.host}`,
  });
}

interface ListCall {
  path: string;
  field: string;
  scopes: string[];
  action: string;
}

async function listTexts(
  connection: Connection,
  { path, field, scopes, action }: ListCall,
): Promise<string[]> {
  const found = new Set<string>();
  for await (const page of pagesOf(connection, { path, scopes, action })) {
    const items = page[field] ?? [];
    if (!Array.isArray(items)) throw notRegistry(connection.host, action, `${field} is no list`);
    for (const item of items) if (typeof item === "string") found.add(item);
  }
  return [...found].sort();
}

/** The pages of a list, as `Link` headers lead (RFC 8288). */
export async function* pagesOf(
  connection: Connection,
  { path, scopes, action, accept }: Omit<ListCall, "field"> & { accept?: string },
): AsyncGenerator<Record<string, unknown>> {
  const { host } = connection;
  const seen = new Set<string>();
  let url: string | URL | null = path;
  while (url !== null) {
    const { exchange, bytes } = await readPage(connection, {
      method: "GET",
      url,
      scopes,
      headers: { accept: accept ?? "application/json" },
      accepts: [200],
      action,
    });
    yield parsePage(bytes, host, action);
    const next = nextOf(exchange.headers.get("link"));
    if (next === null) return;
    const target = await connection.resolve(next, exchange.url, action);
    if (target.origin !== exchange.url.origin || seen.has(target.href) || seen.size >= MAX_PAGES) {
      throw notRegistry(host, action, "its list has no end");
    }
    seen.add(target.href);
    url = target;
  }
}

async function readPage(connection: Connection, call: Call): Promise<Answer> {
  try {
    return await connection.read(call, MAX_PAGE_BYTES);
  } catch (error) {
    if (!(error instanceof AnswerTooLarge)) throw error;
    throw notRegistry(connection.host, call.action, error.message);
  }
}

function parsePage(bytes: Uint8Array, host: string, action: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Answered below.
  }
  throw notRegistry(host, action, "its JSON is not valid");
}

function nextOf(link: string | null): string | null {
  for (const [, target = "", parameters = ""] of (link ?? "").matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel="?next"?/i.test(parameters)) return target;
  }
  return null;
}
