import type { Files } from "./files.ts";

export type BytesReader = Pick<Files, "readBytes">;

/**
 * Reads each file once: everybody after the first gets the same bytes, whatever became of the file.
 */
export function readOnce(files: BytesReader): BytesReader {
  const contents = new Map<string, ReturnType<BytesReader["readBytes"]>>();
  return {
    readBytes(path) {
      const known = contents.get(path);
      if (known !== undefined) return known;
      const content = files.readBytes(path);
      contents.set(path, content);
      return content;
    },
  };
}
