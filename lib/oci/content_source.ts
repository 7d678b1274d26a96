import type { Descriptor } from "./descriptor.ts";

/**
 * Where blobs and manifests are read from: a registry, a layout, an archive, a cache. What comes out
 * has not been checked, unless it comes from `openChecked`: whoever takes it compares size and digest.
 */
export interface ContentSource {
  /** Whether it has the blob, without reading it. */
  has(descriptor: Descriptor): Promise<boolean>;
  /**
   * The bytes of a blob from `offset` on, in pieces of any length.
   * @throws {UserError} `not-found` when it does not have it.
   */
  open(descriptor: Descriptor, offset?: number): Promise<ReadableStream<Uint8Array>>;
  /** The file or folder on this machine that a blob is read from, for messages; null elsewhere. */
  localPlaceOf?(descriptor: Descriptor): Promise<string | null>;
  /**
   * The bytes of a blob from its beginning, compared with size and digest on their way out: the last
   * piece comes once they are right. Each piece is only good until the next is asked for. Null when
   * whoever takes them has to compare.
   */
  openChecked?(descriptor: Descriptor): Promise<AsyncIterable<Uint8Array> | null>;
}
