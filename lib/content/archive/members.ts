/** The files of an archive, each read on its own. */
export interface ArchiveMembers {
  names(): Iterable<string>;
  /** Null when there is none of that name. */
  sizeOf(name: string): number | null;
  /** SHA-256 of a member in hexadecimal digits, where the archive tells it. */
  sha256Of(name: string): string | null;
  /** Loads what it takes to read a member; to be called before `read`. */
  prepare(name: string): Promise<void>;
  /**
   * The bytes of a member from `offset` on.
   * @throws {RangeError} When the archive is damaged there.
   */
  read(name: string, offset: number): Iterable<Uint8Array>;
  close(): void;
}

/** A name of a tar with the leading `./` that some programs write taken off. */
export function cleanName(name: string): string {
  return name.replace(/^(\.\/+)+/, "");
}

/** Whether a name stays below the folder that it is unpacked in. */
export function isSafeName(name: string): boolean {
  return name !== "" && !/^[/\\]|^[a-z]:|\0/i.test(name) && !name.split(/[/\\]/).includes("..");
}
