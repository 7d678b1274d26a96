import { UserError } from "../../errors.ts";
import { baseName, type Files, folderOf, joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { isNear } from "../names.ts";

/** The error of a bundle that is not at a path; its hint tells what is there. */
export async function missingBundle(
  path: string,
  { runtime: { files } }: CommandContext,
  cause?: unknown,
): Promise<UserError> {
  const folder = folderOf(path);
  const names = await files.list(folder).catch(() => null);
  const stem = stemOf(baseName(path));
  const near: string[] = [];
  for (const name of names ?? []) {
    if (near.length === MOST_NAMES) break;
    const isMeant = isNear(stem, stemOf(name)) &&
      (ENDING.test(name) || await isLayout(joinPath(folder, name), files));
    if (isMeant) near.push(name);
  }
  const hint = names === null
    ? `There is no folder "${folder}" that can be read`
    : near.length > 0
    ? `Did you mean ${near.map((name) => `"${name}"`).join(", ")}?`
    : `palette content list --repo "${folder}" tells which bundles are there`;
  return new UserError("not-found", `Cannot open "${path}": no such file or folder`, {
    hint,
    cause,
  });
}

const MOST_NAMES = 5;
const ENDING = /(\.tar)?\.(tar|tgz|gz|zst)(\.\d{3}|_part\d+|\.parts\.json)?$/i;

async function isLayout(folder: string, files: Files): Promise<boolean> {
  return await files.info(joinPath(folder, "index.json")).catch(() => null) !== null;
}

/** Most endings are the same, and say nothing of what is meant. */
function stemOf(name: string): string {
  return name.replace(ENDING, "");
}
