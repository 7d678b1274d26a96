import { UserError } from "../../errors.ts";
import { joinPath } from "../../runtime/files.ts";
import { valueAt } from "../../yaml/pointer.ts";
import { readYaml } from "../../yaml/yaml_reader.ts";
import type { CommandContext } from "../context.ts";
import { readUserFile } from "../paths.ts";

/** What `--lock` writes beside the archive: the definition with every digest. */
export const LOCK_FILE = "bundle-definition.lock.yaml";

/**
 * Refuses to write the lock of a bundle over that of another one: nothing else has its digests.
 * @throws {UserError} `conflict`, `io`
 */
export async function refuseOtherLock(
  folder: string,
  name: string,
  context: CommandContext,
): Promise<void> {
  const path = joinPath(folder, LOCK_FILE);
  if (await context.runtime.files.info(path) === null) return;
  const owner = await nameIn(path, context);
  if (owner === name) return;
  const reason = owner === null
    ? "what is there is no lock of a bundle"
    : `it is the lock of the bundle "${owner}"`;
  throw new UserError("conflict", `Cannot write "${path}": ${reason}`, {
    hint: "Give --output another folder, or move that file away",
  });
}

/** Null for what says no name. */
async function nameIn(path: string, context: CommandContext): Promise<string | null> {
  try {
    const name = valueAt(
      await readYaml(await readUserFile(path, context), path),
      ["metadata", "name"],
    );
    return typeof name === "string" && name !== "" ? name : null;
  } catch (error) {
    if (error instanceof UserError && error.code === "validation") return null;
    throw error;
  }
}
