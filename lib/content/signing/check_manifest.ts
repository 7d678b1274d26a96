/**
 * Checks signatures over manifests, in both forms that cosign makes: see `image_signature.ts`. What
 * is signed is a small text that names a digest; it counts only when that is the one looked for.
 * Anybody may attach anything: what cannot be read fits no key, and hides no signature beside it.
 */

import { UserError } from "../../errors.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { type Manifest, parseManifest } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media_types.ts";
import { readVerified } from "../../oci/verified.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { BundleItem } from "../bundle.ts";
import { decodeBase64 } from "./base64.ts";
import {
  COSIGN_PAYLOAD,
  COSIGN_SIGNATURE,
  PAYLOAD_TYPE,
  preAuthEncoding,
  SIGN_PREDICATE,
  STATEMENT,
} from "./image_signature.ts";
import { SIGSTORE_BUNDLE } from "./sigstore_bundle.ts";
import type { VerificationKey } from "./verification_key.ts";

/** A text, or a bundle with a certificate and a log entry in it, is smaller. */
const MAX_BYTES = 1024 * 1024;

export interface CheckManifestParts {
  /** Has the signatures, manifests and blobs. */
  source: ContentSource;
  crypto: Crypto;
}

/** What says something about manifests, by the digest that it is attached to. */
export type Attachments = ReadonlyMap<Digest, readonly Manifest[]>;

/** What is worth most of all that is attached. */
export interface FoundSignature {
  /** Of the manifest that holds it. */
  digest: Digest;
  /** `invalid` cannot be read, or says nothing about what it is attached to. */
  verdict: "fits" | "another key" | "invalid";
}

/**
 * Reads what is attached to manifests: by its subject, or by a tag `sha256-HEX.sig`.
 * @throws {UserError} What the source throws.
 */
export async function readAttachments(
  items: readonly BundleItem[],
  { source, crypto }: CheckManifestParts,
): Promise<Attachments> {
  const found = new Map<Digest, Manifest[]>();
  for (const { ref, type, descriptor } of items) {
    if (type !== "signature" || !isManifestType(descriptor.mediaType)) continue;
    const manifest = await readWholeManifest(ref, descriptor, { source, crypto });
    if (manifest === null) continue;
    const hex = /\bsha256-([0-9a-f]{64})\.sig$/.exec(ref)?.[1];
    const digest: Digest | null = hex === undefined
      ? manifest.subject?.digest ?? null
      : `sha256:${hex}`;
    if (digest !== null) found.set(digest, [...found.get(digest) ?? [], manifest]);
  }
  return found;
}

/**
 * Looks for a signature of one of the keys over one of these manifests.
 * @returns Null when nothing that is attached is a signature.
 * @throws {UserError} What the source throws; damage is a verdict.
 */
export async function findSignature(
  digests: readonly Digest[],
  attachments: Attachments,
  keys: readonly VerificationKey[],
  parts: CheckManifestParts,
): Promise<FoundSignature | null> {
  let best: FoundSignature | null = null;
  for (const subject of digests) {
    for (const { descriptor: { digest }, blobs } of attachments.get(subject) ?? []) {
      for (const layer of blobs.slice(1)) {
        const claim = await readClaim(layer, subject, parts);
        if (claim === "no signature") continue;
        if (claim === "invalid") best ??= { digest, verdict: claim };
        else if (keys.some((key) => fits(key, claim))) return { digest, verdict: "fits" };
        else if (best?.verdict !== "another key") best = { digest, verdict: "another key" };
      }
    }
  }
  return best;
}

/** What is wrong with the signature of an image; null for one that fits. */
export function signatureProblemOf(found: FoundSignature | null): string | null {
  switch (found?.verdict) {
    case undefined:
      return "it has no signature";
    case "invalid":
      return "its signature is damaged, or of something else";
    case "another key":
      return "it is signed with another key";
    case "fits":
      return null;
  }
}

/** What was signed about a digest. */
interface Claim {
  signed: Uint8Array;
  signatures: Uint8Array[];
}

function fits(key: VerificationKey, { signed, signatures }: Claim): boolean {
  return signatures.some((signature) => {
    const check = key.begin();
    check.update(signed);
    return check.fits(signature);
  });
}

async function readClaim(
  layer: Descriptor,
  subject: Digest,
  { source, crypto }: CheckManifestParts,
): Promise<Claim | "invalid" | "no signature"> {
  const { mediaType, annotations } = layer;
  if (mediaType !== COSIGN_PAYLOAD && mediaType !== SIGSTORE_BUNDLE) return "no signature";
  const bytes = await tolerated(() =>
    readVerified(source, layer, `a signature of ${subject}`, { crypto, limitBytes: MAX_BYTES })
  );
  if (bytes === null) return "invalid";
  return mediaType === COSIGN_PAYLOAD
    ? payloadClaim(bytes, annotations?.[COSIGN_SIGNATURE], subject)
    : envelopeClaim(bytes, subject);
}

function payloadClaim(
  bytes: Uint8Array,
  signatureText: string | undefined,
  subject: Digest,
): Claim | "invalid" {
  const payload = parsed(bytes) as {
    critical?: { type?: unknown; image?: Record<string, unknown> | null } | null;
  } | null;
  const signature = decoded(signatureText);
  const { type, image } = payload?.critical ?? {};
  const isOfIt = type === PAYLOAD_TYPE && image?.["docker-manifest-digest"] === subject;
  return isOfIt && signature !== null ? { signed: bytes, signatures: [signature] } : "invalid";
}

/** Of a sigstore bundle with an envelope (DSSE) around a statement (in-toto). */
function envelopeClaim(bytes: Uint8Array, subject: Digest): Claim | "invalid" | "no signature" {
  const bundle = parsed(bytes) as {
    dsseEnvelope?: { payload?: unknown; payloadType?: unknown; signatures?: unknown } | null;
  } | null;
  const { payload, payloadType, signatures } = bundle?.dsseEnvelope ?? {};
  const body = decoded(payload);
  if (body === null || payloadType !== STATEMENT || !Array.isArray(signatures)) return "invalid";
  const statement = parsed(body) as { predicateType?: unknown; subject?: unknown } | null;
  // An attestation says something about an image, not that it is good.
  const predicate = statement?.predicateType;
  if (typeof predicate === "string" && predicate !== SIGN_PREDICATE) return "no signature";
  const subjects: unknown[] = Array.isArray(statement?.subject) ? statement.subject : [];
  const isOfIt = subjects.some((each) =>
    (each as { digest?: { sha256?: unknown } | null } | null)?.digest?.sha256 === hexOf(subject)
  );
  if (predicate !== SIGN_PREDICATE || !isOfIt) return "invalid";
  const usable = signatures.map((each: { sig?: unknown } | null) => decoded(each?.sig))
    .filter((signature) => signature !== null);
  if (usable.length === 0) return "invalid";
  return { signed: preAuthEncoding(STATEMENT, body), signatures: usable };
}

/** Null for one that is damaged or not there; a registry that fails is an error. */
export async function readWholeManifest(
  ref: string,
  descriptor: Descriptor,
  { source, crypto }: CheckManifestParts,
): Promise<Manifest | null> {
  return await tolerated(async () => {
    if (!await source.has(descriptor)) return null;
    const name = ref === "" ? descriptor.digest : ref;
    const bytes = await readVerified(source, descriptor, name, { crypto });
    return await parseManifest(bytes, descriptor.mediaType, name, crypto);
  });
}

/** Null for what is damaged or not there; a registry that fails is no verdict. */
async function tolerated<T>(work: () => Promise<T | null>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError && ["integrity", "not-found"].includes(error.code)) return null;
    throw error;
  }
}

/** Null for what is no base64. */
function decoded(text: unknown): Uint8Array<ArrayBuffer> | null {
  if (typeof text !== "string") return null;
  try {
    return decodeBase64(text);
  } catch {
    return null;
  }
}

/** Null for what is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
