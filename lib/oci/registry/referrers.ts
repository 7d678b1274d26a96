import type { Crypto } from "../../runtime/crypto.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, digestOf, hexOf } from "../digest.ts";
import { descriptorOf, type Manifest } from "../manifest.ts";
import { OCI_INDEX } from "../media_types.ts";
import { type Connection, notRegistry } from "./connection.ts";
import { pagesOf } from "./lists.ts";
import { getManifest, headManifest, putManifest } from "./manifests.ts";
import { RegistryError } from "./registry_error.ts";
import { repositoryScope } from "./scopes.ts";

/** A manifest that is found by its tag: a signature of cosign's first form. */
export interface TaggedDescriptor {
  tag: string;
  descriptor: Descriptor;
}

const COSIGN_SUFFIXES = ["sig", "att", "sbom"] as const;

/** Where a registry without the referrers API lists them (OCI distribution spec, "Referrers tag schema"). */
export function referrersTag(digest: Digest): string {
  return digest.replace(":", "-");
}

/**
 * What is attached to a manifest, by the API.
 * @returns Null when the registry does not have it.
 */
export async function askReferrers(
  connection: Connection,
  repository: string,
  digest: Digest,
): Promise<Descriptor[] | null> {
  const action = `list what is attached to ${connection.host}/${repository}@${digest}`;
  const found = new Map<string, Descriptor>();
  try {
    const pages = pagesOf(connection, {
      path: `/v2/${repository}/referrers/${digest}`,
      scopes: [repositoryScope(repository, "pull")],
      accept: OCI_INDEX,
      action,
    });
    for await (const page of pages) {
      const { manifests } = page;
      // A page for everything, with status 200, is no answer either.
      if (!Array.isArray(manifests)) return null;
      for (const item of manifests) {
        const descriptor = descriptorOf(item);
        if (descriptor === null) throw notRegistry(connection.host, action, "an entry is wrong");
        found.set(descriptor.digest, descriptor);
      }
    }
  } catch (error) {
    const status = error instanceof RegistryError ? error.status : null;
    if (status !== null && [400, 404, 405, 406, 501].includes(status)) return null;
    throw error;
  }
  return [...found.values()];
}

/** What is attached to a manifest, by the tag; empty when there is none. */
export async function readReferrersTag(
  connection: Connection,
  repository: string,
  digest: Digest,
  crypto: Crypto,
): Promise<Descriptor[]> {
  try {
    const selector = referrersTag(digest);
    return (await getManifest({ connection, repository, selector }, crypto)).manifests;
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return [];
    throw error;
  }
}

/** Adds a manifest to the list of what is attached to its subject, where the registry does not. */
export async function addToReferrersTag(
  connection: Connection,
  repository: string,
  { descriptor, artifactType, annotations, subject }: Manifest,
  crypto: Crypto,
): Promise<void> {
  if (subject === null) return;
  const before = await readReferrersTag(connection, repository, subject.digest, crypto);
  if (before.some(({ digest }) => digest === descriptor.digest)) return;
  const added = {
    ...descriptor,
    ...(artifactType === "" ? {} : { artifactType }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...before, added] };
  const bytes = new TextEncoder().encode(JSON.stringify(index));
  const selector = referrersTag(subject.digest);
  await putManifest({ connection, repository, selector }, {
    descriptor: {
      mediaType: OCI_INDEX,
      digest: await digestOf(bytes, crypto),
      size: bytes.length,
    },
    bytes,
  });
}

/** Signatures, attestations and SBOMs in cosign's first form. */
export async function findCosignTags(
  connection: Connection,
  repository: string,
  digest: Digest,
  crypto: Crypto,
): Promise<TaggedDescriptor[]> {
  const tags = COSIGN_SUFFIXES.map((suffix) => `sha256-${hexOf(digest)}.${suffix}`);
  const found = await Promise.all(tags.map(async (tag) => ({
    tag,
    descriptor: await headManifest({ connection, repository, selector: tag }, crypto),
  })));
  return found.filter((item): item is TaggedDescriptor => item.descriptor !== null);
}
