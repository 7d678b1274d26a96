import { UserError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import { isIndexType, isManifestType } from "../oci/media_types.ts";
import { readVerified, verified } from "../oci/verified.ts";
import { MAX_NESTING } from "../oci/walk_manifests.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { type Bundle, BUNDLE_REQUIRES } from "./bundle.ts";
import type { LeftOut } from "./thin_bundle.ts";
import { checkAgainstDefinition, type DefinitionVerdict } from "./definition_check.ts";

/** Something that is not as it was announced. */
export interface BundleProblem {
  /** A digest, or the name of an item. */
  what: string;
  problem: string;
  /** Items that cannot be used for it. */
  items: string[];
}

/** What a bundle is worth. */
export interface BundleReport {
  items: number;
  blobs: number;
  bytes: number;
  definition: DefinitionVerdict;
  problems: BundleProblem[];
  /** Of a thin bundle: problems that are just what it leaves to the bundle it needs. */
  leftOut?: LeftOut | null;
}

export interface VerifyParts {
  crypto: Crypto;
  signal: AbortSignal;
  /** Called as blobs are read. */
  onBytes: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Reads every manifest and blob of a bundle, each once, and holds it against size and digest; and
 * what its index lists against what its definition promises. Goes on after a problem: all of them
 * are wanted at once.
 */
export async function verifyBundle(bundle: Bundle, parts: VerifyParts): Promise<BundleReport> {
  const check = new BundleCheck(bundle, parts);
  for (const item of bundle.items) {
    await check.findBlobs(item.descriptor, nameOf(item.ref, item.descriptor), 1);
  }
  const { blobs, bytes } = await check.readBlobs();
  const { verdict, problems } = await checkAgainstDefinition(bundle, check.manifests, parts.crypto);
  return {
    items: bundle.items.length,
    blobs,
    bytes,
    definition: verdict,
    leftOut: check.leftOut(),
    problems: [
      ...check.problems.map(({ digest, problem }) => ({
        what: digest,
        problem,
        items: check.usersOf(digest),
      })),
      ...problems.map(({ ref, problem }) => ({ what: ref, problem, items: [ref] })),
    ],
  };
}

class BundleCheck {
  /** Those that could be read. */
  readonly manifests = new Map<Digest, Manifest>();
  readonly problems: { digest: Digest; problem: string }[] = [];
  readonly #bundle: Bundle;
  readonly #parts: VerifyParts;
  readonly #blobs = new Map<Digest, Descriptor>();
  readonly #users = new Map<Digest, Set<string>>();
  readonly #isBad = new Set<Digest>();
  readonly #leftOut: Descriptor[] = [];

  constructor(bundle: Bundle, parts: VerifyParts) {
    this.#bundle = bundle;
    this.#parts = parts;
  }

  /** Manifests are never left out: one that is missing is missing. */
  leftOut(): LeftOut | null {
    const requires = this.#bundle.annotations[BUNDLE_REQUIRES];
    const blobs = this.#leftOut;
    return requires === undefined || blobs.length === 0 ? null : { requires, blobs };
  }

  usersOf(digest: Digest): string[] {
    return [...this.#users.get(digest) ?? []].sort();
  }

  /** Notes what is below a descriptor; manifests are read here, they are small. */
  async findBlobs(descriptor: Descriptor, item: string, depth: number): Promise<void> {
    const { digest } = descriptor;
    this.#note(descriptor, item);
    if (!isManifestType(descriptor.mediaType)) {
      this.#blobs.set(digest, descriptor);
      return;
    }
    if (depth > MAX_NESTING) {
      return this.#complain(digest, `indexes are nested more than ${MAX_NESTING} deep`);
    }
    const manifest = this.manifests.get(digest) ?? await this.#readManifest(descriptor, item);
    if (manifest === null) return;
    this.manifests.set(digest, manifest);
    const children = isIndexType(manifest.descriptor.mediaType)
      ? manifest.manifests
      : manifest.blobs;
    for (const child of children) await this.findBlobs(child, item, depth + 1);
  }

  async readBlobs(): Promise<{ blobs: number; bytes: number }> {
    const { crypto, onBytes, signal } = this.#parts;
    // In the order in which archives hold them, so that disks read forwards.
    const blobs = [...this.#blobs.values()].sort((a, b) => a.digest < b.digest ? -1 : 1);
    const total = blobs.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    for (const blob of blobs) {
      const end = done + blob.size;
      if (await this.#isThere(blob)) {
        await this.#attempt(blob.digest, async () => {
          const stream = await this.#bundle.source.open(blob);
          for await (const piece of verified(stream, blob, blob.digest, crypto)) {
            signal.throwIfAborted();
            done += piece.length;
            onBytes(Math.min(done, end), total);
          }
        });
      }
      done = end;
      // Reads of files do not wait: without a pause no signal would be heard.
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal.throwIfAborted();
    }
    onBytes(total, total);
    return { blobs: blobs.length, bytes: total };
  }

  async #readManifest(descriptor: Descriptor, item: string): Promise<Manifest | null> {
    if (this.#isBad.has(descriptor.digest)) return null;
    if (!await this.#isThere(descriptor)) return null;
    const { crypto } = this.#parts;
    return await this.#attempt(descriptor.digest, async () => {
      const bytes = await readVerified(this.#bundle.source, descriptor, item, { crypto });
      return await parseManifest(bytes, descriptor.mediaType, item, crypto);
    });
  }

  async #isThere(descriptor: Descriptor): Promise<boolean> {
    if (await this.#bundle.source.has(descriptor)) return true;
    // A layer that others give away only themselves (OCI image spec, layer.md).
    if (descriptor.urls !== undefined && descriptor.urls.length > 0) return false;
    const requires = this.#bundle.annotations[BUNDLE_REQUIRES];
    if (this.#blobs.has(descriptor.digest)) this.#leftOut.push(descriptor);
    this.#complain(
      descriptor.digest,
      requires === undefined ? "missing" : `missing; in the bundle with the definition ${requires}`,
    );
    return false;
  }

  async #attempt<T>(digest: Digest, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (error.code !== "integrity" && error.code !== "not-found") throw error;
      this.#complain(digest, error.message.replace(/^Cannot (use|read) .*?: /, ""));
      return null;
    }
  }

  #note({ digest }: Descriptor, item: string): void {
    const users = this.#users.get(digest) ?? new Set();
    this.#users.set(digest, users.add(item));
  }

  #complain(digest: Digest, problem: string): void {
    if (this.#isBad.has(digest)) return;
    this.#isBad.add(digest);
    this.problems.push({ digest, problem });
  }
}

/** Signatures have no name of their own. */
function nameOf(ref: string, { digest }: Descriptor): string {
  return ref === "" ? digest : ref;
}
