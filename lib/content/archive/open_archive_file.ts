import { reasonOf, UserError } from "../../errors.ts";
import { FileError, type FileReader, type Files, folderOf, joinPath } from "../../runtime/files.ts";
import { canvOsSuffix, parsePartList, partListOf, partSuffix } from "./part_list.ts";

/** Lists of parts are short. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const LOST_PART = "Copy that part here, too: the list beside it names all that belong together";

/**
 * Opens the file of an archive; split parts are read as the one file they were: by their list, by
 * their first part (`.001`, or `_part00` as CanvOS names it), or by the name of the whole.
 * @throws {UserError} `not-found`, `io`; `integrity` when a part is missing or has another size.
 */
export async function openArchiveFile(path: string, files: Files): Promise<FileReader> {
  const readers: FileReader[] = [];
  try {
    const parts = await partsOf(path, files);
    for (const { path, size } of parts) {
      const reader = await opened(path, files, size === null ? null : LOST_PART);
      readers.push(reader);
      if (size !== null && reader.size !== size) {
        throw new UserError(
          "integrity",
          `Cannot open "${path}": it has ${reader.size} bytes, not ${size} as its list says`,
          { hint: "Copy the part again" },
        );
      }
    }
  } catch (error) {
    for (const reader of readers) reader.close();
    throw unreadable(path, error);
  }
  const [first] = readers;
  return readers.length === 1 && first !== undefined ? first : joinReaders(readers);
}

interface Part {
  path: string;
  /** Null when nothing tells it. */
  size: number | null;
}

async function partsOf(path: string, files: Files): Promise<Part[]> {
  if (/\.parts\.json$/.test(path)) return await listedParts(path, files);
  if (await files.info(path) === null) {
    if (await files.info(partListOf(path)) !== null) {
      return await listedParts(partListOf(path), files);
    }
    for (const suffix of [partSuffix(0), canvOsSuffix(0)]) {
      if (await files.info(`${path}${suffix}`) !== null) {
        return await numberedParts(`${path}${suffix}`, files);
      }
    }
  }
  if (!/(\.001|_part0+)$/.test(path)) return [{ path, size: null }];
  const list = partListOf(path.replace(/\.001$/, ""));
  return await files.info(list) === null
    ? await numberedParts(path, files)
    : await listedParts(list, files);
}

async function listedParts(path: string, files: Files): Promise<Part[]> {
  const size = (await files.info(path))?.size ?? 0;
  if (size > MAX_LIST_BYTES) throw refused(path, "it is larger than 4 MiB");
  try {
    const { parts } = parsePartList(new TextDecoder().decode(await read(path, files)));
    return parts.map(({ name, size }) => ({ path: joinPath(folderOf(path), name), size }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refused(path, error.message);
  }
}

/** A part and those that follow it, by their numbers. */
async function numberedParts(path: string, files: Files): Promise<Part[]> {
  const digits = /\d+$/.exec(path)?.[0] ?? "";
  const stem = path.slice(0, path.length - digits.length);
  const parts: Part[] = [];
  for (let number = Number(digits);; number++) {
    const next = `${stem}${String(number).padStart(digits.length, "0")}`;
    if (await files.info(next) === null) return parts;
    parts.push({ path: next, size: null });
  }
}

async function read(path: string, files: Files): Promise<Uint8Array> {
  try {
    return await files.readBytes(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function opened(path: string, files: Files, lostHint: string | null): Promise<FileReader> {
  try {
    return await files.openReader(path);
  } catch (error) {
    throw unreadable(path, error, lostHint);
  }
}

function unreadable(path: string, error: unknown, lostHint: string | null = null): unknown {
  if (!(error instanceof FileError)) return error;
  const isLost = error.kind === "not-found";
  return new UserError(
    isLost ? "not-found" : "io",
    `Cannot open "${path}": ${reasonOf(error)}`,
    { ...(isLost && lostHint !== null ? { hint: lostHint } : {}), cause: error },
  );
}

function refused(path: string, reason: string): UserError {
  return new UserError("integrity", `Cannot open "${path}": ${reason}`);
}

/** Several files as one. */
function joinReaders(readers: readonly FileReader[]): FileReader {
  return {
    size: readers.reduce((total, { size }) => total + size, 0),
    readAt(buffer, offset) {
      let filled = 0;
      let start = 0;
      for (const reader of readers) {
        const at = offset + filled - start;
        if (filled < buffer.length && at < reader.size) {
          const rest = buffer.subarray(
            filled,
            filled + Math.min(buffer.length - filled, reader.size - at),
          );
          filled += reader.readAt(rest, at);
        }
        start += reader.size;
      }
      return filled;
    },
    close: () => readers.forEach((reader) => reader.close()),
  };
}
