/** Whether a text without a scheme means a place on this machine or a registry of one word. */

import { UserError } from "../../errors.ts";
import type { Files } from "../../runtime/files.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { localPathOf } from "./open_local_bundle.ts";

/** Whether a text could be a path or a registry: its first part has neither dot nor port. */
function isUnclear(text: string): boolean {
  const [first = ""] = text.split("/");
  return /^[^.:~\\]+$/.test(first) && first !== "localhost";
}

/** Whether a text that could be a registry names a folder that is there. */
export async function isFolderHere(text: string, files: Files): Promise<boolean> {
  return isUnclear(text) && (await files.info(files.absolute(text)))?.isFolder === true;
}

/**
 * Refuses to take `mnt/x` for a registry where there is a folder `mnt`.
 * @param source Flag it came from, for messages.
 * @throws {UserError} `usage`
 */
export async function refuseFolder(
  text: string,
  source: string,
  { files }: Pick<Runtime, "files">,
): Promise<void> {
  const [first = ""] = text.split("/");
  if (!isUnclear(text) || (await files.info(files.absolute(first)))?.isFolder !== true) return;
  throw new UserError(
    "usage",
    `Cannot tell what "${text}" of ${source} is: "${first}" is a folder here`,
    { hint: `Write ./${text} for a folder, or https://${text} for a registry` },
  );
}

/**
 * Refuses a bundle of this machine where only registries are meant.
 * @throws {UserError} `usage`
 */
export async function refuseLocal(
  text: string,
  source: string,
  runtime: Pick<Runtime, "env" | "files">,
): Promise<void> {
  const isMeant = /^([./~\\]|file:|[a-z]:[\\/])/i.test(text);
  const isThere = (isMeant || isUnclear(text)) &&
    await runtime.files.info(localPathOf(text, runtime)) !== null;
  if (!isThere) return;
  throw new UserError(
    "usage",
    `Cannot save "${text}" of ${source}: it is on this machine, not in a registry`,
    {
      hint: "Copy it with palette content copy" +
        (isMeant ? "" : `, or write https://${text} for a registry`),
    },
  );
}
