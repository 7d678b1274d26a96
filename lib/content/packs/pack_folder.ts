import { UserError } from "../../errors.ts";
import { type FileReader, type Files, joinPath } from "../../runtime/files.ts";
import { openGzip } from "../../runtime/gzip.ts";

/** A file of a folder. */
export interface FolderFile {
  /** Below the folder, with `/`. */
  path: string;
  size: number;
  isExecutable: boolean;
}

const MAX_FILES = 100_000;
const PIECE_BYTES = 256 * 1024;

/**
 * All files below a folder, by path in the order of code units.
 * @throws {UserError} `validation` for links, and for what is neither file nor folder.
 */
export async function listFolder(folder: string, files: Files): Promise<FolderFile[]> {
  const found: FolderFile[] = [];
  const walk = async (prefix: string) => {
    for (const name of await files.list(joinPath(folder, prefix))) {
      const path = prefix === "" ? name : `${prefix}/${name}`;
      const info = await files.linkInfo(joinPath(folder, path));
      const refuse = (reason: string) =>
        new UserError("validation", `Cannot use pack "${folder}": ${reason}`, {
          hint: "Put a plain file in its place",
        });
      if (info === null) continue;
      if (info.isLink) throw refuse(`"${path}" is a link`);
      if (info.isFolder) await walk(path);
      else if (!info.isFile) throw refuse(`"${path}" is no file`);
      else {
        const isExecutable = ((info.mode ?? 0) & 0o111) !== 0;
        found.push({ path, size: info.size, isExecutable });
        if (found.length > MAX_FILES) throw refuse(`it has more than ${MAX_FILES} files`);
      }
    }
  };
  await walk("");
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

/**
 * A folder as tar.gz, streamed: the same bytes for the same files on every machine. Times, owners
 * and the folder's own name are left out; modes are 0644 or 0755.
 * @param top Name of the one folder in it.
 */
export async function packFolder(
  folder: string,
  top: string,
  files: Files,
): Promise<ReadableStream<Uint8Array>> {
  const [{ createTarPacker }, { compressStream }, contents] = await Promise.all([
    import("modern-tar"),
    openGzip(),
    listFolder(folder, files),
  ]);
  const { readable, controller } = createTarPacker();
  const owner = { mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" };
  const write = async () => {
    const folders = new Set<string>();
    for (const { path, size, isExecutable } of contents) {
      const parts = `${top}/${path}`.split("/");
      for (let depth = 1; depth < parts.length; depth++) {
        const name = `${parts.slice(0, depth).join("/")}/`;
        if (folders.has(name)) continue;
        folders.add(name);
        await controller.add({ ...owner, name, size: 0, type: "directory", mode: 0o755 }).close();
      }
      const mode = isExecutable ? 0o755 : 0o644;
      const body = controller.add({ ...owner, name: parts.join("/"), size, type: "file", mode });
      await streamFile(joinPath(folder, path), files).pipeTo(body);
    }
    controller.finalize();
  };
  write().catch((error) => controller.error(error));
  return compressStream(readable);
}

/** A file from its beginning, in pieces. */
export function streamFile(path: string, files: Files): ReadableStream<Uint8Array> {
  let reader: FileReader | null = null;
  let offset = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      reader ??= await files.openReader(path);
      const buffer = new Uint8Array(PIECE_BYTES);
      const count = reader.readAt(buffer, offset);
      offset += count;
      if (count > 0) return controller.enqueue(buffer.subarray(0, count));
      reader.close();
      controller.close();
    },
    cancel: () => reader?.close(),
  }, { highWaterMark: 0 });
}
