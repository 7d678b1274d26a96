import type { Descriptor } from "./descriptor.ts";

/**
 * Where blobs and manifests are read from: a registry, a layout, an archive, a cache. Nothing that
 * comes out has been checked: whoever takes it compares size and digest.
 */
export interface ContentSource {
  /** Whether it has the blob, without reading it. */
  has(descriptor: Descriptor): Promise<boolean>;
  /**
   * The bytes of a blob from `offset` on, in pieces of any length.
   * @throws {UserError} `not-found` when it does not have it.
   */
  open(descriptor: Descriptor, offset?: number): Promise<ReadableStream<Uint8Array>>;
}
