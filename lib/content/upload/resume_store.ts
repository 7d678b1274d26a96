/**
 * Where an upload that was stopped can go on. The record holds no data of a bundle and no token,
 * and whatever is wrong with it, an upload works without: it starts afresh then.
 */

import { UserError } from "../../errors.ts";
import type { FileStore } from "../../config/file_store.ts";
import type { Files } from "../../runtime/files.ts";
import type { Log } from "../../runtime/log.ts";
import type { SourceIdentity } from "./upload_source.ts";

/** A session that has begun. */
export interface ResumeRecord extends SourceIdentity {
  session: string;
  chunkSize: number;
}

export interface ResumeStoreParts {
  store: FileStore;
  files: Files;
  log: Log;
  /** Owner that a record in a folder of everybody must have. */
  uid: number | undefined;
}

export interface ResumePlaces {
  /** In the workspace. */
  file: string;
  /** In a folder that every user can write to; only when the workspace cannot be used. */
  fallback: string | null;
}

/** What names an upload: another host or another file is another one. */
export function resumeKeyOf(host: string, port: number, fileName: string): string {
  return `${host}|${port}|${fileName}`;
}

export class ResumeStore {
  readonly #places: ResumePlaces;
  readonly #parts: ResumeStoreParts;

  constructor(places: ResumePlaces, parts: ResumeStoreParts) {
    this.#places = places;
    this.#parts = parts;
  }

  async find(key: string): Promise<ResumeRecord | null> {
    const { file, fallback } = this.#places;
    const found = recordOf((await this.#read(file))[key]);
    if (found !== null || fallback === null) return found;
    const info = await this.#parts.files.linkInfo(fallback).catch(() => null);
    if (info === null || info.isLink || info.uid !== this.#parts.uid) return null;
    return recordOf((await this.#read(fallback))[key]);
  }

  /** Notes a session; null forgets it. */
  async note(key: string, record: ResumeRecord | null): Promise<void> {
    const { store, log } = this.#parts;
    const { file, fallback } = this.#places;
    try {
      if (record !== null || await this.#has(file)) {
        await store.update(file, (current) => Promise.resolve(changed(current?.text, key, record)));
      }
      if (record !== null) return;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      log.warn("cannot note the upload in the workspace", { reason: error.message });
    }
    if (fallback === null || record === null && !(await this.#has(fallback))) return;
    try {
      const before = await this.#has(fallback) ? JSON.stringify(await this.#read(fallback)) : null;
      // No lock: it would stay in a folder of everybody. A lost record costs a fresh start.
      await store.replace(fallback, changed(before ?? undefined, key, record));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      log.warn("cannot note the upload: it cannot be resumed", { reason: error.message });
    }
  }

  async #has(path: string): Promise<boolean> {
    const info = await this.#parts.files.linkInfo(path).catch(() => null);
    return info?.isFile === true;
  }

  async #read(path: string): Promise<Record<string, unknown>> {
    try {
      return parse((await this.#parts.store.read(path))?.text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#parts.log.warn("cannot read the notes of uploads", { reason: error.message });
      return {};
    }
  }
}

function parse(text: string | undefined): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? "{}");
    const isRecord = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
    return isRecord ? parsed as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

function changed(text: string | undefined, key: string, record: ResumeRecord | null): string {
  const records = parse(text);
  if (record === null) delete records[key];
  else records[key] = record;
  return `${JSON.stringify(records, null, 2)}\n`;
}

function recordOf(value: unknown): ResumeRecord | null {
  if (typeof value !== "object" || value === null) return null;
  const { session, size, mtime, etag, headSha256, chunkSize } = value as Record<string, unknown>;
  if (typeof session !== "string" || typeof headSha256 !== "string") return null;
  if (typeof size !== "number" || typeof chunkSize !== "number" || chunkSize < 1) return null;
  return {
    session,
    size,
    chunkSize,
    headSha256: headSha256 as ResumeRecord["headSha256"],
    mtime: typeof mtime === "number" ? mtime : null,
    etag: typeof etag === "string" ? etag : null,
  };
}
