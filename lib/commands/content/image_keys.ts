import {
  readVerificationKey,
  type VerificationKey,
} from "../../content/signing/verification_key.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";

/** The public keys of `--verify-images`: read before anything is asked or fetched. */
export async function readImageKeys(
  paths: readonly string[],
  { runtime }: CommandContext,
): Promise<VerificationKey[]> {
  const keys: VerificationKey[] = [];
  for (const path of paths) {
    keys.push(await readVerificationKey(expandPath(path, runtime), "--verify-images", runtime));
  }
  return keys;
}
