import { UserError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { formatReference, parseReference, selectorOf } from "../../oci/reference.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import {
  type CheckManifestParts,
  findSignature,
  readAttachments,
  signatureProblemOf,
} from "../signing/check_manifest.ts";
import type { VerificationKey } from "../signing/verification_key.ts";
import { type BundleItem, CONTAINERD_NAME, ITEM_TYPE, REF_NAME, SOURCE_REF } from "../bundle.ts";
import type { ImageEntry } from "../definition/bundle_definition.ts";
import { findAttached } from "./attached.ts";
import { fitsArchitecture } from "./fits_architecture.ts";
import { isIndex, pickPlatform } from "./pick_platform.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import type { RemoteContent } from "./remote_content.ts";

export interface ResolveParts {
  registries: Registries;
  content: RemoteContent;
  crypto: Crypto;
  /** Null keeps images as they are published. */
  architecture: string | null;
  /** One of them has to have signed the image; none: nothing is checked. */
  keys?: readonly VerificationKey[];
}

export interface ResolvedImage {
  item: BundleItem;
  /** Signatures and the like, of it and of all that it lists. */
  attached: BundleItem[];
  /** Signatures of an index that is not kept do not hold any more. */
  lostSignatures: boolean;
}

/**
 * Finds what a reference points at, and reads its manifests; no blob moves.
 * @returns Null when there is nothing for the architecture.
 * @throws {UserError} What the registry says.
 */
export async function resolveImage(
  entry: ImageEntry,
  { registries, content, crypto, architecture, keys = [] }: ResolveParts,
): Promise<ResolvedImage | null> {
  const wanted = parseReference(entry.image);
  const name = formatReference(wanted);
  const reference = parseReference(entry.source || entry.image);
  const place = { host: reference.host, repository: reference.repository };
  const registry = registries.open(place.host);
  // A digest holds wherever it is fetched from.
  const selector = entry.digest ?? wanted.digest ?? selectorOf(reference);
  const top = await registry.getManifest(place.repository, selector);
  content.add(top, place);
  let kept: Manifest = top;
  const ofIndex: BundleItem[] = [];
  if (architecture !== null && isIndex(top)) {
    const chosen = pickPlatform(top, architecture);
    if (chosen === null) return null;
    kept = await registry.getManifest(place.repository, chosen.digest);
    content.add(kept, place);
    ofIndex.push(...await findAttached(registry, place, top.descriptor.digest, content));
  }
  if (architecture !== null && !isIndex(top)) {
    const item = { ref: name, type: entry.type, descriptor: top.descriptor };
    if (!await fitsArchitecture(item, architecture, content, crypto)) return null;
  }
  const attached = await findAttached(registry, place, kept.descriptor.digest, content);
  for (const child of isIndex(kept) ? kept.manifests : []) {
    const manifest = await registry.getManifest(place.repository, child.digest);
    content.add(manifest, place);
    attached.push(...await findAttached(registry, place, child.digest, content));
  }
  if (keys.length > 0) {
    const digests = [...new Set([top.descriptor.digest, kept.descriptor.digest])];
    const parts = { source: content, crypto };
    await requireSignature(digests, [...ofIndex, ...attached], keys, parts);
  }
  return {
    item: imageItem(entry, kept.descriptor),
    attached,
    lostSignatures: ofIndex.length > 0,
  };
}

/** An image as a bundle lists it. */
export function imageItem(entry: ImageEntry, descriptor: Descriptor): BundleItem {
  const { annotations, image, source, type } = entry;
  const ref = formatReference(parseReference(image));
  return {
    ref,
    type,
    descriptor: {
      ...descriptor,
      annotations: {
        ...annotations,
        [REF_NAME]: ref,
        [ITEM_TYPE]: type,
        [CONTAINERD_NAME]: ref,
        ...(source === "" ? {} : { [SOURCE_REF]: formatReference(parseReference(source)) }),
      },
    },
  };
}

/**
 * What a signed index lists is signed with it.
 * @throws {UserError} `integrity` for an image that none of the keys has signed.
 */
export async function requireSignature(
  digests: readonly Digest[],
  attached: readonly BundleItem[],
  keys: readonly VerificationKey[],
  parts: CheckManifestParts,
): Promise<void> {
  const attachments = await readAttachments(attached, parts);
  const found = await findSignature(digests, attachments, keys, parts);
  const problem = signatureProblemOf(found);
  if (problem === null) return;
  throw new UserError("integrity", problem, {
    hint: found?.verdict === "another key"
      ? "Add the public key of whoever publishes it with another --verify-images"
      : "Have it signed by its publisher, or leave --verify-images out to take it as it is",
  });
}

/** The reasons of many failures as one error, all in one list. */
export function allFailures(
  failures: readonly { name: string; from: readonly string[]; error: UserError }[],
): UserError {
  const lines = failures.map(({ name, from, error }) =>
    `${name}${from.length === 0 ? "" : ` (${from.join(", ")})`}: ${error.message}`
  );
  const [first] = failures;
  return new UserError(
    first?.error.code ?? "not-found",
    `Cannot fetch ${failures.length} of the items: ${lines.join("; ")}`,
    { hint: first?.error.hint ?? "Correct the references, then run the command again" },
  );
}
