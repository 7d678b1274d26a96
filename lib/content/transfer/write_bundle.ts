import { formatIndex } from "../../oci/layout.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import { hexOf } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { openVerified } from "../../oci/verified.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { Files } from "../../runtime/files.ts";
import type { WrittenArchive } from "../archive/archive_sink.ts";
import { type ArchiveMember, writeArchive } from "../archive/write_archive.ts";
import type { BundleItem } from "../bundle.ts";
import type { Inventory, NeededBlob } from "./inventory.ts";

/** A bundle about to be written. */
export interface BundleContent {
  items: readonly BundleItem[];
  annotations: Record<string, string>;
  inventory: Inventory;
  /** Blobs come from here, in the order of the archive. */
  source: ContentSource;
}

export interface WriteBundleOptions {
  files: Files;
  crypto: Crypto;
  level: number;
  mtimeSeconds: number;
  splitBytes?: number;
  skipsDigest?: boolean;
  onBytes?: (count: number) => void;
  signal?: AbortSignal;
}

/** Layers of these types do not shrink. */
const COMPRESSED =
  /[+.](gzip|tgz|zstd|zst|br|xz)$|vnd\.docker\.image\.rootfs\.(foreign\.)?diff\.tar\.gzip$/;

/**
 * Writes a bundle as an archive: what `definition` and `list` need stands at its beginning, layers at
 * its end, within a group by digest. The same bundle has the same bytes.
 * @throws {UserError} `integrity`, `io`; `validation` when it has too many items to be read again.
 */
export async function writeBundle(
  path: string,
  content: BundleContent,
  options: WriteBundleOptions,
): Promise<WrittenArchive> {
  const index = formatIndex(
    content.items.map(({ descriptor }) => descriptor),
    content.annotations,
  );
  return await writeArchive(path, membersOf(index, content, options.crypto), options);
}

async function* membersOf(
  index: string,
  { inventory, source }: BundleContent,
  crypto: Crypto,
): AsyncGenerator<ArchiveMember> {
  const text = (content: string) => new TextEncoder().encode(content);
  const head = (member: ArchiveMember): ArchiveMember => ({ ...member, isHead: true });
  yield head(small("oci-layout", text(JSON.stringify({ imageLayoutVersion: "1.0.0" }))));
  yield head(small("index.json", text(index)));
  const written = new Set<string>();
  const manifest = ({ descriptor, bytes }: Manifest) => {
    written.add(descriptor.digest);
    return small(`blobs/sha256/${hexOf(descriptor.digest)}`, bytes);
  };
  const blob = ({ descriptor, item }: NeededBlob): ArchiveMember => {
    written.add(descriptor.digest);
    return {
      name: `blobs/sha256/${hexOf(descriptor.digest)}`,
      size: descriptor.size,
      isCompressed: COMPRESSED.test(descriptor.mediaType),
      open() {
        const what = `${descriptor.digest} of ${item.ref || "a signature"}`;
        return openVerified(source, descriptor, what, crypto);
      },
    };
  };
  const heads = inventory.byItem.filter(({ item }) =>
    item.type === "bundle" || item.type === "spc"
  );
  for (const { item, manifests } of heads) {
    // `definition` reads these alone.
    const asIs = item.type === "bundle" ? head : (member: ArchiveMember) => member;
    for (const each of manifests.filter(({ descriptor }) => !written.has(descriptor.digest))) {
      yield asIs(manifest(each));
      for (const { digest } of each.blobs) {
        const needed = inventory.blobs.get(digest);
        if (needed !== undefined && !written.has(digest)) yield asIs(blob(needed));
      }
    }
  }
  for (const each of byDigest(inventory.manifests)) {
    if (!written.has(each.descriptor.digest)) yield manifest(each);
  }
  const configs = new Set([...inventory.manifests.values()].map((each) => each.blobs[0]?.digest));
  const rest = byDigest(inventory.blobs);
  for (
    const needed of [
      ...rest.filter(({ descriptor }) => configs.has(descriptor.digest)),
      ...rest.filter(({ descriptor }) => !configs.has(descriptor.digest)),
    ]
  ) {
    if (!written.has(needed.descriptor.digest)) yield blob(needed);
  }
}

function small(name: string, bytes: Uint8Array): ArchiveMember {
  return {
    name,
    size: bytes.length,
    isCompressed: false,
    open: () => ReadableStream.from([bytes]),
  };
}

function byDigest<T>(map: Map<string, T>): T[] {
  return [...map].sort(([a], [b]) => a < b ? -1 : 1).map(([, value]) => value);
}
