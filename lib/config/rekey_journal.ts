/**
 * Re-encrypts several files so that a crash at any point leaves each of them whole, and the rest can
 * be done later without any passphrase:
 *
 * 1. every new text is staged beside its file and flushed;
 * 2. the journal names them all, with digests of before and after; from here on the run is decided;
 * 3. each stage is renamed over its file; the journal goes last.
 *
 * Stages without a journal are of a run that never got to 2, and are swept.
 */

import { UserError } from "../errors.ts";
import { baseName, type Files, folderOf, joinPath } from "../runtime/files.ts";
import type { FileStore } from "./file_store.ts";
import { stampVersion } from "./version_stamp.ts";
import type { Workspace } from "./workspace.ts";

/** A file that gets another text. */
export interface Rewrite {
  /** Links resolved. */
  path: string;
  before: string;
  after: string;
}

/** One line of the journal; digests are SHA-256, hexadecimal. */
interface JournalEntry {
  path: string;
  stage: string;
  before: string;
  after: string;
}

export interface JournalParts {
  store: FileStore;
  files: Files;
  workspace: Workspace;
}

/** What a resumed run did. */
export interface Resumed {
  /** Files that have their new text now. */
  done: string[];
  /** Files that somebody changed in between; left as they are. */
  changed: string[];
}

function journalPath({ root }: Workspace): string {
  return joinPath(root, ".rekey.json");
}

/** A run was interrupted after it was decided. */
export async function hasJournal({ files, workspace }: JournalParts): Promise<boolean> {
  return await files.linkInfo(journalPath(workspace)) !== null;
}

/** Writes all files or, when stopped in between, leaves a journal. Call it under their locks. */
export async function rewriteAll(rewrites: Rewrite[], parts: JournalParts): Promise<void> {
  const { store, workspace } = parts;
  await sweepStages(rewrites.map(({ path }) => path), parts);
  const entries: JournalEntry[] = [];
  try {
    for (const { path, before, after } of rewrites) {
      const stage = stageOf(path);
      const digests = { before: await digestOf(before), after: await digestOf(after) };
      entries.push({ path, stage, ...digests });
      await store.create(stage, after);
    }
    await store.replace(journalPath(workspace), `${JSON.stringify({ version: 1, entries })}\n`);
  } catch (error) {
    await sweepStages(rewrites.map(({ path }) => path), parts);
    throw error;
  }
  await finish(entries, parts);
}

/**
 * Goes on where a run stopped; null when there is nothing to do.
 * @throws {UserError} `validation` for a damaged journal.
 */
export async function resumeAll(parts: JournalParts): Promise<Resumed | null> {
  const { store, workspace } = parts;
  const path = journalPath(workspace);
  const stored = await store.read(path);
  if (stored === null) return null;
  const entries = parseJournal(stored.text, path);
  return await store.locked(entries.map((entry) => entry.path), () => finish(entries, parts));
}

async function finish(entries: JournalEntry[], parts: JournalParts): Promise<Resumed> {
  const { store, workspace } = parts;
  const resumed: Resumed = { done: [], changed: [] };
  for (const { path, stage, before, after } of entries) {
    const current = await digestAt(path, store);
    if (current === before && await digestAt(stage, store) === after) await store.move(stage, path);
    const isDone = await digestAt(path, store) === after;
    (isDone ? resumed.done : resumed.changed).push(path);
    await store.remove(stage);
  }
  await store.remove(journalPath(workspace));
  await stampVersion(resumed.done, workspace, parts);
  return resumed;
}

async function sweepStages(paths: string[], { store }: JournalParts): Promise<void> {
  for (const path of paths) await store.remove(stageOf(path));
}

function stageOf(path: string): string {
  return joinPath(folderOf(path), `.${baseName(path)}.rekey.stage`);
}

async function digestAt(path: string, store: FileStore): Promise<string | null> {
  const stored = await store.read(path);
  return stored === null ? null : await digestOf(stored.text);
}

async function digestOf(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function parseJournal(text: string, path: string): JournalEntry[] {
  try {
    const { version, entries } = JSON.parse(text) as { version: unknown; entries: unknown };
    if (version === 1 && Array.isArray(entries) && entries.every(isEntry)) return entries;
  } catch {
    // Reported below.
  }
  throw new UserError("validation", `Cannot read "${path}": it is not a journal of this version`, {
    hint: "Move it away, then run palette config verify",
  });
}

/** A stage lies beside its file: a journal must not move anything else. */
function isEntry(value: unknown): value is JournalEntry {
  const entry = value as Partial<Record<keyof JournalEntry, unknown>> | null;
  return typeof entry?.path === "string" && entry.stage === stageOf(entry.path) &&
    typeof entry.before === "string" && typeof entry.after === "string";
}
