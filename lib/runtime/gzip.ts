/**
 * What a gzip file holds (RFC 1952), all of its members: `DecompressionStream` takes one alone. An
 * input that is cut short is an error.
 */
export async function gunzipStream(
  input: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const [{ createGunzip }, { Duplex }] = await Promise.all([
    import("node:zlib"),
    import("node:stream"),
  ]);
  return input.pipeThrough(
    Duplex.toWeb(createGunzip()) as unknown as TransformStream<Uint8Array, Uint8Array>,
  );
}
