import { encodeHex } from "../../oci/hex.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { type FileReader, type Files, joinPath } from "../../runtime/files.ts";
import type { ArchiveMembers } from "./members.ts";
import { TarMembers } from "./tar_members.ts";
import { scanTar, type Wanted } from "./tar_scan.ts";

export interface SpoolParts {
  files: Files;
  crypto: Crypto;
  spoolFolder: string;
}

/**
 * Unpacks a compressed tar that has no table, in one pass, into a file that has no name any more when
 * this returns: it goes with the process, however that ends.
 * @throws {RangeError} When it is no tar or a damaged one.
 */
export async function spoolTar(
  tar: AsyncIterable<Uint8Array>,
  limitOf: (name: string) => number,
  { files, crypto, spoolFolder }: SpoolParts,
): Promise<ArchiveMembers> {
  const isNew = await files.makeFolder(spoolFolder, 0o700);
  const path = joinPath(spoolFolder, `${encodeHex(crypto.randomBytes(8))}.tar`);
  const writer = await files.openWriter(path, "new", 0o600);
  let reader: FileReader | null = null;
  try {
    const watcher = new ScanOfStream(limitOf);
    for await (const piece of tar) {
      // What comes behind the end of a tar is padding; that it is all there still counts.
      if (watcher.isDone) continue;
      watcher.push(piece);
      await writer.write(piece);
    }
    const places = watcher.end();
    reader = await files.openReader(path);
    return new TarMembers(reader, places);
  } finally {
    writer.close();
    await files.remove(path);
    // Another run may use it by now.
    if (isNew) await files.remove(spoolFolder).catch(() => {});
  }
}

/** Feeds a scan with the parts it wants as they go by. */
class ScanOfStream {
  readonly #scan: ReturnType<typeof scanTar>;
  #step: ReturnType<ReturnType<typeof scanTar>["next"]>;
  #wanted: { at: Wanted; bytes: Uint8Array; filled: number } | null = null;
  #position = 0;

  constructor(limitOf: (name: string) => number) {
    this.#scan = scanTar(limitOf);
    this.#step = this.#scan.next();
    this.#prepare();
  }

  get isDone(): boolean {
    return this.#step.done === true;
  }

  push(piece: Uint8Array): void {
    const end = this.#position + piece.length;
    while (this.#wanted !== null) {
      const { at: { offset, length }, bytes, filled } = this.#wanted;
      const from = offset + filled;
      if (from >= end) break;
      const part = piece.subarray(
        from - this.#position,
        Math.min(piece.length, offset + length - this.#position),
      );
      bytes.set(part, filled);
      this.#wanted.filled += part.length;
      if (this.#wanted.filled < length) break;
      this.#step = this.#scan.next(bytes);
      this.#prepare();
    }
    this.#position = end;
  }

  end() {
    while (!this.#step.done) {
      const { bytes, filled } = this.#wanted ?? { bytes: new Uint8Array(), filled: 0 };
      this.#step = this.#scan.next(bytes.subarray(0, filled));
      this.#prepare();
    }
    return this.#step.value;
  }

  #prepare(): void {
    if (this.#step.done) {
      this.#wanted = null;
      return;
    }
    const at = this.#step.value;
    this.#wanted = { at, bytes: new Uint8Array(at.length), filled: 0 };
  }
}
