import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { ArchiveMember } from "../../lib/content/archive/write_archive.ts";
import {
  BUNDLE_ARCH,
  BUNDLE_NAME,
  BUNDLE_SCHEMA,
  ITEM_TYPE,
  REF_NAME,
} from "../../lib/content/bundle.ts";
import type { Descriptor } from "../../lib/oci/descriptor.ts";
import type { Digest } from "../../lib/oci/digest.ts";
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from "../../lib/oci/media_types.ts";
import { formatTarHeader, paddingOf } from "../../lib/content/archive/tar_header.ts";

export const DEFINITION_TYPE = "application/vnd.palette.bundle.definition.v1+yaml";

export const DEFINITION_YAML = `apiVersion: content.palette.dev/v1
kind: BundleDefinition
metadata:
  name: edge-site # kept
spec:
  arch: []
  images:
    - image: docker.io/library/nginx:1.27
    - image: us-docker.pkg.dev/p/both:v1
`;

/** A bundle of two images, one of them for two platforms, in memory. */
export interface SampleBundle {
  name: string;
  /** Members of its archive, in the order that they are written. */
  members: ArchiveMember[];
  /** Every blob, manifests too. */
  blobs: Map<Digest, Uint8Array<ArrayBuffer>>;
  /** What index.json lists. */
  items: Descriptor[];
  index: Uint8Array<ArrayBuffer>;
  /** The gzip layers. */
  layers: Descriptor[];
}

/** Bytes that do not compress; the same for one seed. */
export function noise(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A tar with one file. */
export function tarOf(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = formatTarHeader({ name, size: content.length, mtimeSeconds: 0 });
  const tar = new Uint8Array(header.length + content.length + paddingOf(content.length) + 1024);
  tar.set(header);
  tar.set(content, header.length);
  return tar;
}

/**
 * @param layerBytes Size of what is in each gzip layer, before it is packed.
 * @param plainBytes Size of a layer that is a plain tar.
 * @param tellsPlatforms Whether index.json says what the image for one platform is for, as ours
 * does; else only its config does, as with other programs.
 */
export function sampleBundle(
  { layerBytes = 400_000, plainBytes = 6_000_000, tellsPlatforms = true }: {
    layerBytes?: number;
    plainBytes?: number;
    tellsPlatforms?: boolean;
  } = {},
): SampleBundle {
  const blobs = new Map<Digest, Uint8Array<ArrayBuffer>>();
  const compressed = new Set<Digest>();
  const put = (bytes: Uint8Array<ArrayBuffer>, mediaType: string): Descriptor => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: unknown, mediaType: string) =>
    put(new TextEncoder().encode(JSON.stringify(value)), mediaType);
  const layers: Descriptor[] = [];
  const image = (architecture: string, seed: number, isPlain = false): Descriptor => {
    const tar = isPlain
      ? tarOf("text", new Uint8Array(plainBytes).map((_, at) => 97 + (at >> 6) % 23))
      : tarOf("noise", noise(layerBytes, seed));
    const suffix = isPlain ? "" : "+gzip";
    const layer = put(
      isPlain ? tar : new Uint8Array(gzipSync(tar)),
      `application/vnd.oci.image.layer.v1.tar${suffix}`,
    );
    if (!isPlain) {
      compressed.add(layer.digest);
      layers.push(layer);
    }
    const config = json({
      architecture,
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [sha256(tar)] },
    }, "application/vnd.oci.image.config.v1+json");
    return json(
      { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] },
      OCI_MANIFEST,
    );
  };
  const amd64 = { ...image("amd64", 1), platform: { os: "linux", architecture: "amd64" } };
  const arm64 = { ...image("arm64", 2), platform: { os: "linux", architecture: "arm64" } };
  const both = json(
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [amd64, arm64] },
    OCI_INDEX,
  );
  const nginx = {
    ...image("amd64", 3, true),
    ...(tellsPlatforms ? { platform: { os: "linux", architecture: "amd64" } } : {}),
  };
  const empty = json({}, OCI_EMPTY);
  const yaml = put(new TextEncoder().encode(DEFINITION_YAML), DEFINITION_TYPE);
  const definition = json({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: DEFINITION_TYPE,
    config: empty,
    layers: [{
      ...yaml,
      annotations: { "org.opencontainers.image.title": "bundle-definition.yaml" },
    }],
  }, OCI_MANIFEST);
  const named = (descriptor: Descriptor, ref: string, type: string): Descriptor => ({
    ...descriptor,
    annotations: { [REF_NAME]: ref, [ITEM_TYPE]: type },
  });
  const items = [
    named(definition, "bundle-definition:edge-site", "bundle"),
    named(nginx, "docker.io/library/nginx:1.27", "image"),
    named(both, "us-docker.pkg.dev/p/both:v1", "image"),
  ];
  const index = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: items,
    annotations: { [BUNDLE_NAME]: "edge-site", [BUNDLE_SCHEMA]: "v1", [BUNDLE_ARCH]: "multi" },
  }));
  const members = [
    memberOf("oci-layout", new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}')),
    memberOf("index.json", index),
    ...[...blobs].sort(([, a], [, b]) => a.length - b.length).map(([digest, bytes]) =>
      memberOf(`blobs/sha256/${digest.slice(7)}`, bytes, compressed.has(digest))
    ),
  ];
  return { name: "edge-site", members, blobs, items, index, layers };
}

/** A member that gives its bytes in pieces of odd lengths. */
export function memberOf(name: string, bytes: Uint8Array, isCompressed = false): ArchiveMember {
  return {
    name,
    size: bytes.length,
    isCompressed,
    async *open() {
      for (let at = 0; at < bytes.length; at += 99_991) {
        yield await Promise.resolve(bytes.subarray(at, at + 99_991));
      }
    },
  };
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Entries of an index, some 300 bytes each, that nothing is behind. */
export function manyImages(count: number): Descriptor[] {
  return Array.from({ length: count }, (_, at) => ({
    mediaType: OCI_MANIFEST,
    digest: `sha256:${String(at).padStart(64, "0")}` as Digest,
    size: 1000,
    annotations: {
      [ITEM_TYPE]: "image",
      [REF_NAME]: `registry.example.com/team/project/component-${at}:v1.2.3-build.${at}`,
    },
  }));
}
