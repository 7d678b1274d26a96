import type { Crypto } from "../../runtime/crypto.ts";
import type { Bundle } from "../bundle.ts";
import { findSignature, readAttachments } from "./check_manifest.ts";

/** Whether a bundle carries a signature of its definition, as registries have them; of any key. */
export async function hasDefinitionSignature(
  { items, source }: Bundle,
  crypto: Crypto,
): Promise<boolean> {
  const definition = items.find(({ type }) => type === "bundle");
  if (definition === undefined) return false;
  const parts = { source, crypto };
  const attachments = await readAttachments(items, parts);
  return await findSignature([definition.descriptor.digest], attachments, [], parts) !== null;
}
