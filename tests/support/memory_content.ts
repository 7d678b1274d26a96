/** Blobs and manifests in memory, and images made of real tar layers. */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { UserError } from "../../lib/errors.ts";
import type { ContentSource } from "../../lib/oci/content_source.ts";
import type { Descriptor, Platform } from "../../lib/oci/descriptor.ts";
import type { Digest } from "../../lib/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../lib/oci/media_types.ts";

const PIECE_BYTES = 64 * 1024;

export class MemoryContent implements ContentSource {
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Digests in the order they were opened. */
  readonly opened: Digest[] = [];

  has({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#blobs.has(digest));
  }

  open({ digest }: Descriptor, offset = 0): Promise<ReadableStream<Uint8Array>> {
    const bytes = this.#blobs.get(digest);
    this.opened.push(digest);
    if (bytes === undefined) {
      return Promise.reject(new UserError("not-found", `Blob ${digest} is not there`));
    }
    return Promise.resolve(ReadableStream.from((function* () {
      for (let at = offset; at < bytes.length; at += PIECE_BYTES) {
        yield bytes.slice(at, at + PIECE_BYTES);
      }
    })()));
  }

  bytes({ digest }: Descriptor): Uint8Array<ArrayBuffer> {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) throw new Error(`no blob ${digest}`);
    return bytes;
  }

  put(content: Uint8Array<ArrayBuffer> | string, mediaType: string): Descriptor {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    this.#blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** A document as a blob: a manifest, an index, a config. */
  putJson(document: Record<string, unknown>, mediaType: string): Descriptor {
    return this.put(JSON.stringify(document), mediaType);
  }

  /** Changes the bytes behind a digest. */
  replace({ digest }: Descriptor, bytes: Uint8Array<ArrayBuffer>): void {
    this.#blobs.set(digest, bytes);
  }

  remove({ digest }: Descriptor): void {
    this.#blobs.delete(digest);
  }

  /** An image of one layer for each text. */
  async putImage(
    texts: string[],
    platform: Platform = { os: "linux", architecture: "amd64" },
  ): Promise<Descriptor> {
    const layers: Descriptor[] = [];
    const diffs: string[] = [];
    for (const [at, text] of texts.entries()) {
      const tar = await packTar([{
        header: { name: `file-${at}.txt`, size: text.length, mtime: new Date(0), mode: 0o644 },
        body: text,
      }]);
      diffs.push(`sha256:${createHash("sha256").update(tar).digest("hex")}`);
      layers.push(
        this.put(new Uint8Array(gzipSync(tar)), "application/vnd.oci.image.layer.v1.tar+gzip"),
      );
    }
    const config = this.putJson(
      { ...platform, config: {}, rootfs: { type: "layers", diff_ids: diffs } },
      "application/vnd.oci.image.config.v1+json",
    );
    return this.putJson(
      { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers },
      OCI_MANIFEST,
    );
  }

  /** An index of an image for amd64 and one for arm64. */
  async putMultiArch(text: string): Promise<Descriptor> {
    const manifests: Descriptor[] = [];
    for (const architecture of ["amd64", "arm64"]) {
      const platform = { os: "linux", architecture };
      manifests.push({
        ...await this.putImage([`${text} on ${architecture}`], platform),
        platform,
      });
    }
    return this.putJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
  }

  /** An artifact, attached to `subject` when one is given. */
  putArtifact(artifactType: string, content: string, subject?: Descriptor): Descriptor {
    const config = this.put("{}", "application/vnd.oci.empty.v1+json");
    const layers = [this.put(content, "application/octet-stream")];
    return this.putJson({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType,
      config,
      layers,
      ...(subject === undefined ? {} : { subject }),
      annotations: { note: content },
    }, OCI_MANIFEST);
  }
}
