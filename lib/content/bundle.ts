import type { ContentSource } from "../oci/content_source.ts";
import type { Descriptor } from "../oci/descriptor.ts";

/** What an item of a bundle is (annotation `io.image.ref.spectrocloud.type`). */
export const ITEM_TYPES = [
  "image",
  "stylus",
  "spc",
  "chart",
  "pack",
  "raw",
  "bundle",
  "customui",
  "signature",
  "sbom",
] as const;

export type ItemType = typeof ITEM_TYPES[number];

/** Keys of annotations in the index of a bundle. */
export const REF_NAME = "org.opencontainers.image.ref.name";
export const ITEM_TYPE = "io.image.ref.spectrocloud.type";
export const CONTAINERD_NAME = "io.containerd.image.name";
export const SOURCE_REF = "org.opencontainers.image.source.ref";
export const BUNDLE_NAME = "palette.bundle.name";
export const BUNDLE_SCHEMA = "palette.bundle.schema";
export const BUNDLE_ARCH = "palette.bundle.arch";
export const BUNDLE_REQUIRES = "palette.bundle.requires";

/** Of the manifest that holds a definition, and of its layer. */
export const DEFINITION_TYPE = "application/vnd.palette.bundle.definition.v1+yaml";
export const DEFINITION_FILE = "bundle-definition.yaml";
/** Repository of definitions below a registry's base path; the tag is the bundle's name. */
export const DEFINITION_REPOSITORY = "bundle-definition";
/** The title of a layer: its file name (OCI image spec, annotations.md). */
export const TITLE = "org.opencontainers.image.title";

/** One thing that a bundle lists at its top. */
export interface BundleItem {
  /** Full reference, or the form its type has; empty for signatures that only have a subject. */
  ref: string;
  type: ItemType;
  /** As it stands in the index, annotations with it. */
  descriptor: Descriptor;
}

/** A bundle, wherever it lies. */
export interface Bundle {
  /** As it says itself, never the name of a file. */
  name: string;
  /** Where it lies, for messages. */
  place: string;
  annotations: Record<string, string>;
  items: BundleItem[];
  /** Where its manifests and blobs are read from. */
  source: ContentSource;
  close(): void;
}

/** Names of all bundles in it, by their definitions: several can be copied into one layout. */
export function bundleNamesOf({ name, items }: Pick<Bundle, "name" | "items">): string[] {
  const names = items.filter(({ type }) => type === "bundle").map(({ ref }) =>
    /(?:^|\/)bundle-definition:([^/]+)$/.exec(ref)?.[1] ?? name
  );
  return names.length === 0 ? [name] : [...new Set(names)];
}

/** The items of an index's descriptors; one without a known type is an image. */
export function itemsOf(descriptors: readonly Descriptor[]): BundleItem[] {
  return descriptors.map((descriptor) => {
    const { annotations = {} } = descriptor;
    const ref = annotations[REF_NAME] ?? "";
    const type = ITEM_TYPES.find((known) => known === annotations[ITEM_TYPE]);
    return { ref, type: type ?? (ref === "" ? "signature" : "image"), descriptor };
  });
}
