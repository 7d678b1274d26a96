import { inFlight } from "../../content/transfer/in_flight.ts";
import type { Inventory, NeededBlob } from "../../content/transfer/inventory.ts";
import { joinContent } from "../../content/transfer/joined_content.ts";
import { BlobCache } from "../../oci/blob_cache.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { CommandContext } from "../context.ts";
import { cacheFolderOf } from "./cache_folder.ts";
import type { TransferOptions } from "./transfer_command.ts";
import { transferProgressOf } from "./transfer_progress.ts";

/**
 * Brings blobs into the cache of this machine, some at a time; what is there is not fetched again,
 * and what was begun in an earlier run goes on.
 * @returns A source that has them on the disk.
 * @throws {UserError} `integrity`, `io`; what the registry refuses.
 */
export async function fetchBlobs(
  source: ContentSource,
  { blobs }: Inventory,
  transfer: TransferOptions,
  context: CommandContext,
): Promise<ContentSource> {
  const { runtime, signal } = context;
  const cache = new BlobCache(cacheFolderOf(transfer.cacheDir, context), { ...runtime, signal });
  const missing: NeededBlob[] = [];
  for (const blob of blobs.values()) if (!await cache.has(blob.descriptor)) missing.push(blob);
  const totalBytes = missing.reduce((total, { descriptor }) => total + descriptor.size, 0);
  const progress = transferProgressOf(transfer, context);
  let doneBytes = 0;
  const watched: ContentSource = {
    has: (descriptor) => source.has(descriptor),
    async open(descriptor, offset = 0) {
      doneBytes += offset;
      const stream = await source.open(descriptor, offset);
      return stream.pipeThrough(
        new TransformStream({
          transform(piece, controller) {
            doneBytes += piece.length;
            progress.moved({ doneBytes, totalBytes, label: "fetch" });
            controller.enqueue(piece);
          },
        }),
      );
    },
  };
  try {
    await inFlight(
      missing,
      transfer.jobs,
      ({ descriptor, item }) =>
        cache.ensure(descriptor, watched, `${descriptor.digest} of ${item.ref || "a signature"}`),
    );
  } finally {
    progress.end();
  }
  return joinContent([cache, source]);
}
