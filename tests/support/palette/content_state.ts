/** What the stand-in knows of the things that content bundles are made of. */

import { gzipSync } from "node:zlib";

export interface PaletteContent {
  clusterProfiles: PaletteClusterProfile[];
  /** By uid of a project, by uid of the tenant, and `all` for what everybody sees. */
  macros: Map<string, { name: string; value: string }[]>;
  services: Map<string, PaletteService>;
  contentRegistries: PaletteRegistryState[];
  /** `HOST::PLACE` separated by commas; empty for none. */
  imageMirrors: string;
  /** What a cluster definition is; null makes one of the profiles. */
  clusterDefinition: Uint8Array<ArrayBuffer> | null;
}

/** One version of a cluster profile. */
export interface PaletteClusterProfile {
  uid: string;
  name: string;
  version: string;
  type: string;
  cloudType: string;
  projectUid: string;
  isPublished: boolean;
  packs: PaletteProfilePack[];
  variables: { name: string; defaultValue?: string; isSensitive?: boolean }[];
}

export interface PaletteProfilePack {
  name: string;
  displayName: string;
  version: string;
  layer: string;
  type: string;
  registryUid: string;
  values: string;
  templateManifest: string;
  manifests: { name: string; content: string }[];
}

export interface PaletteService {
  version: string;
  /** Texts by action. */
  manifests: Partial<Record<"apply" | "delete" | "resources", string[]>>;
}

export interface PaletteRegistryState {
  uid: string;
  kind: "helm" | "pack" | "basic" | "ecr";
  endpoint: string;
  basePath?: string;
  auth?: { type: string; username?: string; password?: string };
}

/** One of each. */
export function contentState(): PaletteContent {
  return {
    clusterProfiles: [
      {
        ...clusterProfile("edge-infra", { type: "infra" }),
        uid: "665669ba4583891d109fe6c0",
        packs: [profilePack("edge-k3s", { layer: "k8s", version: "1.30.4" })],
        variables: [{ name: "host", defaultValue: "a.example.com", isSensitive: false }],
      },
      {
        ...clusterProfile("web"),
        uid: "665669ba4583891d109fe6c1",
        isPublished: false,
        packs: [profilePack("web", {
          type: "manifest",
          manifests: [{ name: "web", content: "kind: Namespace" }],
        })],
      },
    ],
    macros: new Map([["all", [{ name: "a", value: "b" }]]]),
    services: new Map([["stylus", { version: "4.6.1", manifests: { resources: ["a: b"] } }]]),
    contentRegistries: (["helm", "pack", "basic", "ecr"] as const).map((kind, at) => ({
      uid: `r${at}`,
      kind,
      endpoint: `https://r${at}.example.com`,
      basePath: "base",
    })),
    imageMirrors: "docker.io::images.example.com/v2/mirror",
    clusterDefinition: null,
  };
}

/** A published add-on profile of the development project. */
export function clusterProfile(
  name: string,
  given: Partial<PaletteClusterProfile> = {},
): PaletteClusterProfile {
  return {
    uid: `uid-of-${name}`,
    name,
    version: "1.0.0",
    type: "add-on",
    cloudType: "edge-native",
    projectUid: "6342eab2faa0813ead9082e1",
    isPublished: true,
    packs: [],
    variables: [],
    ...given,
  };
}

/** A layer of a profile as most are. */
export function profilePack(
  name: string,
  given: Partial<PaletteProfilePack> = {},
): PaletteProfilePack {
  return {
    name,
    displayName: name,
    version: "1.0.0",
    layer: "addon",
    type: "spectro",
    registryUid: "645669ba4583891d109fe6a0",
    values: "",
    templateManifest: "",
    manifests: [],
    ...given,
  };
}

/** An archive with the one entry that a cluster definition must have. */
export function definitionArchive(text: string): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(text);
  const tar = new Uint8Array(512 * (Math.ceil(body.length / 512) + 3));
  const header = tar.subarray(0, 512);
  const put = (offset: number, field: string) =>
    header.set(new TextEncoder().encode(field), offset);
  put(0, "spc/profiles.json");
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${body.length.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\u000000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  tar.set(body, 512);
  return new Uint8Array(gzipSync(tar));
}
