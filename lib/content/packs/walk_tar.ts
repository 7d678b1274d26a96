import { UserError } from "../../errors.ts";
import { openGzip } from "../../runtime/gzip.ts";
import { concatBytes } from "../../runtime/streams.ts";
import { isSafePath } from "../safe_path.ts";

/** A file in an archive, in the archive's order; its content can be read until the visit ends. */
export interface TarFile {
  /** Relative, with `/`, nothing of it leads out. */
  path: string;
  size: number;
  isExecutable: boolean;
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

const MAX_FILES = 100_000;
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024 * 1024;

/**
 * Goes through a tar.gz once, front to back; nothing is unpacked.
 * @param what Names it in errors: `pack "x.tar.gz"`.
 * @throws {UserError} `validation` for what is no archive, and for links, devices and paths that
 *   lead out of it.
 */
export async function walkTarGzip(
  input: ReadableStream<Uint8Array>,
  what: string,
  visit: (file: TarFile) => Promise<void> | void,
): Promise<void> {
  const [{ createTarDecoder }, { decompressStream }] = await Promise.all([
    import("modern-tar"),
    openGzip(),
  ]);
  const refuse = (reason: string) =>
    new UserError("validation", `Cannot use ${what}: ${reason}`, {
      hint: "Make it anew with tar -czf, of a folder with plain files only",
    });
  let count = 0;
  const entries = decompressStream(input)
    .pipeThrough(limitOf(MAX_UNPACKED_BYTES, () => refuse("it unpacks to more than 4 GiB")))
    .pipeThrough(createTarDecoder({ strict: true }));
  try {
    for await (const { header, body } of entries) {
      if (++count > MAX_FILES) throw refuse(`it has more than ${MAX_FILES} files`);
      const path = header.name.replace(/^(\.\/+)+/, "").replace(/\/+$/, "");
      const isFolder = header.type === "directory";
      if (header.type !== undefined && header.type !== "file" && !isFolder) {
        throw refuse(`"${header.name}" is a ${header.type.replace("-", " ")}`);
      }
      const isTop = isFolder && (path === "" || path === ".");
      if (!isTop && !isSafePath(path)) throw refuse(`"${header.name}" leads out of it`);
      if (isFolder) {
        await body.cancel();
        continue;
      }
      let isRead = false;
      await visit({
        path,
        size: header.size,
        isExecutable: ((header.mode ?? 0) & 0o111) !== 0,
        read: async () => {
          isRead = true;
          const pieces: Uint8Array[] = [];
          for await (const piece of body) pieces.push(piece);
          const bytes = concatBytes(pieces);
          if (bytes.length !== header.size) throw refuse(`it ends in the middle of "${path}"`);
          return bytes;
        },
      });
      if (!isRead) await body.cancel();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw refuse(
      count === 0 ? "it is no tar.gz archive, or a damaged one" : "it is damaged or cut short",
    );
  }
  if (count === 0) throw refuse("there is nothing in it");
}

function limitOf(
  limit: number,
  refuse: () => UserError,
): TransformStream<Uint8Array, Uint8Array> {
  let total = 0;
  return new TransformStream({
    transform(piece, controller) {
      total += piece.length;
      if (total > limit) throw refuse();
      controller.enqueue(piece);
    },
  });
}
