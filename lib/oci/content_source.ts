import type { Descriptor } from "./descriptor.ts";

/**
 * Where blobs and manifests are read from: a registry, a layout, an archive, a cache. What comes out
 * has not been checked, unless `isChecked` says so: whoever takes it compares size and digest.
 */
export interface ContentSource {
  /** Whether it has the blob, without reading it. */
  has(descriptor: Descriptor): Promise<boolean>;
  /**
   * The bytes of a blob from `offset` on, in pieces of any length.
   * @throws {UserError} `not-found` when it does not have it.
   */
  open(descriptor: Descriptor, offset?: number): Promise<ReadableStream<Uint8Array>>;
  /** Whether the bytes of a blob from its beginning are compared with its digest on their way out. */
  isChecked?(descriptor: Descriptor): Promise<boolean>;
  /** The file or folder on this machine that a blob is read from, for messages; null elsewhere. */
  localPlaceOf?(descriptor: Descriptor): Promise<string | null>;
}
