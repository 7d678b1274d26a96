import { UserError } from "../../errors.ts";
import type { BlobCache } from "../../oci/blob_cache.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import { inFlight } from "../../runtime/in_flight.ts";
import type { NeededBlob } from "./inventory.ts";
import { allFailures } from "./resolve_image.ts";

export interface FillCacheParts {
  source: ContentSource;
  /** Blobs moved at once. */
  jobs: number;
  onBytes: (count: number) => void;
  /** Fetch what can be fetched, and tell of all failures at the end. */
  keepsGoing?: boolean;
}

/**
 * Brings blobs from registries to this machine, the largest first, so that none is waited for alone.
 * @throws {UserError} What `BlobCache.ensure` throws; what has arrived stays.
 */
export async function fillCache(
  cache: BlobCache,
  blobs: readonly NeededBlob[],
  { source, jobs, onBytes, keepsGoing = false }: FillCacheParts,
): Promise<void> {
  const failures: { name: string; from: string[]; error: UserError }[] = [];
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
    const what = `${descriptor.digest} of ${item.ref || "a signature"}`;
    try {
      await cache.ensure(descriptor, counting, what);
    } catch (error) {
      if (!keepsGoing || !(error instanceof UserError)) throw error;
      failures.push({ name: item.ref || descriptor.digest, from: [], error });
    }
  });
  if (failures.length > 0) throw allFailures(failures);
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
