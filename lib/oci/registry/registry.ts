import type { Clock } from "../../runtime/clock.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { OpenTransport, TlsTrust } from "../../runtime/http.ts";
import type { Log } from "../../runtime/log.ts";
import type { ContentSource } from "../content_source.ts";
import type { CredentialSource } from "../credentials/credentials.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import type { Manifest } from "../manifest.ts";
import { openBlob } from "./blob_reader.ts";
import { type OpenBytes, uploadBlob, type UploadOutcome } from "./blob_upload.ts";
import { Connection } from "./connection.ts";
import { headBlob } from "./head_blob.ts";
import { listRepositories, listTags } from "./lists.ts";
import { getManifest, headManifest, putManifest } from "./manifests.ts";
import {
  addToReferrersTag,
  askReferrers,
  findCosignTags,
  readReferrersTag,
  type TaggedDescriptor,
} from "./referrers.ts";
import { RegistryError } from "./registry_error.ts";
import { repositoryScope } from "./scopes.ts";
import { NO_RECORDS, type UploadRecords } from "./upload_records.ts";
import { Wire } from "./wire.ts";

export interface RegistryOptions extends TlsTrust {
  /** Never TLS, because the address began with `http://`. */
  plainHttp?: boolean;
  /** Blobs in flight in each direction. */
  jobs: number;
  /** Tries after the first. */
  retries: number;
  /** Larger blobs are uploaded in parts of this size. */
  chunkBytes?: number;
}

export interface RegistryParts {
  openTransport: OpenTransport;
  clock: Clock;
  crypto: Crypto;
  log: Log;
  credentials: CredentialSource;
  /** From 0 to below 1. */
  random: () => number;
  /** Ends every request when the run is stopped. */
  signal: AbortSignal;
  /** Gets each token, so that no log shows it. */
  onSecret: (text: string) => void;
  /** Where uploads stand that an earlier run began; every run begins afresh without. */
  records?: UploadRecords;
}

/** Below the 100 MB that proxies often allow. */
const CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * A client of one registry (OCI distribution spec 1.1). Nothing is sent before it is asked for
 * something.
 * @param host As references write it: `docker.io`, `127.0.0.1:5000`.
 */
export function openRegistry(
  host: string,
  options: RegistryOptions,
  parts: RegistryParts,
): Registry {
  return new Registry(host, options, parts);
}

export class Registry {
  readonly host: string;
  readonly #connection: Connection;
  readonly #crypto: Crypto;
  readonly #chunkBytes: number;
  readonly #records: UploadRecords;
  /** Null until it is known; the registry is asked once. */
  #hasReferrersApi: boolean | null = null;
  /** Lists by tag are read, changed and written one after another. */
  #tagWrites: Promise<void> = Promise.resolve();

  constructor(host: string, options: RegistryOptions, parts: RegistryParts) {
    this.host = host;
    this.#crypto = parts.crypto;
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    this.#records = parts.records ?? NO_RECORDS;
    const wire = new Wire({ ...options, plainHttp: options.plainHttp ?? false, host }, parts);
    this.#connection = new Connection({ ...options, host }, { ...parts, wire });
  }

  /**
   * Asks whether a registry, or a Helm repository, is there and takes the credentials.
   * @param path Repository that a token has to be good for, or where the Helm repository lies;
   *   empty for the registry as a whole.
   * @returns `open` when it did not ask for any.
   * @throws {RegistryError} `credentials`; `not-found` when neither answers there.
   */
  async checkLogin(path = ""): Promise<"checked" | "open"> {
    const call = {
      method: "GET",
      scopes: path === "" ? [] : [repositoryScope(path, "pull")],
      accepts: [200, 404],
      action: `log in to ${this.host}`,
    };
    const registry = await this.#connection.call({ ...call, url: "/v2/" });
    await registry.discard();
    if (registry.status === 404) {
      const index = `${path === "" ? "" : `/${path}`}/index.yaml`;
      const helm = await this.#connection.call({ ...call, url: index });
      await helm.discard();
      if (helm.status === 404) {
        throw new RegistryError(
          "not-found",
          `Cannot ${call.action}: neither an image registry nor a Helm repository answers there`,
          { hint: "Check the address, and the path of a Helm repository", status: 404 },
        );
      }
    }
    return this.#connection.wantsCredentials ? "checked" : "open";
  }

  /**
   * A manifest or index by tag or digest, byte-exact and checked.
   * @throws {RegistryError} `not-found`, `credentials`, `forbidden`
   */
  getManifest(repository: string, selector: string): Promise<Manifest> {
    return getManifest(this.#place(repository, selector), this.#crypto);
  }

  /** What a tag or digest points at; null when it is not there. */
  headManifest(repository: string, selector: string): Promise<Descriptor | null> {
    return headManifest(this.#place(repository, selector), this.#crypto);
  }

  /**
   * Stores a manifest as it is. One with a subject is listed for it: by the registry, or by us in
   * the referrers tag where the registry does not (its answer tells).
   */
  async putManifest(repository: string, selector: string, manifest: Manifest): Promise<void> {
    const { listsReferrers } = await putManifest(this.#place(repository, selector), manifest);
    if (manifest.subject === null || listsReferrers) return;
    const write = this.#tagWrites.then(() =>
      addToReferrersTag(this.#connection, repository, manifest, this.#crypto)
    );
    this.#tagWrites = write.catch(() => {});
    await write;
  }

  /** Bytes of a blob; null when it is not there. */
  headBlob(repository: string, digest: Digest): Promise<number | null> {
    return headBlob(this.#connection, repository, digest);
  }

  /** The blobs of a repository, read on where a connection breaks. */
  source(repository: string): ContentSource {
    return {
      has: async ({ digest, size }) => await this.headBlob(repository, digest) === size,
      open: (descriptor, offset = 0) => openBlob(this.#connection, repository, descriptor, offset),
    };
  }

  /**
   * Brings a blob into a repository, if it is not there: by a mount, else by its bytes.
   * @param open Gives the bytes from an offset on; called again when a connection breaks.
   * @throws {RegistryError} `credentials`, `forbidden`, `integrity`
   */
  async putBlob(
    repository: string,
    descriptor: Descriptor,
    open: OpenBytes,
    { mountFrom = [] }: { mountFrom?: readonly string[] } = {},
  ): Promise<"there" | UploadOutcome> {
    // One of another size is what an interrupted push of another tool has left.
    if (await this.headBlob(repository, descriptor.digest) === descriptor.size) return "there";
    const options = { chunkBytes: this.#chunkBytes, records: this.#records, mountFrom };
    return await uploadBlob(this.#connection, { repository, descriptor }, open, options);
  }

  /**
   * Every tag, sorted.
   * @throws {RegistryError} `not-found`
   */
  listTags(repository: string): Promise<string[]> {
    return listTags(this.#connection, repository);
  }

  /** Every repository that the registry tells of, sorted. */
  catalog(): Promise<string[]> {
    return listRepositories(this.#connection);
  }

  /** What is attached to a manifest: by the API, else by the tag. */
  async referrers(repository: string, digest: Digest): Promise<Descriptor[]> {
    if (this.#hasReferrersApi !== false) {
      const found = await askReferrers(this.#connection, repository, digest);
      this.#hasReferrersApi = found !== null;
      if (found !== null) return found;
    }
    return await readReferrersTag(this.#connection, repository, digest, this.#crypto);
  }

  /** Signatures, attestations and SBOMs in cosign's first form: found by their tags. */
  cosignTags(repository: string, digest: Digest): Promise<TaggedDescriptor[]> {
    return findCosignTags(this.#connection, repository, digest, this.#crypto);
  }

  close(): void {
    this.#connection.close();
  }

  #place(repository: string, selector: string) {
    return { connection: this.#connection, repository, selector };
  }
}
