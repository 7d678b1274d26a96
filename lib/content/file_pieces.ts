import type { FileReader } from "../runtime/files.ts";

const PIECE_BYTES = 1024 * 1024;
/** So many pieces are read in one go: reads do not wait, and signals want to be heard. */
const PIECES_A_TURN = 32;

export interface PiecesOptions {
  start?: number;
  /** The first byte that is left out; the end of the file by default. */
  end?: number;
  /** Ends the reading with its reason. */
  signal?: AbortSignal;
}

/** The bytes of a file in pieces; each is overwritten by the next. */
export async function* filePieces(
  file: Pick<FileReader, "size" | "readAt">,
  { start = 0, end = file.size, signal }: PiecesOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, Math.max(1, end - start)));
  let turn = 0;
  for (let offset = start; offset < end;) {
    if (++turn % PIECES_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
    const count = file.readAt(buffer.subarray(0, Math.min(buffer.length, end - offset)), offset);
    if (count === 0) return;
    offset += count;
    yield buffer.subarray(0, count);
  }
}
