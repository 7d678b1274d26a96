import { UserError } from "../errors.ts";
import { FileError, type Files } from "../runtime/files.ts";
import { type Kubeconfig, notKubeconfig, parseKubeconfig } from "./kubeconfig.ts";

/** No kubeconfig comes near it; a disk image that was named by mistake does. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a kubeconfig.
 * @throws {UserError} `io` when the file cannot be read, `validation` when it is no kubeconfig.
 */
export async function readKubeconfig(path: string, files: Files): Promise<Kubeconfig> {
  const bytes = await readSmall(path, files);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notKubeconfig(path, "it is not UTF-8 text");
  }
  if (text.trim() === "") throw notKubeconfig(path, "it is empty");
  return await parseKubeconfig(text, path);
}

async function readSmall(path: string, files: Files): Promise<Uint8Array> {
  try {
    const info = await files.info(path);
    if (info !== null && info.size > MAX_BYTES) {
      throw notKubeconfig(path, "it has more than 4 MiB");
    }
    return await files.readBytes(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot read "${path}": ${error.message}`, {
      hint: "Check the path, and that you may read the file",
      cause: error,
    });
  }
}
