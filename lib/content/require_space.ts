import { UserError } from "../errors.ts";
import { type Files, folderOf } from "../runtime/files.ts";

/** What is going to be written somewhere. */
export interface SpaceNeed {
  /** Need not be there yet. */
  folder: string;
  bytes: number;
}

/**
 * Refuses to begin what the disks have no room for. Folders with the same number of free bytes are
 * taken to share a disk: nothing else tells on every system.
 * @throws {UserError} `io`
 */
export async function requireSpace(needs: readonly SpaceNeed[], files: Files): Promise<void> {
  const disks = new Map<number, SpaceNeed>();
  for (const { folder, bytes } of needs) {
    const free = await freeAt(folder, files);
    if (free === null) continue;
    const known = disks.get(free);
    disks.set(free, { folder, bytes: bytes + (known?.bytes ?? 0) });
  }
  for (const [free, { folder, bytes }] of disks) {
    if (free >= bytes) continue;
    throw new UserError(
      "io",
      `Cannot fill "${folder}": ${mib(bytes)} MiB are needed, and ${mib(free)} MiB are free`,
      { hint: "Free some space, or name a folder on another disk" },
    );
  }
}

/** Of the nearest folder that is there; null where nobody can tell. */
async function freeAt(folder: string, files: Files): Promise<number | null> {
  for (let at = folder;; at = folderOf(at)) {
    const free = await files.freeBytes(at);
    if (free !== null || folderOf(at) === at || at === "") return free;
  }
}

function mib(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
