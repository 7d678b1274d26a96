import type { WrittenArchive } from "../../content/archive/archive_sink.ts";
import type { Bundle } from "../../content/bundle.ts";
import { findLeftOut } from "../../content/thin_bundle.ts";
import { sumOfBlobs, takeInventory } from "../../content/transfer/inventory.ts";
import { type BundleContent, writeBundle } from "../../content/transfer/write_bundle.ts";
import { requireIndexFits } from "../../oci/layout.ts";
import type { Environment } from "../../runtime/environment.ts";
import { type Files, folderOf } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { fetchBlobs } from "./fetch_blobs.ts";
import { makeFolders } from "./output_folder.ts";
import type { TransferOptions } from "./transfer_command.ts";
import { transferProgressOf } from "./transfer_progress.ts";

export interface ArchiveTarget {
  path: string;
  /** Of the compression; 0 writes a plain tar. */
  level: number;
  transfer: TransferOptions;
  /** Of each part; undefined writes one file. */
  splitBytes?: number | undefined;
  /** Times that its blobs are going to lie where it is written; one by default. */
  copies?: number;
}

/** A bundle that was written, or would be. */
export interface ArchivedBundle {
  blobs: number;
  /** Of all blobs. */
  bytes: number;
  /** Null when nothing was written. */
  written: WrittenArchive | null;
}

/** Of the year 9999: later ones have no usual form. */
const LAST_SECOND = 253_402_300_799;

/**
 * Writes a bundle as an archive, with what has to be fetched for it.
 * @param target `isRemote`: its blobs are far away.
 * @throws {UserError} `integrity`, `io`
 */
export async function archiveBundle(
  bundle: Bundle,
  target: ArchiveTarget & { isRemote: boolean },
  context: CommandContext,
): Promise<ArchivedBundle> {
  const { path, transfer } = target;
  const inventory = await takeInventory(bundle.items, bundle.source, context.runtime.crypto);
  const leftOut = await findLeftOut(bundle, context.runtime.crypto);
  // The archive of a thin bundle is thin, too.
  for (const { digest } of leftOut?.blobs ?? []) inventory.blobs.delete(digest);
  const blobs = [...inventory.blobs.values()];
  const found = { blobs: blobs.length, bytes: sumOfBlobs(blobs) };
  requireIndexFits(bundle.items.map(({ descriptor }) => descriptor), bundle.annotations);
  if (transfer.dryRun) return { ...found, written: null };
  return await withFolderOf(path, context.runtime.files, async () => {
    const space = { folder: folderOf(path), bytes: found.bytes * (target.copies ?? 1) };
    const source = await fetchBlobs(
      bundle.source,
      target.isRemote ? blobs : [],
      { transfer, space },
      context,
    );
    return {
      ...found,
      written: await writeBundleFile({ ...bundle, inventory, source }, target, context),
    };
  });
}

/**
 * Writes an archive out of what is at hand; the same content gives the same bytes.
 * @throws {UserError} `integrity`, `io`
 */
export async function writeBundleFile(
  content: BundleContent,
  { path, level, transfer, splitBytes }: ArchiveTarget,
  context: CommandContext,
): Promise<WrittenArchive> {
  const { runtime: { files, crypto, env }, printer, signal } = context;
  const progress = transferProgressOf(transfer, context);
  const totalBytes = sumOfBlobs(content.inventory.blobs.values());
  let doneBytes = 0;
  try {
    return await writeBundle(path, content, {
      files,
      crypto,
      level,
      mtimeSeconds: sourceDateSeconds(env),
      ...(splitBytes === undefined ? {} : { splitBytes }),
      // Only documents show it.
      skipsDigest: printer.format === "table",
      onBytes(count) {
        doneBytes = Math.min(totalBytes, doneBytes + count);
        progress.moved({ doneBytes, totalBytes, label: "write" });
      },
      signal,
    });
  } finally {
    progress.end();
  }
}

/** The time that everything in a bundle is from: as reproducible-builds.org specifies it. */
export function sourceDateSeconds(env: Environment): number {
  const seconds = Number(env.get("SOURCE_DATE_EPOCH") ?? 0);
  return Number.isInteger(seconds) && seconds > 0 && seconds <= LAST_SECOND ? seconds : 0;
}

/**
 * Does work that ends in a file. Whether there is a place for it shows before hours of fetching, not
 * after; folders that were made for it and are empty when the work fails go again.
 */
export async function withFolderOf<T>(
  path: string,
  files: Files,
  work: () => Promise<T>,
): Promise<T> {
  const made = await makeFolders(folderOf(path), files, path);
  try {
    return await work();
  } catch (error) {
    // One that holds something refuses.
    for (const folder of made) await files.remove(folder).catch(() => {});
    throw error;
  }
}
