import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { packTar } from "modern-tar";
import type { ArchiveEntry } from "./archive_entry.ts";

/** Byte of the gzip header that names the system, and its value for "unknown". */
const SYSTEM_BYTE = 9;
const UNKNOWN_SYSTEM = 255;

/**
 * A `.tar.gz` that says nothing about the machine and the time it was made at: the same entries
 * give the same bytes.
 * @param time Of all entries, in seconds since 1970.
 */
export async function tarGz(
  entries: readonly ArchiveEntry[],
  time: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const owner = { uid: 0, gid: 0, uname: "root", gname: "root", mtime: new Date(time * 1000) };
  const files = new Map(entries.map((entry) => [entry.path, entry]));
  // Folders come as entries too: else their modes would be those of whoever unpacks them.
  const folders = new Set(entries.flatMap(({ path }) => parentsOf(path)));
  const tar = await packTar(
    [...files.keys(), ...folders].sort().map((path) => {
      const entry = files.get(path);
      if (entry === undefined) {
        return {
          header: { ...owner, name: `${path}/`, type: "directory", size: 0, mode: 0o755 },
        };
      }
      const { content, isExecutable } = entry;
      const mode = isExecutable ? 0o755 : 0o644;
      return {
        header: { ...owner, name: path, type: "file", size: content.length, mode },
        body: content,
      };
    }),
  );
  const zipped = new Uint8Array(await promisify(gzip)(tar, { level: 9, memLevel: 9 }));
  zipped[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
  return zipped;
}

/** Every folder above a path. */
function parentsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}
