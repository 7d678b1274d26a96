import { type Plain, writeYaml } from "../../yaml/yaml_writer.ts";
import type {
  BundleDefinition,
  ChartEntry,
  Extras,
  FileEntry,
  ImageEntry,
  PackEntry,
  RawFileEntry,
} from "./bundle_definition.ts";
import { chartRef, packRef } from "./item_refs.ts";

export const API_VERSION = "content.palette.dev/v1";
export const KIND = "BundleDefinition";

type Mapping = { [key: string]: Plain };

/**
 * Writes a definition: lists in the order of their references, keys in one order, so that the same
 * content has the same bytes.
 */
export function formatDefinition(definition: BundleDefinition): string {
  return writeYaml(documentOf(definition));
}

/** The same as plain data, for JSON. */
export function documentOf(definition: BundleDefinition): Mapping {
  const { application, extras, signing } = definition;
  const hasApplication = Object.values(application).some((text) => text !== "") ||
    Object.keys(extras.application).length > 0;
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      name: definition.name,
      ...filled({ projectId: definition.projectId }),
      ...filled({ annotations: sorted(definition.annotations) }),
      ...sorted(extras.metadata),
    },
    ...(hasApplication ? { application: { ...application, ...sorted(extras.application) } } : {}),
    spec: {
      arch: [...definition.arch].sort(),
      fips: definition.isFips,
      profiles: ordered(definition.profiles, ({ uid }) => uid)
        .map(({ uid, name, version, type, extras }) => ({
          uid,
          ...filled({ name, version, type }),
          ...sorted(extras),
        })),
      images: ordered(definition.images, ({ image }) => image).map(imageDocument),
      charts: ordered(definition.charts, chartRef).map(chartDocument),
      packs: ordered(definition.packs, packRef).map(packDocument),
      rawFiles: ordered(definition.rawFiles, ({ path }) => path).map(rawFileDocument),
      ...fileDocument("clusterDefinition", definition.clusterDefinition),
      ...fileDocument("customUI", definition.customUi),
      ...(signing === null ? {} : {
        signing: {
          algorithm: signing.algorithm,
          keyId: signing.keyId,
          ...sorted(signing.extras),
        },
      }),
      ...sorted(extras.spec),
    },
    ...sorted(extras.root),
  };
}

function imageDocument({ image, source, digest, type, ...rest }: ImageEntry): Mapping {
  return {
    image,
    ...filled({ source, digest }),
    ...(type === "image" ? {} : { type }),
    ...common(rest),
  };
}

function chartDocument({ repo, name, version, digest, ...rest }: ChartEntry): Mapping {
  return { repo, name, version, ...filled({ digest }), ...common(rest) };
}

function packDocument(entry: PackEntry): Mapping {
  const { name, version, registryUid, source, path, digest, ...rest } = entry;
  return { name, version, ...filled({ registryUid, source, path, digest }), ...common(rest) };
}

function rawFileDocument({ path, digest, size, content, ...rest }: RawFileEntry): Mapping {
  return {
    path,
    ...filled({ digest }),
    ...(size === null ? {} : { size }),
    ...common(rest),
    ...(content === null ? {} : { content }),
  };
}

function fileDocument(key: string, entry: FileEntry | null): Mapping {
  if (entry === null) return {};
  const { file, digest, extras } = entry;
  return { [key]: { file, ...filled({ digest }), ...sorted(extras) } };
}

function common(
  { from, annotations, extras }: {
    from: string[];
    annotations: Record<string, string>;
    extras: Extras;
  },
): Mapping {
  return {
    ...filled({ from: [...new Set(from)].sort(), annotations: sorted(annotations) }),
    ...sorted(extras),
  };
}

/** What has something in it. */
function filled(mapping: { [key: string]: Plain }): Mapping {
  return Object.fromEntries(
    Object.entries(mapping).filter(([, value]) =>
      value !== "" && value !== null && (typeof value !== "object" || Object.keys(value).length > 0)
    ),
  );
}

/** By code units: the same on every machine. */
function sorted<T extends Plain>(mapping: Record<string, T>): Record<string, T> {
  return Object.fromEntries(ordered(Object.entries(mapping), ([key]) => key));
}

function ordered<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const keyed = items.map((item) => ({ item, key: keyOf(item) }));
  return keyed.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0).map(({ item }) => item);
}
