import { UserError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import type { Registry } from "../../oci/registry/registry.ts";
import { type BundleItem, ITEM_TYPE, REF_NAME } from "../bundle.ts";
import type { Place, RemoteContent } from "./remote_content.ts";

/**
 * Signatures, attestations and SBOMs of a manifest: those that name it as their subject, and those
 * that cosign tags with its digest. A registry that does not tell has none.
 */
export async function findAttached(
  registry: Registry,
  place: Place,
  digest: Digest,
  content: RemoteContent,
): Promise<BundleItem[]> {
  const { repository } = place;
  const [referrers, tagged] = await Promise.all([
    tolerated(() => registry.referrers(repository, digest)),
    tolerated(() => registry.cosignTags(repository, digest)),
  ]);
  const items: BundleItem[] = [];
  for (const { digest: attached } of referrers) {
    const manifest = await manifestIfThere(registry, repository, attached);
    if (manifest === null) continue;
    content.add(manifest, place);
    items.push(attachedItem(manifest, ""));
  }
  for (const { tag, descriptor } of tagged) {
    const manifest = await manifestIfThere(registry, repository, descriptor.digest);
    if (manifest === null) continue;
    content.add(manifest, place);
    items.push(attachedItem(manifest, tag));
  }
  return items;
}

/** Lists outlive what they name: a referrer that was deleted says nothing any more. */
async function manifestIfThere(
  registry: Registry,
  repository: string,
  digest: Digest,
): Promise<Manifest | null> {
  try {
    return await registry.getManifest(repository, digest);
  } catch (error) {
    if (error instanceof UserError && error.code === "not-found") return null;
    throw error;
  }
}

/** SPDX and CycloneDX, in each of their forms. */
const SBOM_TYPE = /^(application|text)\/(spdx|vnd\.cyclonedx)([+;]|$)/;

function attachedItem({ descriptor, artifactType }: Manifest, ref: string): BundleItem {
  const isSbom = ref.endsWith(".sbom") || (ref === "" && SBOM_TYPE.test(artifactType));
  const type = isSbom ? "sbom" : "signature";
  return {
    ref,
    type,
    descriptor: {
      ...descriptor,
      annotations: { ...(ref === "" ? {} : { [REF_NAME]: ref }), [ITEM_TYPE]: type },
    },
  };
}

/** The image itself could be read: what is said about its signatures decides nothing. */
async function tolerated<T>(work: () => Promise<T[]>): Promise<T[]> {
  try {
    return await work();
  } catch (error) {
    if (
      error instanceof UserError && ["not-found", "credentials", "forbidden"].includes(error.code)
    ) {
      return [];
    }
    throw error;
  }
}
