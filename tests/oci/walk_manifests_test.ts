import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import type { ContentSource } from "../../lib/oci/content_source.ts";
import type { Descriptor } from "../../lib/oci/descriptor.ts";
import { OCI_INDEX } from "../../lib/oci/media_types.ts";
import { walkManifests } from "../../lib/oci/walk_manifests.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { sampleBundle, sha256 } from "../support/sample_bundle.ts";

const crypto = systemCrypto();
const bundle = sampleBundle({ layerBytes: 100, plainBytes: 100 });

function sourceOf(blobs: Map<string, Uint8Array<ArrayBuffer>>): ContentSource {
  return {
    has: ({ digest }) => Promise.resolve(blobs.has(digest)),
    open: ({ digest }) =>
      Promise.resolve(ReadableStream.from([blobs.get(digest) ?? new Uint8Array()])),
  };
}

function indexOf(children: Descriptor[]): [Descriptor, Uint8Array<ArrayBuffer>] {
  const bytes = new TextEncoder().encode(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: children }),
  );
  return [{ mediaType: OCI_INDEX, digest: sha256(bytes), size: bytes.length }, bytes];
}

Deno.test("walkManifests() gives what an index lists before the index, each once", async () => {
  const [, , both] = bundle.items;
  if (both === undefined) throw new Error("no index");
  const seen = new Set<`sha256:${string}`>();
  const walk = () =>
    Array.fromAsync(walkManifests(sourceOf(bundle.blobs), both, "both", { crypto, seen }));
  const manifests = await walk();
  assertEquals(manifests.map(({ manifests, blobs }) => [manifests.length, blobs.length]), [
    [0, 2],
    [0, 2],
    [2, 0],
  ]);
  assertEquals(manifests.at(-1)?.descriptor.digest, both.digest);
  assertEquals(await walk(), []);
});

Deno.test("walkManifests() passes over what is not there, and refuses what is damaged", async () => {
  const [, , both] = bundle.items;
  if (both === undefined) throw new Error("no index");
  const [child] = (await Array.fromAsync(
    walkManifests(sourceOf(bundle.blobs), both, "both", { crypto }),
  )).at(-1)?.manifests ?? [];
  if (child === undefined) throw new Error("no child");
  const thin = new Map(bundle.blobs);
  thin.delete(child.digest);
  const left = await Array.fromAsync(walkManifests(sourceOf(thin), both, "both", { crypto }));
  assertEquals(left.length, 2);
  thin.set(child.digest, new Uint8Array(child.size));
  const error = await assertRejects(
    () => Array.fromAsync(walkManifests(sourceOf(thin), both, "both", { crypto })),
    UserError,
    `Cannot use ${child.digest} of both: digest sha256:`,
  );
  assertEquals(error.code, "integrity");
});

Deno.test("walkManifests() follows four levels and no more", async () => {
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  let [root, bytes] = indexOf([]);
  blobs.set(root.digest, bytes);
  for (let level = 2; level <= 4; level++) {
    [root, bytes] = indexOf([root]);
    blobs.set(root.digest, bytes);
  }
  const four = await Array.fromAsync(walkManifests(sourceOf(blobs), root, "x", { crypto }));
  assertEquals(four.length, 4);
  [root, bytes] = indexOf([root]);
  blobs.set(root.digest, bytes);
  const error = await assertRejects(
    () => Array.fromAsync(walkManifests(sourceOf(blobs), root, "x", { crypto })),
    UserError,
    "Cannot use x: its indexes are nested more than 4 deep",
  );
  assertEquals(error.code, "integrity");
});
