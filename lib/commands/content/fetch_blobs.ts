import { requireSpace, type SpaceNeed } from "../../content/require_space.ts";
import { fillCache } from "../../content/transfer/fill_cache.ts";
import { type NeededBlob, sumOfBlobs } from "../../content/transfer/inventory.ts";
import { joinContent } from "../../content/transfer/joined_content.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { CommandContext } from "../context.ts";
import { cacheFolder, openBlobCache } from "./blob_cache.ts";
import type { TransferOptions } from "./transfer_command.ts";
import { transferProgressOf } from "./transfer_progress.ts";

export interface FetchOptions {
  transfer: TransferOptions;
  /** What else is going to be written. */
  space?: SpaceNeed;
  /** Fetch what can be fetched, and tell of all failures at the end. */
  keepsGoing?: boolean;
}

/**
 * Brings blobs into the cache of this machine, some at a time; what is there is not fetched again,
 * and what was begun in an earlier run goes on.
 * @returns A source that has them on the disk; with `--no-cache` the one that was given.
 * @throws {UserError} `integrity`, `io`, also when a disk has no room; what the registry refuses.
 */
export async function fetchBlobs(
  source: ContentSource,
  blobs: Iterable<NeededBlob>,
  { transfer, space, keepsGoing = false }: FetchOptions,
  context: CommandContext,
): Promise<ContentSource> {
  const { files } = context.runtime;
  const also = space === undefined ? [] : [space];
  const cache = openBlobCache(transfer, context);
  if (cache === null) {
    await requireSpace(also, files);
    return source;
  }
  const missing: NeededBlob[] = [];
  for (const blob of blobs) if (!await cache.has(blob.descriptor)) missing.push(blob);
  const totalBytes = sumOfBlobs(missing);
  const folder = cacheFolder(transfer, context.runtime);
  await requireSpace([...also, { folder, bytes: totalBytes }], files);
  const progress = transferProgressOf(transfer, context);
  let doneBytes = 0;
  try {
    await fillCache(cache, missing, {
      source,
      jobs: transfer.jobs,
      keepsGoing,
      onBytes(count) {
        // A blob that begins anew is counted anew, too.
        doneBytes = Math.min(totalBytes, doneBytes + count);
        progress.moved({ doneBytes, totalBytes, label: "fetch" });
      },
    });
  } finally {
    progress.end();
  }
  return joinContent([cache, source]);
}
