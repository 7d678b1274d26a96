import type { ContentSource } from "../oci/content_source.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Layout } from "../oci/layout.ts";
import { walkManifests } from "../oci/walk_manifests.ts";
import type { Crypto } from "../runtime/crypto.ts";
import type { Files } from "../runtime/files.ts";
import type { Bundle, BundleItem } from "./bundle.ts";
import { requireSpace } from "./require_space.ts";

export interface FillLayoutParts {
  files: Files;
  crypto: Crypto;
  signal: AbortSignal;
  /** Told as bytes arrive; there are none when everything is there. */
  onProgress: (doneBytes: number, allBytes: number) => void;
}

/**
 * Copies items of a bundle and everything below them into a layout, where they are not there yet;
 * its index lists them once all of it is there. What the bundle does not have is left out.
 * @throws {UserError} `io`, also when the disk is too small; `integrity`; `validation` when its index
 *   would be too large
 */
export async function fillLayout(
  { source, annotations }: Pick<Bundle, "source" | "annotations">,
  items: readonly BundleItem[],
  layout: Layout,
  parts: FillLayoutParts,
): Promise<void> {
  const { signal, onProgress } = parts;
  const descriptors = items.map(({ descriptor }) => descriptor);
  layout.requireRoomFor(descriptors, annotations);
  const missing = await missingOf(source, items, layout, parts);
  const allBytes = missing.reduce((total, { size }) => total + size, 0);
  await requireSpace([{ folder: layout.folder, bytes: allBytes }], parts.files);
  let doneBytes = 0;
  for (const descriptor of missing) {
    await layout.putBlob(
      descriptor,
      async () =>
        watched(await source.open(descriptor), (count) => {
          signal.throwIfAborted();
          onProgress(doneBytes += count, allBytes);
        }),
      `blob ${descriptor.digest}`,
      await source.localPlaceOf?.(descriptor) ?? null,
    );
  }
  await layout.list(descriptors, annotations);
}

async function* watched(
  stream: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) {
    onBytes(piece.length);
    yield piece;
  }
}

/** Blobs first, then manifests from below: a manifest is never there before what it lists. */
async function missingOf(
  source: ContentSource,
  items: readonly BundleItem[],
  layout: Layout,
  { crypto }: FillLayoutParts,
): Promise<Descriptor[]> {
  const blobs = new Map<Digest, Descriptor>();
  const manifests: Descriptor[] = [];
  const seen = new Set<Digest>();
  for (const { ref, descriptor } of items) {
    const what = ref === "" ? descriptor.digest : ref;
    for await (const manifest of walkManifests(source, descriptor, what, { crypto, seen })) {
      for (const blob of manifest.blobs) blobs.set(blob.digest, blob);
      manifests.push(manifest.descriptor);
    }
  }
  const missing: Descriptor[] = [];
  for (const descriptor of [...blobs.values(), ...manifests]) {
    if (!await layout.has(descriptor) && await source.has(descriptor)) missing.push(descriptor);
  }
  return missing;
}
