import type { Crypto } from "../../runtime/crypto.ts";
import type { Bundle } from "../bundle.ts";
import type { BundleProblem } from "../verify_bundle.ts";
import { findSignature, readAttachments, signatureProblemOf } from "./check_manifest.ts";
import type { VerificationKey } from "./verification_key.ts";

/** Images of a bundle that none of the keys has signed, by the signatures that it carries. */
export async function checkBundleImages(
  { items, source }: Bundle,
  keys: readonly VerificationKey[],
  crypto: Crypto,
): Promise<BundleProblem[]> {
  if (keys.length === 0) return [];
  const parts = { source, crypto };
  const attachments = await readAttachments(items, parts);
  const problems: BundleProblem[] = [];
  for (const { ref, type, descriptor: { digest } } of items) {
    if (type !== "image" && type !== "stylus") continue;
    const problem = signatureProblemOf(await findSignature([digest], attachments, keys, parts));
    if (problem !== null) problems.push({ what: ref, problem, items: [ref] });
  }
  return problems;
}
