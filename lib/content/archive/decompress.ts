import type { FileReader } from "../../runtime/files.ts";
import { openGzip } from "../../runtime/gzip.ts";
import { openZstd } from "../../runtime/zstd.ts";
import { walkFrames } from "./zstd_frame.ts";

const PIECE = 256 * 1024;

/**
 * What a file of Zstandard frames holds. A decompressor is given one frame, whose end is known from
 * its blocks: it would drop a second one, and take one that is cut short for whole.
 * @throws {RangeError} When the file is cut short or damaged.
 */
export async function* decompressZstd(reader: FileReader): AsyncGenerator<Uint8Array> {
  const { decompressStream } = await openZstd();
  // All of them first: one that is cut short is told of before gigabytes are unpacked.
  for (const { offset, size, contentSize } of [...walkFrames(reader)]) {
    let count = 0;
    try {
      for await (const piece of decompressStream(streamOf(piecesOf(reader, offset, size)))) {
        count += piece.length;
        yield piece;
      }
    } catch (error) {
      throw new RangeError("a frame of it is damaged", { cause: error });
    }
    if (contentSize !== null && contentSize !== count) {
      throw new RangeError("a frame of it is damaged");
    }
  }
}

/**
 * What a gzip file holds.
 * @throws {RangeError} When the file is cut short or damaged.
 */
export async function* decompressGzip(reader: FileReader): AsyncGenerator<Uint8Array> {
  try {
    const { decompressStream } = await openGzip();
    yield* decompressStream(streamOf(piecesOf(reader, 0, reader.size)));
  } catch (error) {
    throw new RangeError("it is cut short or damaged", { cause: error });
  }
}

function* piecesOf(reader: FileReader, offset: number, size: number): Generator<Uint8Array> {
  for (let done = 0; done < size;) {
    const piece = new Uint8Array(Math.min(PIECE, size - done));
    if (reader.readAt(piece, offset + done) < piece.length) throw new RangeError("it is cut short");
    yield piece;
    done += piece.length;
  }
}

/** A stream of what is read as it is asked for. */
export function streamOf(pieces: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void iterator.return?.(),
  }, { highWaterMark: 0 });
}
