import { UserError } from "../../errors.ts";
import type { Bundle } from "../../content/bundle.ts";
import { joinPath } from "../../runtime/files.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";

/** A path as the user gave it, or the one of a `file://` address. */
export function localPathOf(text: string, runtime: Pick<Runtime, "env" | "files">): string {
  return expandPath(isFileAddress(text) ? pathOf(text) : text, runtime);
}

function isFileAddress(text: string): boolean {
  return /^file:\/\//i.test(text);
}

/** Whether a text can only be meant as a path on this machine, not as a reference. */
export function isPath(text: string): boolean {
  const [first = ""] = text.split("/");
  return isFileAddress(text) || /^([./~\\]|[a-z]:[\\/])/i.test(text) || !/[/:]/.test(text) ||
    (/\.(zst|tar|tgz|gz|ya?ml|json)$/i.test(text) && !/[.:]/.test(first));
}

/** `%20` is a space as in every address; one that says nothing stays as it is. */
function pathOf(address: string): string {
  const path = address.replace(/^file:\/\/(localhost(?=\/))?/i, "").replace(/^\/(?=[a-z]:\/)/i, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * Opens a bundle on this machine: an archive, its parts or a layout folder.
 * @param path From `localPathOf`.
 * @throws {UserError} `io`, `not-found`, `integrity`
 */
export async function openLocalBundle(path: string, context: CommandContext): Promise<Bundle> {
  const { openArchive } = await import("../../content/archive/open_archive.ts");
  const { files, crypto } = context.runtime;
  await requireBundleFile(path, context);
  return await openArchive(path, { files, crypto, spoolFolder: spoolFolderOf(context) });
}

/**
 * Looks whether there is anything at a path, or parts of it.
 * @throws {UserError} `not-found` with what is there instead; `validation` for a part that is not
 *   the first; `io`
 */
export async function requireBundleFile(path: string, context: CommandContext): Promise<void> {
  await refuseLaterPart(path, context);
  const { kindOfPath } = await import("../../content/archive/kind_of_path.ts");
  if (await kindOfPath(path, context.runtime.files) !== "none") return;
  const { missingBundle } = await import("./missing_bundle.ts");
  throw await missingBundle(path, context);
}

/** Alone it would be taken for a damaged archive. */
async function refuseLaterPart(
  path: string,
  { runtime: { files } }: CommandContext,
): Promise<void> {
  const { canvOsSuffix, partListOf, partSuffix, wholeOfLaterPart } = await import(
    "../../content/archive/part_list.ts"
  );
  const whole = wholeOfLaterPart(path);
  if (whole === null) return;
  for (
    const first of [partListOf(whole), `${whole}${partSuffix(0)}`, `${whole}${canvOsSuffix(0)}`]
  ) {
    if (!(await files.info(first).catch(() => null))?.isFile) continue;
    throw new UserError("validation", `Cannot open "${path}": it is one of several parts`, {
      hint: `Name "${first}": the others are read with it`,
    });
  }
}

/** Where archives of other programs are unpacked to. */
export function spoolFolderOf({ workspace }: CommandContext): string {
  return joinPath(workspace.root, "spool");
}
