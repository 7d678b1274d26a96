/**
 * Where an item of a bundle lies in a registry, below the registry's base path: an image keeps its
 * whole source reference as path, so that nothing of different hosts can meet.
 */

import { digestOf, hexOf, isDigest } from "../oci/digest.ts";
import { hostPath, isHostPath } from "../oci/host_path.ts";
import { destinationTag, isRepository, isTag } from "../oci/reference.ts";
import type { Crypto } from "../runtime/crypto.ts";
import type { BundleItem } from "./bundle.ts";

export interface Destination {
  /** Null: with whatever it is attached to, in each repository that has it. */
  repository: string | null;
  /** Null: only its digest gets it. */
  tag: string | null;
}

/** Enough of a digest to tell the files of one bundle apart. */
const RAW_DIGITS = 32;

/**
 * The place of an item.
 * @param bundleName Tag of what has no other.
 * @returns Null for an item whose reference no registry can take.
 */
export async function destinationOf(
  { ref, type }: Pick<BundleItem, "ref" | "type">,
  bundleName: string,
  crypto: Crypto,
): Promise<Destination | null> {
  // Signatures are tagged by what they sign, or not at all.
  if (ref === "" || /^sha256-[0-9a-f]{64}(\.|$)/.test(ref)) {
    return { repository: null, tag: ref === "" ? null : ref };
  }
  if (type === "raw") {
    // Its path may hold what no repository may.
    const hex = hexOf(await digestOf(new TextEncoder().encode(ref), crypto));
    return checked(`raw/${hex.slice(0, RAW_DIGITS)}`, bundleName);
  }
  if (type === "customui") return checked("custom-ui", bundleName);
  // Other programs write layouts whose images have a tag for a name.
  if (!/[/:@]/.test(ref)) return checked(repositoryPath(bundleName), ref);
  const { path, tag, digest } = splitReference(ref);
  return checked(
    repositoryPath(path),
    tag ??
      (digest === null ? bundleName : destinationTag({ host: "", repository: path, tag, digest })),
  );
}

function checked(repository: string, tag: string): Destination | null {
  // What Helm writes after `+` no tag may hold.
  const written = tag.replaceAll("+", "_");
  return isRepository(repository) && isTag(written) ? { repository, tag: written } : null;
}

function splitReference(ref: string) {
  const [named = "", digest] = ref.replace(/^(oci|docker|https?):\/\//, "").split("@");
  const slash = named.lastIndexOf("/");
  const colon = named.indexOf(":", slash + 1);
  return {
    path: colon === -1 ? named : named.slice(0, colon),
    tag: colon === -1 ? null : named.slice(colon + 1),
    digest: digest !== undefined && isDigest(digest) ? digest : null,
  };
}

function repositoryPath(path: string): string {
  const [first = "", ...rest] = path.split("/");
  const host = first.includes(":") || isHostPath(first) ? hostPath(first) : first;
  return [host, ...rest].join("/").toLowerCase();
}
