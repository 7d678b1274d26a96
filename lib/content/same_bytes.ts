import type { FileReader } from "../runtime/files.ts";
import { filePieces } from "./file_pieces.ts";

/** Whether two open files hold the same bytes; the first difference ends the reading. */
export async function haveSameBytes(
  a: FileReader,
  b: FileReader,
  signal: AbortSignal,
): Promise<boolean> {
  if (a.size !== b.size) return false;
  let offset = 0;
  let other = new Uint8Array(0);
  for await (const piece of filePieces(a, { signal })) {
    if (other.length !== piece.length) other = new Uint8Array(piece.length);
    for (let filled = 0; filled < piece.length;) {
      const count = b.readAt(other.subarray(filled), offset + filled);
      if (count === 0) return false;
      filled += count;
    }
    if (piece.some((byte, at) => byte !== other[at])) return false;
    offset += piece.length;
  }
  return offset === a.size;
}
