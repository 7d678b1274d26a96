/**
 * gzip (RFC 1952) by Node's zlib: unlike `DecompressionStream` it takes files of several members,
 * and a truncated one is an error.
 */

/** Loads the library. */
export async function openGzip(): Promise<{
  /** One member whose header says nothing about time and system: the same bytes everywhere. */
  compressStream: (input: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
  /** @throws While it is read, when the input is damaged or ends too early. */
  decompressStream: (input: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
  /**
   * What the beginning of a file holds, as far as it goes.
   * @throws When it is no gzip.
   */
  decompressBeginning: (head: Uint8Array) => Uint8Array;
}> {
  const [zlib, { Duplex }] = await Promise.all([import("node:zlib"), import("node:stream")]);
  const through = (input: ReadableStream<Uint8Array>, duplex: unknown) =>
    input.pipeThrough(
      Duplex.toWeb(duplex as InstanceType<typeof Duplex>) as unknown as TransformStream<
        Uint8Array,
        Uint8Array
      >,
    );
  return {
    compressStream: (input) =>
      through(input, zlib.createGzip({ level: 9 })).pipeThrough(unknownSystem()),
    decompressStream: (input) => through(input, zlib.createGunzip()),
    decompressBeginning: (head) =>
      zlib.gunzipSync(head, { finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  };
}

/** Sets byte 9 of the header, which names the system that compressed, to 255 (unknown). */
function unknownSystem(): TransformStream<Uint8Array, Uint8Array> {
  let offset = 0;
  return new TransformStream({
    transform(piece, controller) {
      const at = 9 - offset;
      offset += piece.length;
      if (at < 0 || at >= piece.length) return controller.enqueue(piece);
      const copy = new Uint8Array(piece);
      copy[at] = 255;
      controller.enqueue(copy);
    },
  });
}
