/**
 * The one place that writes files with secrets: private, locked, all or nothing.
 */

import { UserError } from "../errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Crypto } from "../runtime/crypto.ts";
import {
  baseName,
  FileError,
  type FileLock,
  type Files,
  folderOf,
  joinPath,
} from "../runtime/files.ts";
import type { Platform } from "../runtime/platform.ts";

export interface FileStoreParts {
  files: Files;
  clock: Clock;
  crypto: Crypto;
  platform: Platform;
  /** Gets each warning once. */
  onWarning: (text: string) => void;
}

/** A file as it was read. */
export interface StoredFile {
  text: string;
  /** Links resolved: where a write would go. */
  path: string;
}

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const MAX_BYTES = 16 * 1024 * 1024;
const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 50;

export class FileStore {
  readonly #parts: FileStoreParts;
  readonly #warned = new Set<string>();

  constructor(parts: FileStoreParts) {
    this.#parts = parts;
  }

  /**
   * Reads a file, and closes it to others when they could read it; null when there is none.
   * @throws {UserError} `io`, `validation` when it is not UTF-8.
   */
  async read(path: string): Promise<StoredFile | null> {
    const { files } = this.#parts;
    try {
      const info = await files.info(path);
      if (info === null) {
        const link = await files.linkInfo(path);
        if (link === null) return null;
        if (link.isLink) throw new FileError("not-found", "the link points to nothing");
        // Another process has made it since the first look.
        return await this.read(path);
      }
      if (info.isFolder) throw new FileError("not-a-file", "it is a folder");
      if (info.size > MAX_BYTES) throw new FileError("other", "it is larger than 16 MiB");
      const resolved = await files.realPath(path);
      if (info.mode !== undefined && (info.mode & 0o077) !== 0) await this.#close(path, resolved);
      return { text: decodeText(await files.readBytes(resolved), path), path: resolved };
    } catch (error) {
      throw ioError("read", path, error);
    }
  }

  /**
   * Replaces a file. `change` gets what is there now (null when nothing is) and gives the new text;
   * null leaves all as it is. It may ask and take its time, and is called again when somebody else
   * wrote meanwhile.
   * @throws {UserError} `busy` when another process holds the lock for 10 s; `io`; what `change` throws.
   */
  async update(
    path: string,
    change: (current: StoredFile | null) => Promise<string | null>,
  ): Promise<void> {
    await this.change([path], async ([current]) => {
      const text = await change(current ?? null);
      return text === null || text === current?.text
        ? null
        : () => this.replace(current?.path ?? path, text);
    });
  }

  /**
   * Changes files without holding a lock while somebody thinks: `prepare` gets what is there and
   * gives the write, or null for none. The write runs under the locks of all files, and only when
   * they still are what `prepare` saw; else all begins anew.
   * @throws {UserError} As `update`.
   */
  async change(
    paths: string[],
    prepare: (current: (StoredFile | null)[]) => Promise<(() => Promise<void>) | null>,
  ): Promise<void> {
    const readAll = () => Promise.all(paths.map((path) => this.read(path)));
    for (;;) {
      const seen = await readAll();
      const write = await prepare(seen);
      if (write === null) return;
      const isWritten = await this.locked(paths, async () => {
        const current = await readAll();
        if (current.some((file, at) => !isSame(file, seen[at] ?? null))) return false;
        await write();
        return true;
      });
      if (isWritten) return;
    }
  }

  /** Holds the locks of several files, taken in one order by everybody, while `work` runs. */
  async locked<T>(paths: string[], work: () => Promise<T>): Promise<T> {
    const resolved = await Promise.all(paths.map((path) => this.#resolve(path)));
    const locks: FileLock[] = [];
    try {
      for (const path of [...new Set(resolved)].sort()) locks.push(await this.#lock(path));
      return await work();
    } finally {
      for (const lock of locks.reverse()) lock.release();
    }
  }

  /**
   * Writes a whole file: a new one beside it, flushed, renamed over it. Call it under its lock.
   * @param path With links resolved.
   */
  async replace(path: string, text: string): Promise<void> {
    const { files } = this.#parts;
    const temporary = joinPath(folderOf(path), temporaryName(path, this.#parts.crypto));
    try {
      await this.#sweep(path);
      await files.createFlushed(temporary, new TextEncoder().encode(text), FILE_MODE);
      await files.rename(temporary, path);
      await files.flushFolder(folderOf(path));
    } catch (error) {
      await files.remove(temporary).catch(() => {});
      throw ioError("write", path, error);
    }
  }

  /**
   * Writes a file that nobody changes in part, so that no lock is left beside it: the last writer
   * wins, and every reader sees a whole file.
   */
  async writeWhole(path: string, text: string): Promise<void> {
    const target = await this.#resolve(path);
    try {
      await this.#checkFolder(folderOf(target), target);
      await this.#checkOwner(target);
    } catch (error) {
      throw ioError("write", path, error);
    }
    await this.replace(target, text);
  }

  /** Writes a new file that must not exist, flushed; for stages and journals. */
  async create(path: string, text: string): Promise<void> {
    try {
      await this.#parts.files.createFlushed(path, new TextEncoder().encode(text), FILE_MODE);
    } catch (error) {
      throw ioError("write", path, error);
    }
  }

  /** Removes a file; nothing happens when it is not there. */
  async remove(path: string): Promise<void> {
    try {
      await this.#parts.files.remove(path);
    } catch (error) {
      throw ioError("remove", path, error);
    }
  }

  /**
   * Removes a file that a user may have linked: the file under its lock, then the link; a link to
   * nothing, too.
   */
  async removeLinked(path: string): Promise<void> {
    try {
      if (await this.#parts.files.info(path) !== null) {
        await this.locked([path], async () => await this.remove(await this.#resolve(path)));
      }
    } catch (error) {
      throw ioError("remove", path, error);
    }
    await this.remove(path);
  }

  /** Renames within a folder and flushes it. */
  async move(from: string, to: string): Promise<void> {
    try {
      await this.#parts.files.rename(from, to);
      await this.#parts.files.flushFolder(folderOf(to));
    } catch (error) {
      throw ioError("write", to, error);
    }
  }

  async #lock(path: string): Promise<FileLock> {
    const { clock, files } = this.#parts;
    const folder = folderOf(path);
    try {
      await this.#checkFolder(folder, path);
      await this.#checkOwner(path);
      const deadline = clock.monotonicMs() + LOCK_WAIT_MS;
      for (;;) {
        const lock = await files.tryLock(joinPath(folder, `.${baseName(path)}.lock`));
        if (lock !== null) return lock;
        if (clock.monotonicMs() >= deadline) break;
        await clock.sleep(LOCK_POLL_MS);
      }
    } catch (error) {
      throw ioError("write", path, error);
    }
    throw new UserError("busy", `Cannot write "${path}": another palette has held it for 10 s`, {
      hint: "Wait for it to end, then run the command again",
    });
  }

  /** Where a write to a path goes: links followed, as far as there is something. */
  async #resolve(path: string): Promise<string> {
    const { files } = this.#parts;
    try {
      if (await files.linkInfo(path) !== null) return await files.realPath(path);
      const folder = folderOf(path);
      if (await files.info(folder) === null) return path;
      return joinPath(await files.realPath(folder), baseName(path));
    } catch (error) {
      throw ioError("write", path, error);
    }
  }

  async #checkFolder(folder: string, path: string): Promise<void> {
    const { files, platform } = this.#parts;
    if (await files.makeFolder(folder, FOLDER_MODE)) return;
    const info = await files.info(folder);
    if (info?.mode === undefined) return;
    const refused = (why: string, hint: string) =>
      new UserError("io", `Cannot keep secrets in "${path}": the folder "${folder}" ${why}`, {
        hint,
      });
    if (info.uid !== platform.uid) {
      throw refused("belongs to another user", "Choose a folder of your own with --workspace");
    }
    const isSticky = (info.mode & 0o1000) !== 0;
    if ((info.mode & 0o002) !== 0 && !isSticky) {
      throw refused("can be written by every user", `Run chmod go-w "${folder}"`);
    }
    if ((info.mode & 0o077) !== 0) {
      this.#warn(`the folder "${folder}" is open to other users; run chmod 700 "${folder}"`);
    }
  }

  async #checkOwner(path: string): Promise<void> {
    const { files, platform } = this.#parts;
    const info = await files.info(path);
    if (info === null || info.uid === platform.uid) return;
    throw new UserError("io", `Cannot write "${path}": it belongs to another user`, {
      hint: "Run as its owner, or choose another file with --config",
    });
  }

  /** Takes away what others could read; on a read-only file system a warning is all we can do. */
  async #close(path: string, resolved: string): Promise<void> {
    try {
      await this.#parts.files.setMode(resolved, FILE_MODE);
      this.#warn(`"${path}" could be read by other users; it is private now (mode 0600)`);
    } catch {
      this.#warn(`"${path}" can be read by other users, and its mode cannot be changed`);
    }
  }

  /** Stages of runs that were killed; we hold the lock, so nobody is writing one now. */
  async #sweep(path: string): Promise<void> {
    const { files } = this.#parts;
    const folder = folderOf(path);
    for (const name of await files.list(folder)) {
      if (isTemporaryOf(name, path)) await files.remove(joinPath(folder, name));
    }
  }

  #warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#parts.onWarning(text);
  }
}

function isSame(a: StoredFile | null, b: StoredFile | null): boolean {
  return a?.text === b?.text && a?.path === b?.path;
}

function temporaryName(path: string, crypto: Crypto): string {
  const random = [...crypto.randomBytes(6)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `.${baseName(path)}.${random.join("")}.tmp`;
}

function isTemporaryOf(name: string, path: string): boolean {
  const prefix = `.${baseName(path)}.`;
  return name.startsWith(prefix) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(prefix.length));
}

/**
 * The text of a file.
 * @throws {UserError} `validation` when it is not UTF-8.
 */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new UserError("validation", `Cannot read "${path}": it is not UTF-8 text`, {
      cause: error,
    });
  }
}

/** A failed file operation as an error for the user; other errors pass through. */
export function ioError(verb: string, path: string, error: unknown): unknown {
  if (!(error instanceof FileError)) return error;
  return new UserError("io", `Cannot ${verb} "${path}": ${error.message}`, {
    hint: HINTS[error.kind] ?? "Check the path and its permissions",
    cause: error,
  });
}

const HINTS: Partial<Record<FileError["kind"], string>> = {
  "no-space": "Free some space, then run the command again",
  "read-only": "Choose a folder that can be written with --workspace",
};
