/**
 * Names from Palette for completion. Somebody waits at a key press and has asked for nothing: no
 * question, no error, no log, and no names rather than late ones.
 */

import { CommandContext } from "../context.ts";
import type { Session } from "../session.ts";
import { NameCache, type NameKey } from "./name_cache.ts";
import type { NameKind } from "./name_kinds.ts";

const LIMIT_MS = 1_000;

/**
 * Characters that none of the shells makes anything of. Bash expands the words it is offered
 * (`compgen -W`): a name with a `$` in it could run a program.
 */
const SAFE_NAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N} _.:@+,=/-]*$/u;

/** Names of a kind; none when they cannot be had in time. */
export async function completeNames(
  word: string,
  kind: NameKind,
  context: CommandContext,
): Promise<string[]> {
  try {
    const names = await namesOf(word, kind, context);
    return [...new Set(names)].filter((name) => SAFE_NAME.test(name));
  } catch {
    return [];
  }
}

async function namesOf(word: string, kind: NameKind, context: CommandContext): Promise<string[]> {
  const session = await context.session();
  const key = keyOf(word, kind, session);
  const { clock } = context.runtime;
  const store = await context.store();
  const cache = new NameCache(context.workspace.completionFile, { store, clock });
  const cached = await cache.read(key);
  if (cached !== null || await wouldHang(session, context)) return cached ?? [];
  const names = await listInTime(kind, context);
  // Names that cannot be kept are names all the same.
  await cache.write(key, names).catch(() => {});
  return names;
}

/** @throws {Error} When the time is over, or what goes wrong before. */
async function listInTime(kind: NameKind, context: CommandContext): Promise<string[]> {
  const { runtime, settings, printer, log, redactor } = context;
  const limit = new AbortController();
  const stopSignal = () => AbortSignal.any([context.signal, limit.signal]);
  try {
    await using limited = new CommandContext({
      ...{ runtime, settings, printer, log, redactor },
      stopSignal,
      allowCleanUp: () => {},
    });
    const named = await Promise.race([
      kind.list(limited),
      runtime.clock.sleep(LIMIT_MS, limit.signal).then(() => {
        throw new Error("no answer in time");
      }),
    ]);
    return named.map(({ name }) => name);
  } finally {
    limit.abort();
  }
}

function keyOf(
  word: string,
  { isOfProject }: NameKind,
  { endpoint, projectWanted, project, config }: Session,
): NameKey {
  const inProject = isOfProject ? projectWanted ?? project?.uid : undefined;
  return {
    endpoint: endpoint.origin,
    scope: inProject ?? (config?.tenantUid || "tenant"),
    kind: word,
  };
}

/** Whether the passphrase comes from something that may not end: standard input, or a pipe. */
async function wouldHang({ source }: Session, { runtime }: CommandContext): Promise<boolean> {
  const { env, files } = runtime;
  const path = env.get("PALETTE_ENCRYPTION_PASSWORD_FILE");
  if (source !== "file" || path === undefined) return false;
  if (env.get("PALETTE_ENCRYPTION_PASSWORD") !== undefined) return false;
  return path === "-" || (await files.info(path))?.isFile !== true;
}
