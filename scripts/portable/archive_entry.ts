/** A file of an archive. */
export interface ArchiveEntry {
  /** Parts are separated by slashes. */
  path: string;
  content: Uint8Array<ArrayBuffer>;
  isExecutable: boolean;
}

/** An entry of text. */
export function textEntry(path: string, text: string, isExecutable = false): ArchiveEntry {
  return { path, content: new TextEncoder().encode(text), isExecutable };
}
