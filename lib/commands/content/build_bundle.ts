import { UserError } from "../../errors.ts";
import { BUNDLE_REQUIRES } from "../../content/bundle.ts";
import { formatDefinition } from "../../content/definition/format_definition.ts";
import { definitionFileName } from "../../content/profiles/cluster_definition.ts";
import { signatureFileOf } from "../../content/signing/signature_file.ts";
import type { VerificationKey } from "../../content/signing/verification_key.ts";
import { assembleBundle, type AssembledBundle } from "../../content/transfer/assemble_bundle.ts";
import {
  type Inventory,
  type NeededBlob,
  sumOfBlobs,
  takeInventory,
} from "../../content/transfer/inventory.ts";
import { joinContent } from "../../content/transfer/joined_content.ts";
import { KnownItems } from "../../content/transfer/known_items.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import { requireIndexFits } from "../../oci/layout.ts";
import { parseReference, selectorOf } from "../../oci/reference.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import { formatBytes } from "../../output/bytes.ts";
import { formatSummary } from "../../output/summary.ts";
import { joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import type { ProjectPalette } from "../palette_client.ts";
import { sourceDateSeconds, withFolderOf, writeBundleFile } from "./archive_bundle.ts";
import { archOf } from "./arch.ts";
import type { BuildOptions } from "./build_options.ts";
import {
  carriedBytes,
  customUiFile,
  fetchClusterDefinition,
  type FetchedDefinition,
  requireCarried,
} from "./carried_files.ts";
import { fetchBlobs } from "./fetch_blobs.ts";
import { gatherContent, type GatheredContent, paletteFor } from "./gather.ts";
import { readImageKeys } from "./image_keys.ts";
import { knownRegistryLogins } from "./known_registries.ts";
import { findReused, KnownBundles, makeThin, type Reused } from "./known_bundles.ts";
import { LOCK_FILE, refuseOtherLock } from "./lock_file.ts";
import { localPathOf } from "./open_local_bundle.ts";
import { type ContentClients, openRegistries } from "./open_registries.ts";
import { bundleFolder, definitionFolder, writeOutput } from "./output_folder.ts";
import { recordsOf } from "./push.ts";
import { pushBuilt, pushPlaceOf } from "./push_built.ts";
import { documentOfPush, type FinishedPush, formatPush } from "./push_summary.ts";
import { requireBlobs } from "./require_blobs.ts";
import { type BundleSigning, openSigning, signOutput } from "./sign_output.ts";

/** A cluster definition may hold secrets of its profiles. */
const PRIVATE = 0o600;
const PUBLIC = 0o644;

/** What a build came to. */
interface BuiltBundle {
  name: string;
  /** Null for a dry run. */
  path: string | null;
  files: string[];
  /** The file of `--lock`. */
  lock: string | null;
  size: number;
  /** Of the archive as a whole; null for a dry run, and when no document shows it. */
  digest: string | null;
  /** Images that have nothing for the architecture. */
  leftOut: string[];
  items: number;
  blobs: number;
  blobBytes: number;
  reused: Reused;
  signatures: string[];
  /** Null for a build that is not pushed. */
  push: FinishedPush | null;
  /** Everything in it, from what is nearest. */
  source: ContentSource;
}

/** Builds an archive: finds everything first, then fetches what this machine lacks, then writes. */
export async function buildBundle(options: BuildOptions, context: CommandContext): Promise<void> {
  const signing = await openSigning(options.privateKey, context);
  const imageKeys = await readImageKeys(options.verifyImages, context);
  await using known = await KnownBundles.open(options.existingBundles, context);
  await using older = await KnownBundles.open(
    options.thinAgainst === undefined ? [] : [options.thinAgainst],
    context,
  );
  const { transfer } = options;
  let palette: ProjectPalette | null = null;
  const clients = await openRegistries(transfer, context, {
    records: recordsOf(context),
    last: [knownRegistryLogins(() => palette?.palette ?? null)],
  });
  try {
    const place = pushPlaceOf(options, clients);
    const exists = (image: string) => imageExists(image, clients);
    palette = await paletteFor(options, context);
    const gathered = await gatherContent(
      options,
      palette,
      context,
      options.offline ? null : exists,
    );
    if (options.lock) {
      await refuseOtherLock(
        bundleFolder(options.output, context),
        gathered.definition.name,
        context,
      );
    }
    const clusterDefinition = await fetchClusterDefinition(options, palette);
    const bundle = await assemble(
      options,
      {
        gathered,
        clusterDefinition,
        clients,
        signing,
        imageKeys,
        known: options.offline ? new KnownItems(known.bundles, context.runtime.crypto) : null,
      },
      context,
    );
    const inventory = await takeInventory(bundle.items, bundle.source, context.runtime.crypto);
    refuseOwnBase(options, bundle.name, context);
    if (signing !== null) refuseOneSignatureFile(options, bundle.name, context);
    for (const each of older.bundles) {
      bundle.annotations[BUNDLE_REQUIRES] = await makeThin(inventory, each);
    }
    if (options.buildType === "local") {
      requireIndexFits(bundle.items.map(({ descriptor }) => descriptor), bundle.annotations);
    }
    const remote: NeededBlob[] = [];
    for (const needed of inventory.blobs.values()) {
      if (!await bundle.made.has(needed.descriptor)) remote.push(needed);
    }
    const sources = known.bundles.map(({ source }) => source);
    const reused = await findReused(inventory, remote, sources);
    if (options.offline) await requireBlobs(remote, reused, transfer, context);
    const plan = { bundle, inventory, remote, reused, sources, clusterDefinition, signing };
    const isArchived = options.buildType === "local" && !transfer.dryRun;
    const built = isArchived
      ? await withFolderOf(
        archivePath(options, bundle.name, context),
        context.runtime.files,
        () => write(options, plan, context),
      )
      : planned(plan);
    if (place !== null) {
      const { source } = built;
      built.push = await pushBuilt(bundle, place, options, { source, signing, context });
      if (!isArchived && !transfer.dryRun) await writeLock(options, bundle, built, context);
    }
    await show(
      built,
      { isRemote: options.buildType === "remote", hasExisting: sources.length > 0 },
      context,
    );
  } finally {
    clients.close();
  }
}

/** A thin bundle in place of the one that it needs would have lost it. */
function refuseOwnBase(options: BuildOptions, name: string, context: CommandContext): void {
  const { thinAgainst } = options;
  if (thinAgainst === undefined) return;
  if (localPathOf(thinAgainst, context.runtime) !== archivePath(options, name, context)) return;
  throw new UserError("usage", `"${thinAgainst}" of --thin-against would be overwritten`, {
    hint: "Give the new bundle another --name or --output",
  });
}

/** `b.tar` and `b.tgz` would have the same signature file. */
function refuseOneSignatureFile(
  options: BuildOptions,
  name: string,
  context: CommandContext,
): void {
  const { clusterDefinition, output } = options;
  if (clusterDefinition.name === undefined) return;
  const file = definitionFileName(clusterDefinition.name);
  const definition = joinPath(definitionFolder(output, context), file);
  const bundle = archivePath(options, name, context);
  if (signatureFileOf(definition) !== signatureFileOf(bundle)) return;
  throw new UserError("usage", `${name}.tar and ${file} would have the same signature file`, {
    hint: "Give one of them another name, or leave --compression-level out",
  });
}

function archivePath(
  { compressionLevel, output }: BuildOptions,
  name: string,
  context: CommandContext,
): string {
  const file = `${name}.tar${compressionLevel === 0 ? "" : ".zst"}`;
  return joinPath(bundleFolder(output, context), file);
}

async function imageExists(image: string, registries: Registries): Promise<boolean> {
  const reference = parseReference(image);
  const { host, repository } = reference;
  return await registries.open(host).headManifest(repository, selectorOf(reference)) !== null;
}

async function assemble(
  options: BuildOptions,
  { gathered, clusterDefinition, clients, signing, imageKeys, known }: {
    gathered: GatheredContent;
    clusterDefinition: FetchedDefinition | null;
    clients: ContentClients;
    signing: BundleSigning | null;
    imageKeys: readonly VerificationKey[];
    known: KnownItems | null;
  },
  context: CommandContext,
): Promise<AssembledBundle> {
  const { printer, runtime: { crypto, env } } = context;
  const { definition, packs } = gathered;
  const carried = {
    clusterDefinition: clusterDefinition === null ? null : carriedBytes(clusterDefinition),
    customUi: customUiFile(options, context),
  };
  requireCarried(gathered, carried);
  definition.signing = signing === null ? null : { ...signing.entry, extras: {} };
  return await assembleBundle(definition, {
    ...carried,
    architecture: archOf(options.transfer.arch) ??
      (definition.arch.length === 1 ? definition.arch[0] ?? null : null),
    skipsMissingArchitecture: options.skipMissingArch,
    imageKeys,
    sbomCreated: options.sbom === "generate" ? new Date(sourceDateSeconds(env) * 1000) : null,
    packArchives: new Map([...packs].map(([ref, { archive }]) => [ref, archive])),
  }, {
    registries: clients,
    crypto,
    jobs: options.transfer.jobs,
    fetchChart: (chart, made) => clients.charts.download(chart, made),
    onWarning: (text) => printer.warn(text),
    known,
  });
}

interface Plan {
  bundle: AssembledBundle;
  inventory: Inventory;
  /** Blobs that are not made here. */
  remote: NeededBlob[];
  reused: Reused;
  /** Of existing bundles. */
  sources: ContentSource[];
  clusterDefinition: FetchedDefinition | null;
  signing: BundleSigning | null;
}

function planned({ bundle, inventory, reused, sources }: Plan): BuiltBundle {
  return {
    name: bundle.name,
    path: null,
    files: [],
    lock: null,
    size: 0,
    digest: null,
    leftOut: bundle.leftOut,
    items: bundle.items.length,
    blobs: inventory.blobs.size,
    blobBytes: sumOfBlobs(inventory.blobs.values()),
    reused,
    signatures: [],
    push: null,
    source: joinContent([bundle.made, ...sources, bundle.source]),
  };
}

async function write(
  options: BuildOptions,
  plan: Plan,
  context: CommandContext,
): Promise<BuiltBundle> {
  const { bundle, inventory, remote, reused, sources, signing } = plan;
  const { compressionLevel: level, transfer, splitSizeBytes: splitBytes } = options;
  const folder = bundleFolder(options.output, context);
  const path = archivePath(options, bundle.name, context);
  const fetched = remote.filter(({ descriptor }) => !reused.digests.has(descriptor.digest));
  const space = { folder, bytes: sumOfBlobs(inventory.blobs.values()) };
  const wanted = { transfer, space, keepsGoing: options.keepGoing };
  const near = await fetchBlobs(bundle.source, fetched, wanted, context);
  const source = joinContent([bundle.made, ...sources, near]);
  const content = { items: bundle.items, annotations: bundle.annotations, inventory, source };
  const target = { path, level, transfer, splitBytes };
  const archive = await writeBundleFile(content, target, context);
  const built: BuiltBundle = {
    ...planned(plan),
    // The list of split parts stands for all of them.
    path: archive.paths.find((each) => each.endsWith(".parts.json")) ?? path,
    files: [...archive.paths],
    size: archive.size,
    digest: archive.digest,
    source,
  };
  if (signing !== null) built.signatures.push(...await signOutput(path, signing, context));
  await writeBeside(options, plan, built, context);
  return built;
}

/** The definition with every digest, if it is asked for: also of a build without an archive. */
async function writeLock(
  { lock, output }: BuildOptions,
  bundle: AssembledBundle,
  built: BuiltBundle,
  context: CommandContext,
): Promise<void> {
  if (!lock) return;
  const bytes = new TextEncoder().encode(formatDefinition(bundle.locked));
  const folder = bundleFolder(output, context);
  built.lock = await writeOutput(folder, LOCK_FILE, { bytes, mode: PUBLIC }, context);
  built.files.push(built.lock);
}

/** What stands beside the archive: the definition with every digest, and the cluster definition. */
async function writeBeside(
  options: BuildOptions,
  { bundle, clusterDefinition, signing }: Plan,
  built: BuiltBundle,
  context: CommandContext,
): Promise<void> {
  await writeLock(options, bundle, built, context);
  if (clusterDefinition === null) return;
  const { fileName, bytes } = clusterDefinition;
  const folder = definitionFolder(options.output, context);
  const path = await writeOutput(folder, fileName, { bytes, mode: PRIVATE }, context);
  built.files.push(path);
  if (signing !== null) built.signatures.push(...await signOutput(path, signing, context));
}

async function show(
  built: BuiltBundle,
  { isRemote, hasExisting }: { isRemote: boolean; hasExisting: boolean },
  { printer }: CommandContext,
): Promise<void> {
  const { name, path, files, size, digest, reused, items, blobs, blobBytes, push, signatures } =
    built;
  const saved = formatBytes(reused.bytes);
  await printer.result({
    document: () => ({
      name,
      path,
      files,
      size,
      digest,
      leftOut: built.leftOut,
      items,
      blobs,
      blobBytes,
      reused: { items: reused.items, bytes: reused.bytes },
      signatures,
      push: push === null ? null : documentOfPush(push),
    }),
    text: () =>
      [
        ...(isRemote ? [] : [formatSummary("Build", [
          path === null
            ? `bundle ${name} would have ${items} items, ${blobs} blobs of ${
              formatBytes(blobBytes)
            }`
            : `bundle ${name} saved to ${path}`,
          ...(hasExisting
            ? [`reused ${reused.items} of ${items} items (${saved} not downloaded)`]
            : []),
          ...signatures.map((file) => `signature saved to ${file}`),
          ...(built.lock === null ? [] : [`definition with every digest saved to ${built.lock}`]),
        ])]),
        ...(push === null ? [] : [formatPush(push)]),
      ].join(""),
  });
}
