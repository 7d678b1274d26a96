import { UserError } from "../../errors.ts";
import { baseName, folderOf } from "../../runtime/files.ts";
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
  const near = (names ?? []).filter((name) => MAYBE_BUNDLE.test(name) && isNear(stem, stemOf(name)))
    .slice(0, MOST_NAMES);
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
/** What a bundle on this machine may be called: an archive, its parts, or a folder. */
const MAYBE_BUNDLE = new RegExp(`${ENDING.source}|^[^.]+$`, "i");

/** Most endings are the same, and say nothing of what is meant. */
function stemOf(name: string): string {
  return name.replace(ENDING, "");
}
