/**
 * What is in a bundle as an SPDX document (SPDX 2.3, JSON): every item with its name, digest and
 * address, so that a site can tell what it was brought. What is inside an image is not looked into:
 * the SBOMs that its publisher attached say that, and travel with it.
 */

import { hexOf } from "../../oci/digest.ts";
import { parseReference } from "../../oci/reference.ts";
import { type BundleItem, ITEM_TYPE } from "../bundle.ts";
import type { MadeContent } from "./made_content.ts";

const SPDX_TYPE = "application/spdx+json";
const SPDX_FILE = "bundle.spdx.json";

/** What an item is for (SPDX 2.3, 7.24). */
const PURPOSES: Partial<Record<BundleItem["type"], string>> = {
  image: "CONTAINER",
  stylus: "CONTAINER",
  chart: "APPLICATION",
  pack: "ARCHIVE",
  raw: "FILE",
  spc: "ARCHIVE",
  customui: "ARCHIVE",
};

export interface SbomOptions {
  bundleName: string;
  /** The same content has the same document: the clock says nothing in it. */
  created: Date;
}

/**
 * Adds the document, attached to the definition of the bundle.
 * @param items Without signatures and the like.
 */
export async function addSbom(
  definition: BundleItem,
  items: readonly BundleItem[],
  options: SbomOptions,
  made: MadeContent,
): Promise<BundleItem> {
  const document = sbomOf(definition, items, options);
  const bytes = new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
  const layer = await made.addBytes(SPDX_TYPE, bytes, SPDX_FILE);
  const { mediaType, digest, size } = definition.descriptor;
  const artifact = await made.addArtifact({
    artifactType: SPDX_TYPE,
    layers: [layer],
    subject: { mediaType, digest, size },
  });
  return {
    ref: "",
    type: "sbom",
    descriptor: { ...artifact, annotations: { [ITEM_TYPE]: "sbom" } },
  };
}

function sbomOf(
  definition: BundleItem,
  items: readonly BundleItem[],
  { bundleName, created }: SbomOptions,
): Record<string, unknown> {
  const bundle = "SPDXRef-Bundle";
  const idOf = (index: number) => `SPDXRef-Item-${index + 1}`;
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: bundleName,
    // A name, no address: nothing is to be had there.
    documentNamespace: `urn:palette:bundle:${bundleName}:${hexOf(definition.descriptor.digest)}`,
    creationInfo: {
      created: created.toISOString().replace(/\.\d+Z$/, "Z"),
      creators: ["Tool: palette"],
    },
    packages: [
      packageOf(bundle, bundleName, definition),
      ...items.map((item, index) => packageOf(idOf(index), item.ref, item)),
    ],
    relationships: [
      related("SPDXRef-DOCUMENT", "DESCRIBES", bundle),
      ...items.map((_, index) => related(bundle, "CONTAINS", idOf(index))),
    ],
  };
}

function related(from: string, relationshipType: string, to: string) {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

function packageOf(id: string, name: string, item: BundleItem): Record<string, unknown> {
  const { type, descriptor: { digest } } = item;
  const purpose = PURPOSES[type];
  const isImage = purpose === "CONTAINER";
  return {
    SPDXID: id,
    name,
    ...versionOf(item),
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    ...(purpose === undefined ? {} : { primaryPackagePurpose: purpose }),
    checksums: [{ algorithm: "SHA256", checksumValue: hexOf(digest) }],
    ...(isImage
      ? {
        externalRefs: [{
          referenceCategory: "PACKAGE-MANAGER",
          referenceType: "purl",
          referenceLocator: purlOf(item),
        }],
      }
      : {}),
  };
}

function versionOf({ ref, type }: BundleItem): { versionInfo?: string } {
  const tag = type === "raw" || type === "bundle" ? undefined : /:([^/:@]+)(@.*)?$/.exec(ref)?.[1];
  return tag === undefined ? {} : { versionInfo: tag };
}

/** `pkg:oci/` of the package URL specification: the digest is its version. */
function purlOf({ ref, descriptor: { digest } }: BundleItem): string {
  const { host, repository, tag } = parseReference(ref);
  const name = repository.slice(repository.lastIndexOf("/") + 1).toLowerCase();
  const query = [
    ["repository_url", `${host}/${repository}`],
    ...(tag === undefined || tag === null ? [] : [["tag", tag]]),
  ].map(([key = "", value = ""]) => `${key}=${encodeURIComponent(value).replaceAll("%2F", "/")}`);
  return `pkg:oci/${encodeURIComponent(name)}@${encodeURIComponent(digest)}?${query.join("&")}`;
}
