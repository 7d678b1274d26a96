/** Signatures over a manifest, as cosign makes them: `image_signature.ts` tells of both forms. */

import type { ContentSource } from "../../oci/content_source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { readVerified } from "../../oci/verified.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { decodeBase64 } from "./base64.ts";
import { PAYLOAD, preAuthEncoding, PREDICATE, SIGNATURE, STATEMENT } from "./image_signature.ts";
import { SIGSTORE_BUNDLE } from "./sigstore_bundle.ts";
import type { VerificationKey } from "./verification_key.ts";

/** What was signed, and with what. */
interface Claim {
  /** What the signature covers. */
  content: Uint8Array;
  signature: Uint8Array;
  /** Manifests that the content speaks of. */
  digests: unknown[];
}

/**
 * Whether what is attached to a manifest holds a signature over it that fits a key; null when it
 * holds none at all. A damaged one fits nothing: anybody may attach one.
 * @throws {UserError} `integrity` for bytes that are not what was announced.
 */
export async function checkManifestSignature(
  attached: Descriptor,
  subject: Digest,
  key: VerificationKey,
  { source, crypto }: { source: ContentSource; crypto: Crypto },
): Promise<boolean | null> {
  const what = `the signature ${attached.digest}`;
  const bytes = await readVerified(source, attached, what, { crypto });
  const manifest = await parseManifest(bytes, attached.mediaType, what, crypto);
  if (manifest.subject !== null && manifest.subject.digest !== subject) return null;
  let fits: boolean | null = null;
  for (const layer of manifest.blobs.slice(1)) {
    if (layer.mediaType !== PAYLOAD && layer.mediaType !== SIGSTORE_BUNDLE) continue;
    const content = await readVerified(source, layer, what, { crypto });
    const claim = layer.mediaType === PAYLOAD
      ? payloadClaim(content, layer.annotations?.[SIGNATURE])
      : envelopeClaim(content);
    if (claim === "of something else") continue;
    fits = fits === true || (claim !== null && isTrue(claim, subject, key));
  }
  return fits;
}

function isTrue({ content, signature, digests }: Claim, subject: Digest, key: VerificationKey) {
  const check = key.begin();
  check.update(content);
  return check.fits(signature) && digests.includes(subject);
}

function payloadClaim(content: Uint8Array, text: string | undefined): Claim | null {
  const payload = parse(content) as {
    critical?: { image?: Record<string, unknown> };
  } | null;
  const digest = payload?.critical?.image?.["docker-manifest-digest"];
  const signature = decoded(text);
  return signature === null ? null : { content, signature, digests: [digest] };
}

/** Of a sigstore bundle with an envelope (DSSE) around a statement (in-toto). */
function envelopeClaim(content: Uint8Array): Claim | "of something else" | null {
  const envelope = (parse(content) as {
    dsseEnvelope?: { payload?: unknown; payloadType?: unknown; signatures?: { sig?: unknown }[] };
  } | null)?.dsseEnvelope;
  const signatures = Array.isArray(envelope?.signatures) ? envelope.signatures : [];
  const [body, signature] = [decoded(envelope?.payload), decoded(signatures[0]?.sig)];
  if (body === null || signature === null || envelope?.payloadType !== STATEMENT) return null;
  const statement = parse(body) as {
    predicateType?: unknown;
    subject?: { digest?: { sha256?: unknown } }[];
  } | null;
  // SBOMs and other attestations are no signature.
  if (statement?.predicateType !== PREDICATE) return "of something else";
  const subjects = Array.isArray(statement.subject) ? statement.subject : [];
  return {
    content: preAuthEncoding(STATEMENT, body),
    signature,
    digests: subjects.map(({ digest }) => `sha256:${digest?.sha256}`),
  };
}

function decoded(text: unknown): Uint8Array<ArrayBuffer> | null {
  if (typeof text !== "string") return null;
  try {
    return decodeBase64(text);
  } catch {
    return null;
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
