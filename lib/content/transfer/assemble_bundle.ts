import { UserError } from "../../errors.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseReference, selectorOf } from "../../oci/reference.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import {
  type Bundle,
  BUNDLE_ARCH,
  BUNDLE_NAME,
  BUNDLE_SCHEMA,
  type BundleItem,
} from "../bundle.ts";
import type {
  BundleDefinition,
  ChartEntry,
  PackEntry,
  RawFileEntry,
} from "../definition/bundle_definition.ts";
import { chartRef, packRef, rawRef } from "../definition/item_refs.ts";
import {
  addClusterDefinition,
  addCustomUi,
  addDefinition,
  addPack,
  addRawFile,
  type CarriedFile,
  listedItem,
} from "./artifacts.ts";
import { addSbom } from "./bundle_sbom.ts";
import { inOrder } from "./item_order.ts";
import { joinContent } from "./joined_content.ts";
import type { KnownItems } from "./known_items.ts";
import { MadeContent } from "./made_content.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import { inFlight } from "../../runtime/in_flight.ts";
import { isHiddenImage } from "../signing/check_bundle_images.ts";
import type { VerificationKey } from "../signing/verification_key.ts";
import { type Place, RemoteContent } from "./remote_content.ts";
import { allFailures, resolveImage } from "./resolve_image.ts";
import { isAttached } from "./select_items.ts";

export interface AssembleParts {
  registries: Registries;
  crypto: Crypto;
  jobs: number;
  /** Fetches a chart of an HTTP repository into what is made here. */
  fetchChart: (chart: ChartEntry, made: MadeContent) => Promise<BundleItem>;
  onWarning: (text: string) => void;
  /** Asked instead of registries and chart repositories, which hear nothing of it then. */
  known?: KnownItems | null;
}

export interface AssembleOptions {
  /** Null keeps images as they are published. */
  architecture: string | null;
  /** An image without the architecture is left out instead of an error. */
  skipsMissingArchitecture: boolean;
  /** One of them has to have signed each image; none: nothing is checked. */
  imageKeys?: readonly VerificationKey[];
  /** Archives of packs on this machine, by reference. */
  packArchives: ReadonlyMap<string, CarriedFile>;
  clusterDefinition: CarriedFile | null;
  customUi: CarriedFile | null;
  /** When its SBOM is said to be made; null for a bundle without one. */
  sbomCreated?: Date | null;
}

export interface AssembledBundle extends Bundle {
  /** With the digests of what was found. */
  definition: BundleDefinition;
  /** The same with texts and paths of what is made here: enough to build it again. */
  locked: BundleDefinition;
  /** Images that have nothing for the architecture. */
  leftOut: string[];
  /** The part of it that is made here, and comes from no registry. */
  made: ContentSource;
  /** Where a blob of the rest lies; null for one of no registry. */
  placeOf: (digest: Digest) => Place | null;
}

/**
 * Finds everything that a definition asks for, before the first blob moves: what is missing or may
 * not be read is told all at once.
 * @throws {UserError}
 */
export async function assembleBundle(
  definition: BundleDefinition,
  options: AssembleOptions,
  parts: AssembleParts,
): Promise<AssembledBundle> {
  const { registries, crypto, known = null } = parts;
  const made = new MadeContent(crypto);
  const remote = new RemoteContent(registries);
  const source = joinContent([made, known?.source ?? remote]);
  const items: BundleItem[] = [];
  const failures: { name: string; from: readonly string[]; error: UserError }[] = [];
  const attempt = async (name: string, from: readonly string[], work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push({ name, from, error });
    }
  };
  const refuseImage = async (item: BundleItem) => {
    if ((options.imageKeys ?? []).length === 0 || !await isHiddenImage(item, { source, crypto })) {
      return;
    }
    throw new UserError(
      "integrity",
      `it is an image, not a ${item.type}, and its signature would not be checked`,
      { hint: "Name it in pack.content.images, or leave --verify-images out" },
    );
  };
  const filled = structuredClone(definition);
  const withoutArchitecture: string[] = [];
  await inFlight(
    filled.images,
    parts.jobs,
    (entry) =>
      attempt(entry.image, entry.from, async () => {
        const { architecture, imageKeys: keys = [] } = options;
        const found = known === null
          ? await resolveImage(entry, { registries, content: remote, crypto, architecture, keys })
          : await known.findImage(entry, { architecture, keys });
        if (found === null) return void withoutArchitecture.push(entry.image);
        if (found.lostSignatures) {
          parts.onWarning(`${entry.image} has a signature that is of all architectures together`);
        }
        entry.digest = found.item.descriptor.digest;
        items.push(found.item, ...found.attached);
      }),
  );
  filled.images = filled.images.filter(({ image }) => !withoutArchitecture.includes(image));
  if (withoutArchitecture.length > 0) {
    reportMissing(withoutArchitecture.sort(), options, parts);
  }
  await inFlight(
    filled.charts,
    parts.jobs,
    (chart) =>
      attempt(chartRef(chart), chart.from, async () => {
        const { ref, descriptor } = known !== null
          ? known.findItem(chartRef(chart), chart.digest)
          : /^oci:/i.test(chart.repo)
          ? await fromRegistry(chartRef(chart), "chart", chart, remote, parts)
          : await parts.fetchChart(chart, made);
        pin(chart, descriptor);
        const item = listedItem(descriptor, ref, "chart", chart.annotations);
        await refuseImage(item);
        items.push(item);
      }),
  );
  await inFlight(filled.packs, parts.jobs, (pack) =>
    attempt(packRef(pack), pack.from, async () => {
      const item = await packItem(pack, options, { made, remote, parts });
      pin(pack, item.descriptor);
      await refuseImage({ ...item, type: "pack" });
      items.push(item);
    }));
  for (const raw of filled.rawFiles) {
    await attempt(raw.path, raw.from, async () => items.push(await rawItem(raw, made, known)));
  }
  if (failures.length > 0) {
    throw allFailures(failures.sort((a, b) => a.name < b.name ? -1 : 1));
  }
  const { name } = filled;
  if (options.clusterDefinition !== null) {
    const item = await addClusterDefinition(options.clusterDefinition, name, made);
    const { fileName } = options.clusterDefinition;
    filled.clusterDefinition = { file: fileName, digest: item.descriptor.digest, extras: {} };
    items.push(item);
  }
  if (options.customUi !== null) {
    const item = await addCustomUi(options.customUi, name, made);
    const { fileName } = options.customUi;
    filled.customUi = { file: fileName, digest: item.descriptor.digest, extras: {} };
    items.push(item);
  }
  const locked = structuredClone(filled);
  // What is in the bundle need not lie on this machine any more.
  for (const pack of filled.packs) pack.path = "";
  for (const raw of filled.rawFiles) raw.content = null;
  const head = await addDefinition(filled, made);
  if (options.sbomCreated instanceof Date) {
    const listed = inOrder(items).filter((item) => !isAttached(item));
    const sbom = { bundleName: name, created: options.sbomCreated };
    items.push(await addSbom(head, listed, sbom, made));
  }
  return {
    name,
    place: name,
    definition: filled,
    annotations: {
      [BUNDLE_NAME]: name,
      [BUNDLE_SCHEMA]: "v1",
      [BUNDLE_ARCH]: options.architecture ?? "multi",
    },
    items: inOrder([head, ...items]),
    source,
    locked,
    leftOut: withoutArchitecture,
    made,
    placeOf: (digest) => remote.placeOf(digest),
    close: () => {},
  };
}

function reportMissing(
  images: readonly string[],
  { architecture, skipsMissingArchitecture }: AssembleOptions,
  { onWarning }: AssembleParts,
): void {
  const text = `nothing for ${architecture} in ${images.join(", ")}`;
  if (skipsMissingArchitecture) return onWarning(`${text}: left out`);
  throw new UserError("not-found", `Cannot build: ${text}`, {
    hint: "Leave --arch out, or pass --skip-missing-arch to leave these out",
  });
}

async function packItem(
  pack: PackEntry,
  { packArchives }: AssembleOptions,
  { made, remote, parts }: { made: MadeContent; remote: RemoteContent; parts: AssembleParts },
): Promise<BundleItem> {
  const ref = packRef(pack);
  const archive = packArchives.get(ref);
  if (archive !== undefined) return await addPack(archive, ref, pack.annotations, made);
  const { known = null } = parts;
  if (known !== null) return known.findItem(ref, pack.digest);
  if (pack.source === "") {
    throw new UserError("not-found", `the registry of pack ${pack.name} is not known`);
  }
  return await fromRegistry(pack.source, "pack", { ...pack, ref }, remote, parts);
}

/**
 * Notes the digest of an item.
 * @throws {UserError} `integrity` when the definition has another.
 */
function pin(entry: { digest: Digest | null }, { digest }: Descriptor): void {
  if (entry.digest !== null && entry.digest !== digest) {
    throw new UserError("integrity", `it is ${digest} now, not ${entry.digest}`, {
      hint: "Take the digest out of the definition to build with what is there now",
    });
  }
  entry.digest = digest;
}

/** The text of a file, as an item. */
async function rawItem(
  raw: RawFileEntry,
  made: MadeContent,
  known: KnownItems | null,
): Promise<BundleItem> {
  const { path, content, annotations } = raw;
  if (content === null) {
    if (known !== null) {
      const item = known.findItem(rawRef(raw), raw.digest);
      pin(raw, item.descriptor);
      return item;
    }
    throw new UserError("validation", "the definition does not hold its content");
  }
  const item = await addRawFile({ path, content }, rawRef(raw), annotations, made);
  pin(raw, item.descriptor);
  raw.size = new TextEncoder().encode(content).length;
  return item;
}

/** What lies in a registry as an artifact already. */
async function fromRegistry(
  source: string,
  type: "chart" | "pack",
  { ref = source, digest, annotations }: {
    ref?: string;
    digest: Digest | null;
    annotations: Record<string, string>;
  },
  remote: RemoteContent,
  { registries }: AssembleParts,
): Promise<BundleItem> {
  const reference = parseReference(source);
  const { host, repository } = reference;
  const manifest = await registries.open(host).getManifest(
    repository,
    digest ?? selectorOf(reference),
  );
  remote.add(manifest, { host, repository });
  return listedItem(manifest.descriptor, ref, type, annotations);
}
