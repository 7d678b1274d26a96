import { UserError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import type { Registry } from "../../oci/registry/registry.ts";
import { openVerified } from "../../oci/verified.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { inFlight } from "../../runtime/in_flight.ts";
import { ownPieces } from "../../runtime/streams.ts";
import { type Bundle, BUNDLE_REQUIRES, type BundleItem } from "../bundle.ts";
import { type Destination, destinationOf } from "../destination.ts";
import { type Inventory, takeInventory } from "./inventory.ts";
import { describeLeftOut } from "../thin_bundle.ts";
import { explainRefusal } from "./push_refusal.ts";

export interface PushOptions {
  registry: Registry;
  /** Path below the registry's host; empty for none. */
  base: string;
  jobs: number;
  crypto: Crypto;
  /** A tag that points elsewhere is an error, not overwritten. */
  keepsTags: boolean;
  /** Only look what would be done. */
  isDryRun: boolean;
  /** Repositories of the same registry that a blob may be mounted from. */
  mountFrom?: (digest: Digest) => string[];
  /** Told the size of each blob that is done with, and that of all. */
  onBytes: (count: number, allBytes: number) => void;
  onWarning: (text: string) => void;
  signal: AbortSignal;
}

export interface PushResult {
  uploadedBlobs: number;
  uploadedBytes: number;
  mountedBlobs: number;
  /** Blobs that were there already. */
  thereBlobs: number;
  /** Tags that pointed elsewhere before. */
  changedTags: string[];
}

interface PlacedItem {
  item: BundleItem;
  manifests: Manifest[];
  repository: string;
  tag: string | null;
}

/**
 * Pushes items of a bundle: blobs, then manifests from below, the definition last, so that its tag
 * says that the bundle is complete.
 * @throws {UserError} `integrity`, `conflict`; what the registry refuses.
 */
export async function pushBundle(
  bundle: Bundle,
  items: readonly BundleItem[],
  options: PushOptions,
): Promise<PushResult> {
  const inventory = await takeInventory(items, bundle.source, options.crypto);
  const placed = uniqueTags(await placeAll(bundle, inventory, options), options);
  const sourceErrors = new Set<unknown>();
  try {
    return await pushPlaced(bundle, placed, sourceErrors, options);
  } catch (error) {
    if (sourceErrors.has(error)) throw error;
    const repositories = placed.map(({ repository }) => repository);
    throw await explainRefusal(error, { ...options, repositories });
  }
}

async function pushPlaced(
  bundle: Bundle,
  placed: readonly PlacedItem[],
  sourceErrors: Set<unknown>,
  options: PushOptions,
): Promise<PushResult> {
  await requireWhole(bundle, placed, options);
  const { changed, settled } = await readTags(placed, options);
  const result: PushResult = {
    uploadedBlobs: 0,
    uploadedBytes: 0,
    mountedBlobs: 0,
    thereBlobs: 0,
    changedTags: changed.map(({ tag }) => tag),
  };
  if (result.changedTags.length > 0 && options.keepsTags) {
    throw new UserError(
      "conflict",
      `Cannot push: ${result.changedTags.length} tags point elsewhere, among them ${
        result.changedTags[0]
      }`,
      { hint: "Leave --no-clobber out to overwrite them" },
    );
  }
  for (const { tag, isPack } of options.isDryRun ? [] : changed) {
    const reason = isPack ? "; a pack has one name and version with FIPS and without" : "";
    options.onWarning(`${tag} pointed to other content and is overwritten${reason}`);
  }
  await pushBlobs(bundle, placed, { result, sourceErrors }, options);
  if (options.isDryRun) return result;
  const isLast = ({ item }: PlacedItem) => item.type === "bundle";
  for (const group of [placed.filter((each) => !isLast(each)), placed.filter(isLast)]) {
    await inFlight(
      group,
      options.jobs,
      (each) => pushManifests(each, settled.has(each), options),
    );
  }
  return result;
}

/**
 * What a thin bundle leaves out has to be in the registry already, before the first blob is sent.
 * @throws {UserError} `prerequisite`
 */
async function requireWhole(
  { annotations, source, place }: Bundle,
  placed: readonly PlacedItem[],
  { registry, base, jobs, mountFrom }: PushOptions,
): Promise<void> {
  const requires = annotations[BUNDLE_REQUIRES];
  if (requires === undefined) return;
  const blobs: Descriptor[] = [];
  await inFlight(blobsOf(placed), jobs, async ([digest, { repositories, descriptor }]) => {
    if (await source.has(descriptor) || (mountFrom?.(digest) ?? []).length > 0) return;
    for (const repository of repositories) {
      if (await registry.headBlob(repository, digest) === descriptor.size) return;
    }
    blobs.push(descriptor);
  });
  if (blobs.length === 0) return;
  const target = base === "" ? registry.host : `${registry.host}/${base}`;
  throw new UserError(
    "prerequisite",
    `Cannot push to ${target}: ${describeLeftOut(place, { requires, blobs })}`,
    { hint: "Push that bundle there first, or build this one without --thin-against" },
  );
}

async function placeAll(
  bundle: Bundle,
  { byItem }: Inventory,
  { base, crypto }: PushOptions,
): Promise<PlacedItem[]> {
  const placed: PlacedItem[] = [];
  const floating: { entry: Inventory["byItem"][number]; tag: string | null }[] = [];
  for (const entry of byItem) {
    const { item, manifests } = entry;
    const destination: Destination | null = await destinationOf(item, bundle.name, crypto);
    if (destination === null) {
      throw new UserError("validation", `Cannot push "${item.ref}": no registry takes such a name`);
    }
    const { repository, tag } = destination;
    if (repository === null) floating.push({ entry, tag });
    else placed.push({ item, manifests, repository: below(base, repository), tag });
  }
  // Signatures go where what they are attached to goes.
  const homes = homesOf(placed);
  for (const { entry: { item, manifests }, tag } of floating) {
    for (const repository of homesOfSubject(item, manifests, homes)) {
      placed.push({ item, manifests, repository, tag });
    }
  }
  return placed;
}

/**
 * A tag holds one thing. Of several signatures that cosign would call the same, only the first can
 * be pushed.
 * @throws {UserError} `conflict` for other items.
 */
function uniqueTags(
  placed: readonly PlacedItem[],
  { onWarning }: PushOptions,
): PlacedItem[] {
  const owners = new Map<string, PlacedItem>();
  return placed.filter((each) => {
    const { repository, tag, item } = each;
    if (tag === null) return true;
    const name = `${repository}:${tag}`;
    const owner = owners.get(name);
    if (owner === undefined) {
      owners.set(name, each);
      return true;
    }
    if (owner.item.descriptor.digest === item.descriptor.digest) return false;
    if (item.type === "signature" || item.type === "sbom") {
      onWarning(`${name} can hold one of two signatures; the second is left out`);
      return false;
    }
    throw new UserError(
      "conflict",
      `Cannot push "${owner.item.ref}" and "${item.ref}" to one tag ${name}`,
      { hint: "Build a bundle that has one of them" },
    );
  });
}

/** Avoids a namespace twice: the base may end in what packs begin with. */
export function below(base: string, repository: string): string {
  if (base === "") return repository;
  const pack = /^(spectro-packs)\/(archive)\/(.+)$/.exec(repository);
  if (pack !== null && /(^|\/)spectro-packs\/archive$/.test(base)) return `${base}/${pack[3]}`;
  if (pack !== null && /(^|\/)spectro-packs$/.test(base)) return `${base}/archive/${pack[3]}`;
  return `${base}/${repository}`;
}

function homesOf(placed: readonly PlacedItem[]): Map<Digest, Set<string>> {
  const homes = new Map<Digest, Set<string>>();
  for (const { manifests, repository } of placed) {
    for (const { descriptor: { digest } } of manifests) {
      homes.set(digest, (homes.get(digest) ?? new Set()).add(repository));
    }
  }
  return homes;
}

function homesOfSubject(
  { ref }: BundleItem,
  manifests: readonly Manifest[],
  homes: Map<Digest, Set<string>>,
): Set<string> {
  const tagged = /^sha256-([0-9a-f]{64})/.exec(ref)?.[1];
  const subjects = [
    ...(tagged === undefined ? [] : [`sha256:${tagged}` as Digest]),
    ...manifests.flatMap(({ subject }) => subject === null ? [] : [subject.digest]),
  ];
  return new Set(subjects.flatMap((digest) => [...homes.get(digest) ?? []]));
}

/** Tags that point elsewhere, sorted, and items whose tag is as it has to be. */
async function readTags(
  placed: readonly PlacedItem[],
  { registry, jobs }: PushOptions,
): Promise<{ changed: { tag: string; isPack: boolean }[]; settled: Set<PlacedItem> }> {
  const changed: { tag: string; isPack: boolean }[] = [];
  const settled = new Set<PlacedItem>();
  const tagged = placed.filter(({ tag }) => tag !== null);
  await inFlight(tagged, jobs, async (each) => {
    const { item, repository, tag } = each;
    const there = await registry.headManifest(repository, tag ?? "");
    if (there?.digest === item.descriptor.digest) settled.add(each);
    else if (there !== null) {
      changed.push({
        tag: `${registry.host}/${repository}:${tag}`,
        isPack: item.type === "pack",
      });
    }
  });
  return { changed: changed.sort((a, b) => a.tag < b.tag ? -1 : 1), settled };
}

async function pushBlobs(
  { source }: Bundle,
  placed: readonly PlacedItem[],
  { result, sourceErrors }: { result: PushResult; sourceErrors: Set<unknown> },
  { registry, jobs, crypto, isDryRun, mountFrom: mountsOf, onBytes, signal }: PushOptions,
): Promise<void> {
  const wanted = blobsOf(placed);
  const allBytes = [...wanted.values()]
    .reduce((total, { repositories, descriptor: { size } }) => total + repositories.size * size, 0);
  await inFlight(wanted, jobs, async ([digest, { repositories, descriptor }]) => {
    const { size } = descriptor;
    const mountFrom = mountsOf?.(digest) ?? [];
    for (const repository of repositories) {
      signal.throwIfAborted();
      // A part of it is checked by the registry alone, which has the rest.
      const open = (offset: number) =>
        Promise.resolve(ReadableStream.from(noting(
          async () =>
            offset === 0
              ? ownPieces(openVerified(source, descriptor, digest, crypto))
              : await source.open(descriptor, offset),
          sourceErrors,
        )));
      const outcome = isDryRun
        ? await outcomeOf(registry, repository, descriptor, mountFrom)
        : await registry.putBlob(repository, descriptor, open, { mountFrom });
      mountFrom.push(repository);
      onBytes(size, allBytes);
      if (outcome === "there") result.thereBlobs++;
      else if (outcome === "mounted") result.mountedBlobs++;
      else {
        result.uploadedBlobs++;
        result.uploadedBytes += size;
      }
    }
  });
}

/** Every blob once, and where it has to be. */
function blobsOf(
  placed: readonly PlacedItem[],
): Map<Digest, { repositories: Set<string>; descriptor: Descriptor }> {
  const wanted = new Map<Digest, { repositories: Set<string>; descriptor: Descriptor }>();
  for (const { manifests, repository } of placed) {
    for (const descriptor of manifests.flatMap(({ blobs }) => blobs)) {
      const known = wanted.get(descriptor.digest) ?? { repositories: new Set(), descriptor };
      known.repositories.add(repository);
      wanted.set(descriptor.digest, known);
    }
  }
  return wanted;
}

/** Pieces of a source; what it fails with is noted: that is no answer of whom it is pushed to. */
async function* noting(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  sourceErrors: Set<unknown>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* await open();
  } catch (error) {
    sourceErrors.add(error);
    throw error;
  }
}

/** What a push of a blob would come to. */
async function outcomeOf(
  registry: Registry,
  repository: string,
  { digest, size }: Descriptor,
  mountFrom: readonly string[],
): Promise<"there" | "mounted" | "uploaded"> {
  if (await registry.headBlob(repository, digest) === size) return "there";
  return mountFrom.length > 0 ? "mounted" : "uploaded";
}

/**
 * Manifests of an item from below. Of one whose tag is as it has to be only what is missing is sent:
 * registries look at all blobs of a manifest again when they get it. One that is attached to
 * another is always sent, since it is listed there with that.
 */
async function pushManifests(
  { item, manifests, repository, tag }: PlacedItem,
  isSettled: boolean,
  { registry }: PushOptions,
): Promise<void> {
  for (const manifest of manifests) {
    const { descriptor: { digest }, subject } = manifest;
    const isTop = digest === item.descriptor.digest;
    const isThere = isSettled && subject === null &&
      (isTop || await registry.headManifest(repository, digest) !== null);
    if (isThere) continue;
    await registry.putManifest(repository, isTop && tag !== null ? tag : digest, manifest);
  }
}
