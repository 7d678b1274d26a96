import { UserError } from "../../errors.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestFrom, digestOf } from "../../oci/digest.ts";
import { OCI_EMPTY, OCI_MANIFEST } from "../../oci/media_types.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { TITLE } from "../bundle.ts";

/** Shape of an artifact's manifest (OCI image spec 1.1, manifest.md, "Guidelines for artifacts"). */
export interface NewArtifact {
  /** Empty: the type of its config says what it is. */
  artifactType: string;
  /** The empty config by default. */
  config?: Descriptor;
  layers: Descriptor[];
  subject?: Descriptor;
}

/** Gives the same bytes each time. */
export type OpenStream = () => Promise<ReadableStream<Uint8Array>>;

/** Blobs and manifests that are made here: small ones in memory, others read anew each time. */
export class MadeContent implements ContentSource {
  readonly #crypto: Crypto;
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer> | OpenStream>();

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  has({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#blobs.has(digest));
  }

  async open({ digest }: Descriptor, offset = 0): Promise<ReadableStream<Uint8Array>> {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) {
      throw new UserError("not-found", `Cannot read ${digest}: it was not made`);
    }
    return blob instanceof Uint8Array
      ? ReadableStream.from([blob.subarray(offset)])
      : skipped(await blob(), offset);
  }

  /** @param title File name of the layer, if it stands for one. */
  async addBytes(
    mediaType: string,
    bytes: Uint8Array<ArrayBuffer>,
    title?: string,
  ): Promise<Descriptor> {
    const digest = await digestOf(bytes, this.#crypto);
    this.#blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, ...titled(title) };
  }

  /** What is read from elsewhere each time; its digest is of what it is now. */
  async addStream(mediaType: string, open: OpenStream, title: string): Promise<Descriptor> {
    const hash = await this.#crypto.sha256();
    let size = 0;
    for await (const piece of await open()) {
      hash.update(piece);
      size += piece.length;
    }
    const digest = digestFrom(hash.digest());
    this.#blobs.set(digest, open);
    return { mediaType, digest, size, ...titled(title) };
  }

  /** The manifest of an artifact; the same content has the same bytes. */
  async addArtifact({ artifactType, config, layers, subject }: NewArtifact): Promise<Descriptor> {
    const empty = config === undefined
      ? await this.addBytes(OCI_EMPTY, new TextEncoder().encode("{}"))
      : config;
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      ...(artifactType === "" ? {} : { artifactType }),
      config: empty,
      layers,
      ...(subject === undefined ? {} : { subject }),
    };
    const bytes = new TextEncoder().encode(JSON.stringify(manifest));
    const descriptor = await this.addBytes(OCI_MANIFEST, bytes);
    return { ...descriptor, ...(artifactType === "" ? {} : { artifactType }) };
  }
}

function titled(title: string | undefined): Pick<Descriptor, "annotations"> {
  return title === undefined ? {} : { annotations: { [TITLE]: title } };
}

function skipped(
  stream: ReadableStream<Uint8Array>,
  offset: number,
): ReadableStream<Uint8Array> {
  let left = offset;
  if (left === 0) return stream;
  return stream.pipeThrough(
    new TransformStream({
      transform(piece, controller) {
        if (left < piece.length) controller.enqueue(piece.subarray(left));
        left = Math.max(0, left - piece.length);
      },
    }),
  );
}
