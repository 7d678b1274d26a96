/** Shapes of what a bundle holds besides images (our own where there is no standard). */

import type { Descriptor } from "../../oci/descriptor.ts";
import {
  type BundleItem,
  DEFINITION_FILE,
  DEFINITION_REPOSITORY,
  DEFINITION_TYPE,
  ITEM_TYPE,
  type ItemType,
  REF_NAME,
} from "../bundle.ts";
import type { BundleDefinition } from "../definition/bundle_definition.ts";
import { formatDefinition } from "../definition/format_definition.ts";
import type { MadeContent, OpenStream } from "./made_content.ts";

const CLUSTER_DEFINITION_TYPE = "application/vnd.palette.cluster-definition.v1.tar+gzip";
const CUSTOM_UI_TYPE = "application/vnd.palette.customui.v1.tar";
const RAW_TYPE = "application/vnd.palette.raw.v1";
/** As ORAS 1.0 writes packs, which Palette's documentation asks for. */
const PACK_CONFIG = "application/vnd.unknown.config.v1+json";
const PACK_LAYER = "application/vnd.oci.image.layer.v1.tar";
/** Helm's own (helm.sh, "Use OCI-based registries"). */
const CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json";
const CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/** An item of a bundle's index. */
export function listedItem(
  descriptor: Descriptor,
  ref: string,
  type: ItemType,
  annotations: Record<string, string> = {},
): BundleItem {
  return {
    ref,
    type,
    descriptor: {
      ...descriptor,
      annotations: { ...annotations, [REF_NAME]: ref, [ITEM_TYPE]: type },
    },
  };
}

export async function addDefinition(
  definition: BundleDefinition,
  made: MadeContent,
): Promise<BundleItem> {
  const bytes = new TextEncoder().encode(formatDefinition(definition));
  const layer = await made.addBytes(DEFINITION_TYPE, bytes, DEFINITION_FILE);
  const artifact = await made.addArtifact({ artifactType: DEFINITION_TYPE, layers: [layer] });
  return listedItem(artifact, `${DEFINITION_REPOSITORY}:${definition.name}`, "bundle");
}

/** A file whose name stands in the definition. */
export interface CarriedFile {
  fileName: string;
  open: OpenStream;
}

export async function addPack(
  { fileName, open }: CarriedFile,
  ref: string,
  annotations: Record<string, string>,
  made: MadeContent,
): Promise<BundleItem> {
  const config = await made.addBytes(PACK_CONFIG, new TextEncoder().encode("{}"));
  const layer = await made.addStream(PACK_LAYER, open, fileName);
  const artifact = await made.addArtifact({ artifactType: "", config, layers: [layer] });
  return listedItem(artifact, ref, "pack", annotations);
}

/** @param chartYaml `Chart.yaml` as JSON. */
export async function addChart(
  { fileName, open }: CarriedFile,
  chartYaml: string,
  ref: string,
  made: MadeContent,
): Promise<BundleItem> {
  const config = await made.addBytes(CHART_CONFIG, new TextEncoder().encode(chartYaml));
  const layer = await made.addStream(CHART_LAYER, open, fileName);
  const artifact = await made.addArtifact({ artifactType: "", config, layers: [layer] });
  return listedItem(artifact, ref, "chart");
}

export async function addRawFile(
  { path, content }: { path: string; content: string },
  ref: string,
  annotations: Record<string, string>,
  made: MadeContent,
): Promise<BundleItem> {
  const bytes = new TextEncoder().encode(content);
  const layer = await made.addBytes("application/octet-stream", bytes, path);
  const artifact = await made.addArtifact({ artifactType: RAW_TYPE, layers: [layer] });
  return listedItem(artifact, ref, "raw", annotations);
}

export async function addClusterDefinition(
  { fileName, open }: CarriedFile,
  bundleName: string,
  made: MadeContent,
): Promise<BundleItem> {
  const layer = await made.addStream(CLUSTER_DEFINITION_TYPE, open, fileName);
  const artifact = await made.addArtifact({
    artifactType: CLUSTER_DEFINITION_TYPE,
    layers: [layer],
  });
  const name = fileName.replace(/\.tgz$/, "").toLowerCase();
  return listedItem(artifact, `cluster-definition/${name}:${bundleName}`, "spc");
}

export async function addCustomUi(
  { fileName, open }: CarriedFile,
  bundleName: string,
  made: MadeContent,
): Promise<BundleItem> {
  const layer = await made.addStream(CUSTOM_UI_TYPE, open, fileName);
  const artifact = await made.addArtifact({ artifactType: CUSTOM_UI_TYPE, layers: [layer] });
  return listedItem(artifact, `custom-ui:${bundleName}`, "customui");
}
