import { reasonOf, UserError } from "../../errors.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import { digestOf, hexOf } from "../../oci/digest.ts";
import { parseLayoutIndex, refuseNewerLayout } from "../../oci/layout_index.ts";
import { MAX_MANIFEST_BYTES } from "../../oci/verified.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { concatBytes } from "../../runtime/streams.ts";
import type { Bundle } from "../bundle.ts";
import { bundleOf } from "./bundle_of.ts";
import { streamOf } from "./decompress.ts";
import { foreignArchive } from "./foreign_archive.ts";
import type { ArchiveMembers } from "./members.ts";

/** Index and `oci-layout` are read into memory. */
export function limitOfMember(name: string): number {
  return /^([^/]+\/)?(index\.json|oci-layout)$/.test(name) ? MAX_MANIFEST_BYTES : Infinity;
}

/**
 * The bundle that an archive's members are: an OCI layout at the top or one folder deep.
 * @throws {UserError} `integrity`
 */
export async function bundleOfMembers(
  members: ArchiveMembers,
  place: string,
  crypto: Crypto,
): Promise<Bundle> {
  const root = rootOf(members, place);
  const layout = await smallFile(members, `${root}oci-layout`, place, crypto);
  if (layout !== null) refuseNewerLayout(layout, place);
  const bytes = await smallFile(members, `${root}index.json`, place, crypto);
  const index = await parseLayoutIndex(bytes ?? new Uint8Array(), place, crypto);
  return bundleOf(index, {
    place,
    source: sourceOf(members, root, place),
    close: () => members.close(),
  });
}

/** What stands before the names of the layout. */
function rootOf(members: ArchiveMembers, place: string): string {
  if (members.sizeOf("index.json") !== null) return "";
  const foreign = foreignArchive(members.names(), place);
  if (foreign !== null) throw foreign;
  const roots = [...members.names()].filter((name) => /^[^/]+\/index\.json$/.test(name));
  const [root] = roots;
  if (root === undefined || roots.length > 1) {
    throw new UserError(
      "integrity",
      `Cannot open "${place}": ${root === undefined ? "no" : "more than one"} OCI layout is in it`,
      { hint: "A bundle has index.json at its top or in one folder" },
    );
  }
  return root.slice(0, -"index.json".length);
}

async function smallFile(
  members: ArchiveMembers,
  name: string,
  place: string,
  crypto: Crypto,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const size = members.sizeOf(name);
  if (size === null) return null;
  if (size > limitOfMember(name)) {
    throw damaged(place, `its ${name} has ${size} bytes, more than ${limitOfMember(name)}`);
  }
  await members.prepare(name);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = concatBytes([...members.read(name, 0)]);
  } catch (error) {
    throw damaged(place, `${name}: ${reasonOf(error)}`, error);
  }
  const sha256 = members.sha256Of(name);
  if (sha256 !== null && hexOf(await digestOf(bytes, crypto)) !== sha256) {
    throw damaged(place, `${name}: it has not the SHA-256 that it was written with`);
  }
  return bytes;
}

function sourceOf(members: ArchiveMembers, root: string, place: string): ContentSource {
  return {
    localPlaceOf: () => Promise.resolve(place),
    has: ({ digest }) =>
      Promise.resolve(members.sizeOf(`${root}blobs/sha256/${hexOf(digest)}`) !== null),
    async open({ digest }, offset = 0) {
      const name = `${root}blobs/sha256/${hexOf(digest)}`;
      const size = members.sizeOf(name);
      if (size === null) {
        throw new UserError("not-found", `Cannot read ${digest}: it is not in "${place}"`);
      }
      await members.prepare(name);
      return streamOf(readingErrors(members.read(name, offset), digest, place));
    },
  };
}

function* readingErrors(
  pieces: Iterable<Uint8Array>,
  digest: string,
  place: string,
): Generator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    throw new UserError("integrity", `Cannot read ${digest} of "${place}": ${reasonOf(error)}`, {
      hint: `palette content verify "${place}" tells all that is damaged; copy it again`,
      cause: error,
    });
  }
}

/** The error of an archive that cannot be used. */
export function damaged(place: string, reason: string, cause?: unknown): UserError {
  return new UserError("integrity", `Cannot open "${place}": ${reason}`, {
    hint: "Copy it again from where it came from, or build it again",
    cause,
  });
}
