import { UserError } from "../../errors.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media_types.ts";
import type { Registries } from "../../oci/registry/registries.ts";

/** A repository of a registry. */
export interface Place {
  host: string;
  repository: string;
}

/**
 * What lies in registries, by digest alone: where each blob is follows from the manifest that names
 * it, whose place is known when it is read.
 */
export class RemoteContent implements ContentSource {
  readonly #registries: Registries;
  readonly #places = new Map<Digest, Place>();
  /** Small, and read more than once: while planned, and while written. */
  readonly #manifests = new Map<Digest, Manifest>();

  constructor(registries: Registries) {
    this.#registries = registries;
  }

  /** Where a blob lies; null for one that no manifest has named. */
  placeOf(digest: Digest): Place | null {
    return this.#places.get(digest) ?? null;
  }

  /** Notes a manifest that was read, and with it where all that it names lies. */
  add(manifest: Manifest, place: Place): void {
    this.#manifests.set(manifest.descriptor.digest, manifest);
    this.#note(manifest.descriptor.digest, place);
    for (const { digest } of [...manifest.manifests, ...manifest.blobs]) this.#note(digest, place);
  }

  has({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#places.has(digest));
  }

  async open(descriptor: Descriptor, offset = 0): Promise<ReadableStream<Uint8Array>> {
    const { digest, mediaType } = descriptor;
    const place = this.#places.get(digest);
    if (place === undefined) {
      throw new UserError("not-found", `Cannot read ${digest}: no registry is known to have it`);
    }
    const registry = this.#registries.open(place.host);
    if (!isManifestType(mediaType)) {
      return await registry.source(place.repository).open(descriptor, offset);
    }
    const known = this.#manifests.get(digest);
    const manifest = known ?? await registry.getManifest(place.repository, digest);
    if (known === undefined) this.add(manifest, place);
    return ReadableStream.from([manifest.bytes.subarray(offset)]);
  }

  #note(digest: Digest, place: Place): void {
    if (!this.#places.has(digest)) this.#places.set(digest, place);
  }
}
