import type { BlobCache } from "../../oci/blob_cache.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import { inFlight } from "./in_flight.ts";
import type { NeededBlob } from "./inventory.ts";

export interface FillCacheParts {
  source: ContentSource;
  /** Blobs moved at once. */
  jobs: number;
  onBytes: (count: number) => void;
}

/**
 * Brings blobs from registries to this machine, the largest first, so that none is waited for alone.
 * @throws {UserError} What `BlobCache.ensure` throws; what has arrived stays.
 */
export async function fillCache(
  cache: BlobCache,
  blobs: readonly NeededBlob[],
  { source, jobs, onBytes }: FillCacheParts,
): Promise<void> {
  const ordered = [...blobs].sort((a, b) => b.descriptor.size - a.descriptor.size);
  await inFlight(ordered, jobs, async ({ descriptor, item }) => {
    if (await cache.has(descriptor)) return onBytes(descriptor.size);
    const counting: ContentSource = {
      has: (each) => source.has(each),
      open: async (each, offset = 0) => {
        if (offset > 0) onBytes(offset);
        return counted(await source.open(each, offset), onBytes);
      },
    };
    await cache.ensure(
      descriptor,
      counting,
      `${descriptor.digest} of ${item.ref || "a signature"}`,
    );
  });
}

function counted(
  stream: ReadableStream<Uint8Array>,
  onBytes: (count: number) => void,
): ReadableStream<Uint8Array> {
  return stream.pipeThrough(
    new TransformStream({
      transform(piece, controller) {
        onBytes(piece.length);
        controller.enqueue(piece);
      },
    }),
  );
}
