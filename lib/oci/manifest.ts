import { UserError } from "../errors.ts";
import type { Crypto } from "../runtime/crypto.ts";
import type { Descriptor, Platform } from "./descriptor.ts";
import { type Digest, digestOf, isDigest } from "./digest.ts";
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from "./media_types.ts";

/** A manifest or index as it stands in its registry: its bytes are what its digest is of. */
export interface Manifest {
  descriptor: Descriptor;
  bytes: Uint8Array<ArrayBuffer>;
  /** An index: what it lists. */
  manifests: Descriptor[];
  /** A manifest: config and layers, in their order. */
  blobs: Descriptor[];
  annotations: Record<string, string>;
  artifactType: string;
  /** What it is attached to. */
  subject: Descriptor | null;
}

/**
 * Reads a manifest or index without changing a byte.
 * @param what Names it in errors.
 * @throws {UserError} `integrity` when it is none.
 */
export async function parseManifest(
  bytes: Uint8Array<ArrayBuffer>,
  mediaType: string,
  what: string,
  crypto: Crypto,
): Promise<Manifest> {
  const refuse = (reason: string) =>
    new UserError("integrity", `Cannot use the manifest of ${what}: ${reason}`);
  let fields: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (!isRecord(parsed)) throw new TypeError("it is no object");
    fields = parsed;
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const written = fields["mediaType"];
  const type = typeof written === "string" && written !== "" ? written : mediaType;
  const known = isManifestType(type) ? type : "manifests" in fields ? OCI_INDEX : OCI_MANIFEST;
  const list = (name: string): Descriptor[] => {
    const value = fields[name] ?? [];
    if (!Array.isArray(value)) throw refuse(`${name} is no list`);
    return value.map((item) => descriptorOf(item) ?? fail(refuse(`an entry of ${name}`)));
  };
  const config = fields["config"] === undefined ? null : descriptorOf(fields["config"]);
  const isIndex = isIndexType(known);
  if (!isIndex && config === null) throw refuse("it has no config");
  const artifactType = fields["artifactType"];
  return {
    descriptor: {
      mediaType: known,
      digest: await digestOf(bytes, crypto),
      size: bytes.length,
    },
    bytes,
    manifests: isIndex ? list("manifests") : [],
    blobs: isIndex || config === null ? [] : [config, ...list("layers")],
    annotations: textsOf(fields["annotations"]) ?? {},
    artifactType: typeof artifactType === "string" ? artifactType : config?.mediaType ?? "",
    subject: fields["subject"] === undefined ? null : descriptorOf(fields["subject"]),
  };
}

/** Null for what is no descriptor. */
export function descriptorOf(value: unknown): Descriptor | null {
  if (!isRecord(value)) return null;
  const { mediaType, digest, size, artifactType, urls } = value;
  if (typeof digest !== "string" || !isDigest(digest)) return null;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return null;
  const annotations = textsOf(value["annotations"]);
  const platform = platformOf(value["platform"]);
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "application/octet-stream",
    digest: digest as Digest,
    size,
    ...(annotations === null ? {} : { annotations }),
    ...(platform === null ? {} : { platform }),
    ...(typeof artifactType === "string" ? { artifactType } : {}),
    ...(Array.isArray(urls) && urls.every((url) => typeof url === "string") ? { urls } : {}),
  };
}

function platformOf(value: unknown): Platform | null {
  if (!isRecord(value)) return null;
  const { os, architecture, variant } = value;
  if (typeof os !== "string" || typeof architecture !== "string") return null;
  return { os, architecture, ...(typeof variant === "string" ? { variant } : {}) };
}

function textsOf(value: unknown): Record<string, string> | null {
  if (!isRecord(value)) return null;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] =>
      typeof entry[1] === "string"
    ),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fail(error: UserError): never {
  throw error;
}
