import { ioError } from "../../config/file_store.ts";
import type { WrittenArchive } from "../../content/archive/archive_sink.ts";
import type { Bundle } from "../../content/bundle.ts";
import { sizeOfBlobs, takeInventory } from "../../content/transfer/inventory.ts";
import { writeBundle } from "../../content/transfer/write_bundle.ts";
import { folderOf } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { fetchBlobs } from "./fetch_blobs.ts";
import type { TransferOptions } from "./transfer_command.ts";
import { transferProgressOf } from "./transfer_progress.ts";

export interface ArchiveTarget {
  path: string;
  /** Of the compression; 0 writes a plain tar. */
  level: number;
  transfer: TransferOptions;
  /** Its blobs are far away. */
  isRemote: boolean;
}

/** A bundle that was written, or would be. */
export interface ArchivedBundle {
  blobs: number;
  /** Of all blobs. */
  bytes: number;
  /** Null when nothing was written. */
  written: WrittenArchive | null;
}

const FOLDER_MODE = 0o755;

/**
 * Writes a bundle as an archive; the same content gives the same bytes.
 * @throws {UserError} `integrity`, `io`
 */
export async function archiveBundle(
  bundle: Bundle,
  { path, level, transfer, isRemote }: ArchiveTarget,
  context: CommandContext,
): Promise<ArchivedBundle> {
  const { runtime: { files, crypto }, signal } = context;
  const inventory = await takeInventory(bundle.items, bundle.source, crypto);
  const found = { blobs: inventory.blobs.size, bytes: sizeOfBlobs(inventory) };
  if (transfer.dryRun) return { ...found, written: null };
  try {
    await files.makeFolder(folderOf(path), FOLDER_MODE);
  } catch (error) {
    throw ioError("write", path, error);
  }
  const source = isRemote && transfer.usesCache
    ? await fetchBlobs(bundle.source, inventory, transfer, context)
    : bundle.source;
  const progress = transferProgressOf(transfer, context);
  let doneBytes = 0;
  try {
    const written = await writeBundle(path, { ...bundle, inventory, source }, {
      files,
      crypto,
      level,
      mtimeSeconds: 0,
      onBytes(count) {
        doneBytes += count;
        const totalBytes = Math.max(found.bytes, doneBytes);
        progress.moved({ doneBytes, totalBytes, label: "write" });
      },
      signal,
    });
    return { ...found, written };
  } finally {
    progress.end();
  }
}
