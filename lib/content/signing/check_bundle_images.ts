import { isImageConfigType, isIndexType } from "../../oci/media_types.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { Bundle, BundleItem } from "../bundle.ts";
import type { BundleProblem } from "../verify_bundle.ts";
import {
  type CheckManifestParts,
  findSignature,
  readAttachments,
  readWholeManifest,
  signatureProblemOf,
} from "./check_manifest.ts";
import type { VerificationKey } from "./verification_key.ts";

/** What the signatures of images come to. */
export interface ImagesReport {
  /** Images that were looked at. */
  checked: number;
  /** One for each that none of the keys has signed. */
  problems: BundleProblem[];
}

/**
 * Checks the images of a bundle by the signatures that it carries.
 * @returns Null without keys.
 */
export async function checkBundleImages(
  { items, source }: Bundle,
  keys: readonly VerificationKey[],
  crypto: Crypto,
): Promise<ImagesReport | null> {
  if (keys.length === 0) return null;
  const parts = { source, crypto };
  const attachments = await readAttachments(items, parts);
  let checked = 0;
  const problems: BundleProblem[] = [];
  for (const item of items) {
    const { ref, type, descriptor: { digest } } = item;
    if (type !== "image" && type !== "stylus" && !await isHiddenImage(item, parts)) continue;
    checked++;
    const problem = signatureProblemOf(await findSignature([digest], attachments, keys, parts));
    if (problem !== null) problems.push({ what: ref, problem, items: [ref] });
  }
  return { checked, problems };
}

/**
 * Whether an item is an image, whatever its index calls it: anybody can write that, and a registry
 * gives it by its name all the same. What has no name but that of its subject stands for no image.
 */
export async function isHiddenImage(
  { ref, descriptor }: BundleItem,
  parts: CheckManifestParts,
): Promise<boolean> {
  if (ref === "" || /(^|:)sha256-[0-9a-f]{64}(\.\w+)?$/.test(ref)) return false;
  const manifest = await readWholeManifest(ref, descriptor, parts);
  if (manifest === null) return false;
  return isIndexType(manifest.descriptor.mediaType) ||
    isImageConfigType(manifest.blobs[0]?.mediaType ?? "");
}
