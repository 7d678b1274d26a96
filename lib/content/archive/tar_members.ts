import type { FileReader } from "../../runtime/files.ts";
import type { ArchiveMembers } from "./members.ts";
import { scanTar, type TarPlace } from "./tar_scan.ts";

const PIECE = 1024 * 1024;

/** The members of a plain tar: found by its headers, read where they stand. */
export class TarMembers implements ArchiveMembers {
  readonly #reader: FileReader;
  readonly #places: Map<string, TarPlace>;

  constructor(reader: FileReader, places: Map<string, TarPlace>) {
    this.#reader = reader;
    this.#places = places;
  }

  /**
   * @param limitOf How many bytes a member of that name may have.
   * @throws {RangeError} When it is no tar or a damaged one.
   */
  static scan(reader: FileReader, limitOf: (name: string) => number): TarMembers {
    const scan = scanTar(limitOf);
    let step = scan.next();
    while (!step.done) {
      const { offset, length } = step.value;
      const bytes = new Uint8Array(length);
      step = scan.next(bytes.subarray(0, reader.readAt(bytes, offset)));
    }
    return new TarMembers(reader, step.value);
  }

  names(): Iterable<string> {
    return this.#places.keys();
  }

  sizeOf(name: string): number | null {
    return this.#places.get(name)?.size ?? null;
  }

  sha256Of(): string | null {
    return null;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  *read(name: string, offset: number): Generator<Uint8Array> {
    const place = this.#places.get(name);
    if (place === undefined) throw new RangeError("there is no such member");
    for (let at = offset; at < place.size;) {
      const piece = new Uint8Array(Math.min(PIECE, place.size - at));
      if (this.#reader.readAt(piece, place.offset + at) < piece.length) {
        throw new RangeError("it is cut short");
      }
      yield piece;
      at += piece.length;
    }
  }

  close(): void {
    this.#reader.close();
  }
}
