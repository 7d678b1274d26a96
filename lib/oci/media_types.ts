/** Media types of manifests (OCI image spec, media-types.md; Docker image manifest V2, schema 2). */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** The empty config of artifacts (OCI image spec 1.1, manifest.md). */
export const OCI_EMPTY = "application/vnd.oci.empty.v1+json";

/** What a client asks for: everything above. */
export const MANIFEST_TYPES: readonly string[] = [
  OCI_INDEX,
  DOCKER_LIST,
  OCI_MANIFEST,
  DOCKER_MANIFEST,
];

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST;
}

export function isManifestType(mediaType: string): boolean {
  return MANIFEST_TYPES.includes(mediaType);
}

/** Configs of images say what they are for (OCI image spec, config.md; Docker's is the same). */
export function isImageConfigType(mediaType: string): boolean {
  return /^application\/vnd\.(oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/.test(
    mediaType,
  );
}
