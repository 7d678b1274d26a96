/**
 * Zstandard (RFC 8878) by Node's zlib. Decompressors are never trusted to tell the end: they drop a
 * second frame in one buffer and take truncated input without an error, so callers check lengths
 * and digests.
 */

/** Turns bytes into one frame with a content size, and a checksum of the content. */
export type CompressFrame = (content: Uint8Array, level: number) => Uint8Array;

/** @throws When the bytes are no whole frame, or one of another size than wanted. */
export type DecompressFrame = (frame: Uint8Array, size: number) => Uint8Array;

/** Loads the library. */
export async function openZstd(): Promise<{
  compressFrame: CompressFrame;
  decompressFrame: DecompressFrame;
  /** Frames one after another, as they come; gives what they hold. */
  decompressStream: (input: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
}> {
  const [zlib, { Duplex }] = await Promise.all([import("node:zlib"), import("node:stream")]);
  const { constants } = zlib;
  return {
    compressFrame(content, level) {
      const options = {
        // Without it a frame has no content size here, whatever its flag says.
        pledgedSrcSize: content.length,
        params: {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_checksumFlag]: 1,
          [constants.ZSTD_c_contentSizeFlag]: 1,
        },
      };
      return new Uint8Array(zlib.zstdCompressSync(content, options));
    },
    decompressFrame: (frame, size) => {
      const content = zlib.zstdDecompressSync(frame, { maxOutputLength: Math.max(1, size) });
      if (content.length !== size) {
        throw new RangeError(`a frame of ${content.length} bytes instead of ${size}`);
      }
      return new Uint8Array(content);
    },
    decompressStream: (input) =>
      input.pipeThrough(
        Duplex.toWeb(zlib.createZstdDecompress()) as unknown as TransformStream<
          Uint8Array,
          Uint8Array
        >,
      ),
  };
}
