import type { Digest } from "../../oci/digest.ts";
import type { Plain } from "../../yaml/yaml_writer.ts";

/** Processor architectures that Palette's hosts have. */
export const ARCHITECTURES = ["amd64", "arm64"] as const;

export type Architecture = typeof ARCHITECTURES[number];

/** Keys that this version does not know; they stay. */
export type Extras = Record<string, Plain>;

/** What every item of a definition has. */
interface Entry {
  /** Null until it has been looked up. */
  digest: Digest | null;
  /** Who asks for it: `profile:NAME pack:NAME`, `service:stylus`; sorted. */
  from: string[];
  /** Copied to the bundle's index, for `--annotation-selector`. */
  annotations: Record<string, string>;
  extras: Extras;
}

export interface ImageEntry extends Entry {
  /** Full reference: the image's name in the bundle and at its destination. */
  image: string;
  /** Fetched from here instead; empty for none. */
  source: string;
  type: "image" | "stylus";
}

export interface ChartEntry extends Entry {
  /** `https://...` or `oci://...`. */
  repo: string;
  name: string;
  version: string;
}

export interface PackEntry extends Entry {
  name: string;
  version: string;
  /** Palette's uid of the registry it comes from; empty for a local one. */
  registryUid: string;
  /** Reference of its archive in a registry; empty for none. */
  source: string;
  /** Folder or archive on this machine; never in a bundle's own definition. */
  path: string;
}

export interface RawFileEntry extends Entry {
  /** In the bundle: `manifests/x.yaml`. */
  path: string;
  /** Bytes; null until it is known. */
  size: number | null;
  /** The text itself, in a definition that no bundle holds yet. */
  content: string | null;
}

/** Where the content comes from; says nothing about what is fetched. */
export interface ProfileEntry {
  uid: string;
  name: string;
  version: string;
  /** `cluster`, `infra`, `add-on` or `system`. */
  type: string;
  extras: Extras;
}

/** A file that a bundle carries once. */
export interface FileEntry {
  file: string;
  digest: Digest | null;
  extras: Extras;
}

export interface SigningEntry {
  algorithm: string;
  /** Digest of the public key. */
  keyId: string;
  extras: Extras;
}

/** What a bundle is made of: `bundle-definition.yaml`. */
export interface BundleDefinition {
  /** Also its tag in registries. */
  name: string;
  projectId: string;
  annotations: Record<string, string>;
  application: { name: string; version: string; notes: string };
  /** Empty: images stay as they are published. */
  arch: Architecture[];
  isFips: boolean;
  profiles: ProfileEntry[];
  images: ImageEntry[];
  charts: ChartEntry[];
  packs: PackEntry[];
  rawFiles: RawFileEntry[];
  clusterDefinition: FileEntry | null;
  customUi: FileEntry | null;
  signing: SigningEntry | null;
  extras: { root: Extras; metadata: Extras; application: Extras; spec: Extras };
}

/** A definition with nothing in it. */
export function emptyDefinition(name: string, projectId = ""): BundleDefinition {
  return {
    name,
    projectId,
    annotations: {},
    application: { name: "", version: "", notes: "" },
    arch: [],
    isFips: false,
    profiles: [],
    ...emptyItems(),
    signing: null,
    extras: { root: {}, metadata: {}, application: {}, spec: {} },
  };
}

/** The part of a definition that lists what is in the bundle, with nothing listed. */
export function emptyItems(): Pick<
  BundleDefinition,
  "images" | "charts" | "packs" | "rawFiles" | "clusterDefinition" | "customUi"
> {
  return {
    images: [],
    charts: [],
    packs: [],
    rawFiles: [],
    clusterDefinition: null,
    customUi: null,
  };
}

/** What an item has until somebody says otherwise. */
export function emptyEntry(from: readonly string[] = []): Entry {
  return { digest: null, from: [...from], annotations: {}, extras: {} };
}

/** An image nobody has said more about; Palette's agent is known by its repository. */
export function imageEntry(image: string, from: readonly string[] = []): ImageEntry {
  return { image, source: "", type: typeOfImage(image), ...emptyEntry(from) };
}

/** The agent of Edge hosts has a type of its own. */
export function typeOfImage(image: string): ImageEntry["type"] {
  return /\/stylus([:@]|$)/.test(image) ? "stylus" : "image";
}
