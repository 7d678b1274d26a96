import { UserError } from "../errors.ts";
import type { Crypto } from "../runtime/crypto.ts";
import { concatBytes } from "../runtime/streams.ts";
import type { ContentSource } from "./content_source.ts";
import type { Descriptor } from "./descriptor.ts";
import { digestFrom, digestOf } from "./digest.ts";

/** No manifest and no index is larger (as registries limit them). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/**
 * The pieces of a stream, the last one only once size and digest of the whole are right.
 * @param what Names it in errors.
 * @param place The file or folder on this machine that it comes from; null elsewhere.
 * @throws {UserError} `integrity`
 */
export async function* verified(
  stream: AsyncIterable<Uint8Array>,
  descriptor: Descriptor,
  what: string,
  crypto: Crypto,
  place: string | null = null,
): AsyncGenerator<Uint8Array> {
  const hash = await crypto.sha256();
  let size = 0;
  let last: Uint8Array | null = null;
  for await (const piece of stream) {
    size += piece.length;
    if (size > descriptor.size) throw misfit(what, place, `more than ${descriptor.size} bytes`);
    hash.update(piece);
    if (last !== null) yield last;
    last = piece;
  }
  if (size !== descriptor.size) throw misfit(what, place, `${size} of ${descriptor.size} bytes`);
  const digest = digestFrom(hash.digest());
  if (digest !== descriptor.digest) throw misfit(what, place, `digest ${digest}`);
  if (last !== null) yield last;
}

/**
 * The pieces of a blob, checked once: here, unless its source does it. Each is only good until the
 * next is asked for.
 * @param what Names it in errors.
 * @throws {UserError} `integrity`; what the source throws.
 */
export async function* openVerified(
  source: ContentSource,
  descriptor: Descriptor,
  what: string,
  crypto: Crypto,
): AsyncGenerator<Uint8Array> {
  const checked = await source.openChecked?.(descriptor) ?? null;
  if (checked !== null) return yield* checked;
  const place = await source.localPlaceOf?.(descriptor) ?? null;
  yield* verified(await source.open(descriptor), descriptor, what, crypto, place);
}

/**
 * A whole blob in memory, checked; for manifests and other small ones.
 * @throws {UserError} `integrity`; also for one larger than `limitBytes`.
 */
export async function readVerified(
  source: ContentSource,
  descriptor: Descriptor,
  what: string,
  { crypto, limitBytes = MAX_MANIFEST_BYTES }: { crypto: Crypto; limitBytes?: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const place = await source.localPlaceOf?.(descriptor) ?? null;
  if (descriptor.size > limitBytes) {
    throw misfit(what, place, `${descriptor.size} bytes are more than ${limitBytes}`);
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of await source.open(descriptor)) {
    size += piece.length;
    if (size > descriptor.size) throw misfit(what, place, `more than ${descriptor.size} bytes`);
    pieces.push(piece);
  }
  if (size !== descriptor.size) throw misfit(what, place, `${size} of ${descriptor.size} bytes`);
  const bytes = concatBytes(pieces);
  const digest = await digestOf(bytes, crypto);
  if (digest !== descriptor.digest) throw misfit(what, place, `digest ${digest}`);
  return bytes;
}

function misfit(what: string, place: string | null, found: string): UserError {
  const where = place === null ? what : `${what} of "${place}"`;
  return new UserError("integrity", `Cannot use ${where}: ${found}, not what it was announced as`, {
    hint: place === null
      ? "Run the command again; if it stays, the other side has a damaged copy"
      : `palette content verify "${place}" tells all that is damaged; copy it again`,
  });
}
