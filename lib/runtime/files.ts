import { EarlyFlush } from "./early_flush.ts";

/** The file system, as far as the command line needs it. Paths use `/` on every system. */
export interface Files {
  /** @throws {FileError} */
  readBytes(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Follows links; null when there is nothing. */
  info(path: string): Promise<FileInfo | null>;
  /** Does not follow links; null when there is nothing. */
  linkInfo(path: string): Promise<FileInfo | null>;
  /** @throws {FileError} `not-found` for a dangling link, too. */
  realPath(path: string): Promise<string>;
  /** A path from the root, links kept. */
  absolute(path: string): string;
  /** Names in a folder, sorted. */
  list(path: string): Promise<string[]>;
  /** Makes a folder and its missing parents, each with `mode`; true when it was not there before. */
  makeFolder(path: string, mode: number): Promise<boolean>;
  /**
   * Creates a file that must not exist yet and flushes it to the disk.
   * @throws {FileError} `exists` when it does; what was written is removed on any other failure.
   */
  createFlushed(path: string, content: Uint8Array<ArrayBuffer>, mode: number): Promise<void>;
  /** Appends, creating the file with `mode`. Synchronous: log lines are written as they happen. */
  appendSync(path: string, text: string, mode: number): void;
  rename(from: string, to: string): Promise<void>;
  /** Nothing happens when it is not there. */
  remove(path: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** Flushes a folder's entries, where the system can. */
  flushFolder(path: string): Promise<void>;
  /** Opens a file for reads at any place. */
  openReader(path: string): Promise<FileReader>;
  /**
   * Opens a file to write on: a new one, which must not exist, or one that goes on at its end. A new
   * one is locked while it is open, so that `tryLock` tells one that is written from one left over,
   * and a large one is on its way to the disk before it is flushed.
   * @throws {FileError}
   */
  openWriter(path: string, start: "new" | "end", mode: number): Promise<FileWriter>;
  /** Bytes that may still be written below a folder; null where the system does not tell. */
  freeBytes(folder: string): Promise<number | null>;
  /** An exclusive lock on a file that is created when missing and never deleted; null when taken. */
  tryLock(path: string): Promise<FileLock | null>;
}

export interface FileInfo {
  isFile: boolean;
  isFolder: boolean;
  isLink: boolean;
  size: number;
  /** Permission bits; undefined on Windows. */
  mode: number | undefined;
  /** Numeric owner; undefined on Windows. */
  uid: number | undefined;
  modified: Date | null;
}

/** A file being read. */
export interface FileReader {
  /** Bytes, as of when it was opened. */
  readonly size: number;
  /** Fills as much of `buffer` as there is from `offset`; gives how much that was. */
  readAt(buffer: Uint8Array, offset: number): number;
  close(): void;
}

/** A file being written. */
export interface FileWriter {
  /** Bytes in the file so far. */
  readonly size: number;
  /** @throws {FileError} `no-space` and others. */
  write(bytes: Uint8Array): Promise<void>;
  /** Flushes to the disk. */
  flush(): Promise<void>;
  close(): void;
}

/** Released when the process ends, too. */
export interface FileLock {
  release(): void;
}

export type FileErrorKind =
  | "not-found"
  | "exists"
  | "permission"
  | "read-only"
  | "no-space"
  | "not-a-file"
  | "other";

/** A failed file operation; `message` is the reason alone, without the path. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly kind: FileErrorKind;

  constructor(kind: FileErrorKind, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.kind = kind;
  }
}

const NOT_FOUND = ["not-found", "no such file or folder"] as const;
const EXISTS = ["exists", "it exists already"] as const;
const NOT_FOLDER = ["not-a-file", "a part of its path is not a folder"] as const;
const DENIED = ["permission", "permission denied"] as const;

const BY_CODE: Record<string, readonly [FileErrorKind, string]> = {
  ENOENT: NOT_FOUND,
  EEXIST: EXISTS,
  EACCES: DENIED,
  EPERM: ["permission", "operation not permitted"],
  EROFS: ["read-only", "read-only file system"],
  ENOSPC: ["no-space", "no space left on device"],
  EDQUOT: ["no-space", "disk quota exceeded"],
  EISDIR: ["not-a-file", "it is a folder"],
  ENOTDIR: NOT_FOLDER,
  ELOOP: ["other", "too many symbolic links"],
  ENAMETOOLONG: ["other", "name too long"],
};

function fileErrorOf(error: unknown): FileError {
  if (error instanceof FileError) return error;
  const known = BY_CODE[(error as { code?: string }).code ?? ""] ?? byClass(error);
  if (known !== undefined) return new FileError(...known, error);
  const message = error instanceof Error ? error.message : String(error);
  return new FileError("other", message.replace(/ \(os error \d+\).*$/s, ""), error);
}

function byClass(error: unknown): readonly [FileErrorKind, string] | undefined {
  if (error instanceof Deno.errors.NotFound) return NOT_FOUND;
  if (error instanceof Deno.errors.AlreadyExists) return EXISTS;
  if (error instanceof Deno.errors.PermissionDenied) return DENIED;
  if (error instanceof Deno.errors.NotCapable) return DENIED;
  return undefined;
}

async function translated<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileErrorOf(error);
  }
}

function infoOf(info: Deno.FileInfo): FileInfo {
  return {
    isFile: info.isFile,
    isFolder: info.isDirectory,
    isLink: info.isSymlink,
    size: info.size,
    mode: info.mode === null ? undefined : info.mode & 0o7777,
    uid: info.uid ?? undefined,
    modified: info.mtime,
  };
}

async function orNull<T>(work: () => T | Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    const translation = fileErrorOf(error);
    if (translation.kind === "not-found") return null;
    throw translation;
  }
}

/** The file system of this machine. */
export function systemFiles(): Files {
  const isWindows = Deno.build.os === "windows";
  const files: Files = {
    // Synchronous where it is short: a round trip through the thread pool costs more than the call.
    readBytes: (path) => translated(() => Deno.readFileSync(path)),
    info: (path) => orNull(() => infoOf(Deno.statSync(path))),
    linkInfo: (path) => orNull(() => infoOf(Deno.lstatSync(path))),
    realPath: (path) => translated(() => Deno.realPathSync(path)),
    absolute: (path) => isAbsolute(path) ? path : joinPath(Deno.cwd(), path),
    list: (path) =>
      translated(async () => {
        const names: string[] = [];
        for await (const entry of Deno.readDir(path)) names.push(entry.name);
        return names.sort();
      }),
    async makeFolder(path, mode) {
      const info = await files.info(path);
      if (info?.isFolder) return false;
      if (info !== null) throw new FileError(...NOT_FOLDER);
      await translated(() => Deno.mkdirSync(path, { recursive: true, mode }));
      return true;
    },
    async createFlushed(path, content, mode) {
      await translated(async () => {
        const file = await Deno.open(path, { write: true, createNew: true, mode });
        try {
          for (let written = 0; written < content.length;) {
            written += await file.write(content.subarray(written));
          }
          await file.sync();
          file.close();
        } catch (error) {
          file.close();
          await files.remove(path);
          throw error;
        }
      });
    },
    appendSync(path, text, mode) {
      try {
        Deno.writeTextFileSync(path, text, { append: true, mode });
      } catch (error) {
        throw fileErrorOf(error);
      }
    },
    rename: (from, to) => translated(() => Deno.rename(from, to)),
    async remove(path) {
      await orNull(() => Deno.remove(path));
    },
    setMode: (path, mode) =>
      isWindows ? Promise.resolve() : translated(() => Deno.chmod(path, mode)),
    async flushFolder(path) {
      // Windows has no such call; some network file systems refuse it.
      if (isWindows) return;
      try {
        using folder = await Deno.open(path, { read: true });
        await folder.sync();
      } catch {
        // The rename itself has happened; durability is as good as the system offers.
      }
    },
    openReader: (path) =>
      translated(async () => {
        const file = await Deno.open(path, { read: true });
        return {
          size: (await file.stat()).size,
          // Synchronous, so that nobody moves the place between the two calls.
          readAt(buffer, offset) {
            try {
              file.seekSync(offset, Deno.SeekMode.Start);
              let filled = 0;
              while (filled < buffer.length) {
                const count = file.readSync(buffer.subarray(filled));
                if (count === null) break;
                filled += count;
              }
              return filled;
            } catch (error) {
              throw fileErrorOf(error);
            }
          },
          close: () => file.close(),
        };
      }),
    openWriter: (path, start, mode) =>
      translated(async () => {
        const isNew = start === "new";
        const file = await Deno.open(path, {
          write: true,
          mode,
          ...(isNew ? { createNew: true } : { create: true, append: true }),
        });
        // Some network file systems have no locks.
        if (isNew) await file.tryLock(true).catch(() => false);
        let size = isNew ? 0 : (await file.stat()).size;
        const early = isNew ? new EarlyFlush(path) : null;
        return {
          get size() {
            return size;
          },
          write: (bytes) =>
            translated(async () => {
              for (let written = 0; written < bytes.length;) {
                written += await file.write(bytes.subarray(written));
              }
              size += bytes.length;
              early?.wrote(bytes.length);
            }),
          flush: () =>
            translated(async () => {
              await early?.end();
              await file.sync();
            }),
          close: () => file.close(),
        };
      }),
    async freeBytes(folder) {
      try {
        const { statfs } = await import("node:fs/promises");
        const { bavail, bsize } = await statfs(folder);
        return Number(bavail) * Number(bsize);
      } catch {
        return null;
      }
    },
    tryLock: (path) =>
      translated(async () => {
        const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
        try {
          if (await file.tryLock(true)) return { release: () => file.close() };
        } catch (error) {
          file.close();
          throw error;
        }
        file.close();
        return null;
      }),
  };
  return files;
}

/** Whether a path begins at a root, on any system. */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^([a-z]:|\\)/i.test(path);
}

/** Folder of a path; `.` for a bare name. */
export function folderOf(path: string): string {
  const slash = lastSeparator(path);
  return slash === -1 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

/** Last component of a path. */
export function baseName(path: string): string {
  return path.slice(lastSeparator(path) + 1);
}

function lastSeparator(path: string): number {
  return Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
}

/** Joins with `/`, which every system accepts. */
export function joinPath(folder: string, ...names: string[]): string {
  return [folder.replace(/(?<=.)[/\\]+$/, ""), ...names].join("/").replace(/^\/\//, "/");
}
