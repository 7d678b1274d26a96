import { UserError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import type { Registry } from "../../oci/registry/registry.ts";
import { isNotThere } from "../../oci/registry/registry_error.ts";
import { readVerified } from "../../oci/verified.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import {
  type Bundle,
  BUNDLE_ARCH,
  BUNDLE_NAME,
  BUNDLE_SCHEMA,
  type BundleItem,
  CONTAINERD_NAME,
  DEFINITION_REPOSITORY,
  DEFINITION_TYPE,
  type ItemType,
  SOURCE_REF,
} from "../bundle.ts";
import type { BundleDefinition } from "../definition/bundle_definition.ts";
import { chartRef, packRef, rawRef } from "../definition/item_refs.ts";
import { readDefinition } from "../definition/read_definition.ts";
import { destinationOf } from "../destination.ts";
import { listedItem } from "./artifacts.ts";
import { findAttached } from "./attached.ts";
import { inOrder } from "./item_order.ts";
import { below } from "./push_bundle.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import { inFlight } from "../../runtime/in_flight.ts";
import { RemoteContent } from "./remote_content.ts";

/** A bundle in a registry. */
export interface RemoteName {
  host: string;
  /** Path below the host; empty for none. */
  base: string;
  name: string;
}

export interface RemoteParts {
  registries: Registries;
  crypto: Crypto;
  jobs: number;
  /** What the definition names and the registry lacks is left out, for whoever looks for it. */
  skipsMissing?: boolean;
}

/** Its definition, and the text of it as it was pushed. */
export interface RemoteDefinition {
  definition: BundleDefinition;
  text: string;
  manifest: Manifest;
}

/** A bundle whose content stays where it is until it is read. */
export interface RemoteBundle extends Bundle {
  definition: BundleDefinition;
  source: RemoteContent;
}

/**
 * Reads the definition of a bundle in a registry.
 * @throws {UserError} `not-found`; `validation` for one of another program.
 */
export async function readRemoteDefinition(
  { host, base, name }: RemoteName,
  content: RemoteContent,
  { registries, crypto }: RemoteParts,
): Promise<RemoteDefinition> {
  const repository = below(base, DEFINITION_REPOSITORY);
  const place = `${host}/${repository}:${name}`;
  const manifest = await manifestAt(registries.open(host), repository, name);
  const layer = manifest.blobs[1];
  if (manifest.artifactType !== DEFINITION_TYPE || layer === undefined) {
    throw new UserError("validation", `Cannot read "${place}": another program wrote it`, {
      hint: "Copy its images one by one with another tool, or build the bundle anew",
    });
  }
  content.add(manifest, { host, repository });
  const bytes = await readVerified(content, layer, `the definition of ${place}`, { crypto });
  const text = new TextDecoder().decode(bytes);
  return { ...readDefinition(text, place), text, manifest };
}

async function manifestAt(registry: Registry, repository: string, name: string) {
  try {
    return await registry.getManifest(repository, name);
  } catch (error) {
    if (!isNotThere(error)) throw error;
    const place = `${registry.host}/${repository}`;
    throw new UserError("not-found", `Cannot find a bundle at ${place}:${name}`, {
      hint: `palette content list -r ${place.slice(0, -DEFINITION_REPOSITORY.length - 1)} ` +
        "tells what there is",
      cause: error,
    });
  }
}

/** Opens a bundle in a registry; nothing but manifests is read. */
export async function openRemoteBundle(
  remote: RemoteName,
  parts: RemoteParts,
): Promise<RemoteBundle> {
  const { host, base, name } = remote;
  const content = new RemoteContent(parts.registries);
  const { definition, manifest } = await readRemoteDefinition(remote, content, parts);
  const registry = parts.registries.open(host);
  const items: BundleItem[] = [
    listedItem(described(manifest), `${DEFINITION_REPOSITORY}:${definition.name}`, "bundle"),
    ...await findAttached(
      registry,
      { host, repository: below(base, DEFINITION_REPOSITORY) },
      manifest.descriptor.digest,
      content,
    ),
  ];
  await inFlight(wantedOf(definition), parts.jobs, async ({ ref, type, digest, annotations }) => {
    const destination = await destinationOf({ ref, type }, definition.name, parts.crypto);
    const repository = below(base, destination?.repository ?? "");
    const selector = digest ?? destination?.tag ?? "";
    const found = await registry.getManifest(repository, selector).catch((error) => {
      if (parts.skipsMissing === true && isNotThere(error)) return null;
      throw error;
    });
    if (found === null) return;
    content.add(found, { host, repository });
    items.push(listedItem(described(found), ref, type, annotations));
    for (const each of [found.descriptor, ...found.manifests]) {
      items.push(...await findAttached(registry, { host, repository }, each.digest, content));
    }
  });
  return {
    name: definition.name || name,
    place: `${host}/${below(base, DEFINITION_REPOSITORY)}:${name}`,
    definition,
    annotations: {
      [BUNDLE_NAME]: definition.name,
      [BUNDLE_SCHEMA]: "v1",
      [BUNDLE_ARCH]: definition.arch.length === 1 ? definition.arch[0] ?? "multi" : "multi",
    },
    items: inOrder(items),
    source: content,
    close: () => {},
  };
}

/** As the index of a bundle describes it; the type of a config says nothing that is not there. */
function described({ descriptor, artifactType, blobs: [config] }: Manifest): Descriptor {
  const isPlain = artifactType === "" || artifactType === config?.mediaType;
  return isPlain ? descriptor : { ...descriptor, artifactType };
}

interface WantedItem {
  ref: string;
  type: ItemType;
  digest: Digest | null;
  annotations: Record<string, string>;
}

/** What a definition lists, by the names that items have in bundles. */
export function wantedOf(definition: BundleDefinition): WantedItem[] {
  const { name, clusterDefinition, customUi } = definition;
  const file = (ref: string, type: ItemType, digest: Digest | null) => [
    { ref, type, digest, annotations: {} },
  ];
  return [
    ...definition.images.map(({ image, source, type, digest, annotations }) => ({
      ref: image,
      type,
      digest,
      annotations: {
        ...annotations,
        [CONTAINERD_NAME]: image,
        ...(source === "" ? {} : { [SOURCE_REF]: source }),
      },
    })),
    ...definition.charts.map((chart) => ({
      ...chart,
      ref: chartRef(chart),
      type: "chart" as const,
    })),
    ...definition.packs.map((pack) => ({ ...pack, ref: packRef(pack), type: "pack" as const })),
    ...definition.rawFiles.map((raw) => ({ ...raw, ref: rawRef(raw), type: "raw" as const })),
    ...(clusterDefinition === null ? [] : file(
      `cluster-definition/${clusterDefinition.file.replace(/\.tgz$/, "").toLowerCase()}:${name}`,
      "spc",
      clusterDefinition.digest,
    )),
    ...(customUi === null ? [] : file(`custom-ui:${name}`, "customui", customUi.digest)),
  ];
}
