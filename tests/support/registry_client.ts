import type { CredentialSource } from "../../lib/oci/credentials/credentials.ts";
import { type Descriptor } from "../../lib/oci/descriptor.ts";
import { digestOf } from "../../lib/oci/digest.ts";
import { type Manifest, parseManifest } from "../../lib/oci/manifest.ts";
import { OCI_EMPTY, OCI_MANIFEST } from "../../lib/oci/media_types.ts";
import { openRegistry, type RegistryOptions } from "../../lib/oci/registry/registry.ts";
import type { UploadRecords } from "../../lib/oci/registry/upload_records.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { openSystemTransport } from "../../lib/runtime/http.ts";
import { Log } from "../../lib/runtime/log.ts";
import { Redactor } from "../../lib/runtime/redactor.ts";
import { concatBytes } from "../../lib/runtime/streams.ts";
import { Secret } from "../../lib/secrets/secret.ts";
import { FakeClock } from "./fake_clock.ts";

const crypto = systemCrypto();

export interface TestRegistryOptions extends Partial<RegistryOptions> {
  login?: { username: string; password: string };
  credentials?: CredentialSource;
  signal?: AbortSignal;
  records?: UploadRecords;
}

/** A client with real connections, a clock that does not wait, and no luck in its pauses. */
export function testRegistry(host: string, options: TestRegistryOptions = {}) {
  const { login, credentials, signal, records, ...rest } = options;
  const clock = new FakeClock();
  const secrets: string[] = [];
  const client = openRegistry(
    host,
    { insecure: false, caCertificates: [], jobs: 4, retries: 5, ...rest },
    {
      openTransport: openSystemTransport,
      clock,
      crypto,
      log: new Log({ files: systemFiles(), clock, redactor: new Redactor(), level: "trace" }),
      credentials: credentials ?? {
        find: () =>
          Promise.resolve(
            login === undefined ? null : {
              kind: "password",
              username: login.username,
              password: new Secret(login.password),
            },
          ),
      },
      random: () => 0.5,
      signal: signal ?? new AbortController().signal,
      onSecret: (text) => secrets.push(text),
      ...(records === undefined ? {} : { records }),
    },
  );
  return { client, clock, secrets, [Symbol.dispose]: () => client.close() };
}

/** Bytes that no compression and no offset leaves the same. */
export function noise(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** What a blob is known by. */
export async function blobOf(
  bytes: Uint8Array<ArrayBuffer>,
  mediaType = "application/octet-stream",
): Promise<Descriptor> {
  return { mediaType, digest: await digestOf(bytes, crypto), size: bytes.length };
}

/** Opens bytes at an offset, in pieces of 64 KiB. */
export function opening(
  bytes: Uint8Array,
): (offset?: number) => Promise<ReadableStream<Uint8Array>> {
  return (offset = 0) => {
    let at = offset;
    return Promise.resolve(
      new ReadableStream({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          const piece = bytes.slice(at, at + 64 * 1024);
          at += piece.length;
          controller.enqueue(piece);
        },
      }),
    );
  };
}

/** Everything of a stream. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return concatBytes(pieces);
}

export const EMPTY = new TextEncoder().encode("{}");

/** An artifact with one layer. */
export async function artifactOf(
  layer: Descriptor,
  more: Record<string, unknown> = {},
): Promise<Manifest> {
  const config = await blobOf(EMPTY, OCI_EMPTY);
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer], ...more };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  return await parseManifest(bytes, OCI_MANIFEST, "a test", crypto);
}
