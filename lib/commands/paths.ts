import { UserError } from "../errors.ts";
import { FileError, joinPath } from "../runtime/files.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CommandContext } from "./context.ts";

/** An absolute path; `~` is the home folder. */
export function expandPath(path: string, { env, files }: Pick<Runtime, "env" | "files">): string {
  const home = env.get("HOME") ?? env.get("USERPROFILE");
  const expanded = home !== undefined && /^~([/\\]|$)/.test(path)
    ? joinPath(home, ...path.slice(2).split(/[/\\]/).filter(Boolean))
    : path;
  return files.absolute(expanded);
}

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The text of a file that the user wrote. One with encrypted values is closed to others, any other
 * keeps its mode.
 * @throws {UserError} `io`, `validation` when it is not UTF-8.
 */
export async function readUserFile(path: string, context: CommandContext): Promise<string> {
  const { files } = context.runtime;
  try {
    const info = await files.info(path);
    if (info !== null && info.size > MAX_BYTES) {
      throw new FileError("other", "it is larger than 16 MiB");
    }
    const bytes = await files.readBytes(path);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (/enc:v\d+:/.test(text)) await (await context.store()).read(path);
    return text;
  } catch (error) {
    if (error instanceof TypeError) {
      throw new UserError("validation", `Cannot read "${path}": it is not UTF-8 text`);
    }
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot read "${path}": ${error.message}`, {
      hint: "Check the path and its permissions",
      cause: error,
    });
  }
}
