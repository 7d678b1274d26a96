/** Images as registries hold them: layers that are gzip already. The same ones in every run. */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { SeededRandom } from "../../tests/support/seeded_random.ts";

/** An image of several platforms to make. */
export interface ImagePlan {
  repository: string;
  platforms: readonly string[];
  /** Bytes of the layers of each platform, about. */
  layerBytes: readonly number[];
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export const TAG = "1.0";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Together far more than the window of a compressor, which so never sees one again. */
const MEMBERS = 16;
const MEMBER_TEXT = 1024 * 1024;
/** What makes each layer another one. */
const FIRST_TEXT = 64 * 1024;

/**
 * Pushes images, and gives how many bytes their layers have.
 * @param registry Its address with protocol.
 */
export async function pushImages(registry: string, plans: readonly ImagePlan[]): Promise<number> {
  const texts = new FileTexts();
  const members = Array.from({ length: MEMBERS }, () => texts.member(MEMBER_TEXT));
  let total = 0;
  for (const { repository, platforms, layerBytes } of plans) {
    const target = `${registry}/v2/${repository}`;
    const manifests = [];
    for (const architecture of platforms) {
      const layers: Descriptor[] = [];
      for (const size of layerBytes) layers.push(await pushLayer(target, size, texts, members));
      total += layers.reduce((sum, { size }) => sum + size, 0);
      const config = bytesOf({
        architecture,
        os: "linux",
        config: { Entrypoint: [`/${repository}`] },
        rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      });
      const manifest = {
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: await pushBlob(target, [config], CONFIG),
        layers,
      };
      const pushed = await pushManifest(target, null, manifest);
      manifests.push({ ...pushed, platform: { os: "linux", architecture } });
    }
    await pushManifest(target, TAG, { schemaVersion: 2, mediaType: INDEX, manifests });
  }
  return total;
}

/** A file of several gzip members (RFC 1952 2.2): cheap to make, and no two layers are the same. */
async function pushLayer(
  target: string,
  size: number,
  texts: FileTexts,
  members: readonly Uint8Array<ArrayBuffer>[],
): Promise<Descriptor> {
  const first = texts.member(Math.min(size, FIRST_TEXT));
  const pieces = [first];
  let length = first.length;
  while (length < size) {
    const member = members[pieces.length % members.length] ?? first;
    pieces.push(member);
    length += member.length;
  }
  return await pushBlob(target, pieces, LAYER);
}

async function pushBlob(
  target: string,
  pieces: Uint8Array<ArrayBuffer>[],
  mediaType: string,
): Promise<Descriptor> {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  const digest = `sha256:${hash.digest("hex")}`;
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const session = await expectStatus(202, `${target}/blobs/uploads/`, { method: "POST" });
  const place = new URL(session.headers.get("location") ?? "", target);
  place.searchParams.set("digest", digest);
  await expectStatus(201, place.href, { method: "PUT", body: new Blob(pieces) });
  return { mediaType, digest, size };
}

async function pushManifest(
  target: string,
  tag: string | null,
  manifest: { mediaType: string; [field: string]: unknown },
): Promise<Descriptor> {
  const bytes = bytesOf(manifest);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await expectStatus(201, `${target}/manifests/${tag ?? digest}`, {
    method: "PUT",
    headers: { "content-type": manifest.mediaType },
    body: bytes,
  });
  return { mediaType: manifest.mediaType, digest, size: bytes.length };
}

async function expectStatus(status: number, url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  await response.body?.cancel();
  if (response.status !== status) throw new Error(`${init.method} ${url}: ${response.status}`);
  return response;
}

function bytesOf(document: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(document));
}

/** Texts of words and machine code, which shrink as programs and their files do. */
class FileTexts {
  readonly #random = new SeededRandom(290);
  readonly #words = Array.from(
    { length: 4096 },
    () => this.#random.bytes(2 + this.#random.below(9)).map((byte) => 97 + byte % 26),
  );

  /** A gzip member with so much text. */
  member(length: number): Uint8Array<ArrayBuffer> {
    const random = this.#random;
    const text = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const word = random.below(4) > 0 ? this.#words[random.below(this.#words.length)] : undefined;
      const part = (word ?? random.bytes(4)).subarray(0, length - at);
      text.set(part, at);
      at += part.length;
    }
    return new Uint8Array(gzipSync(text));
  }
}
