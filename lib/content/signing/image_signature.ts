/**
 * Signatures over a manifest, in both forms that cosign looks for: a sigstore bundle attached as a
 * referrer (cosign 3), and a payload of its own under the tag `sha256-HEX.sig` (cosign before it,
 * specs/SIGNATURE_SPEC.md).
 */

import type { Descriptor } from "../../oci/descriptor.ts";
import { digestOf, hexOf } from "../../oci/digest.ts";
import { type Manifest, parseManifest } from "../../oci/manifest.ts";
import { OCI_EMPTY, OCI_MANIFEST } from "../../oci/media_types.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { concatBytes } from "../../runtime/streams.ts";
import { encodeBase64 } from "./base64.ts";
import { publicKeyMaterial, SIGSTORE_BUNDLE } from "./sigstore_bundle.ts";
import type { SigningKey } from "./signing_key.ts";

/** A signature, ready to be put where its subject lies. */
export interface ManifestSignature {
  manifest: Manifest;
  /** Config and layers of the manifest. */
  blobs: { descriptor: Descriptor; bytes: Uint8Array<ArrayBuffer> }[];
  /** What it is called; null for one that is found by its subject. */
  tag: string | null;
}

export const COSIGN_PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json";
const IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json";
export const COSIGN_SIGNATURE = "dev.cosignproject.cosign/signature";
export const PAYLOAD_TYPE = "cosign container image signature";
export const STATEMENT = "application/vnd.in-toto+json";
export const SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1";

/**
 * Signs a manifest.
 * @param repository Where it lies, without tag: `example.com/bundle/bundle-definition`.
 */
export async function signManifest(
  subject: Descriptor,
  repository: string,
  key: SigningKey,
  crypto: Crypto,
): Promise<ManifestSignature[]> {
  return [
    await attachedSignature(subject, key, crypto),
    await taggedSignature(subject, repository, key, crypto),
  ];
}

/** A statement about the digest (in-toto v1) in an envelope (DSSE), in a sigstore bundle. */
async function attachedSignature(
  { mediaType, digest, size }: Descriptor,
  key: SigningKey,
  crypto: Crypto,
): Promise<ManifestSignature> {
  const statement = encode({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: hexOf(digest) } }],
    predicateType: SIGN_PREDICATE,
    predicate: {},
  });
  const signing = key.begin();
  signing.update(preAuthEncoding(STATEMENT, statement));
  const bundle = encode({
    mediaType: SIGSTORE_BUNDLE,
    verificationMaterial: publicKeyMaterial(key.keyId),
    dsseEnvelope: {
      payload: encodeBase64(statement),
      payloadType: STATEMENT,
      signatures: [{ sig: encodeBase64(signing.sign()) }],
    },
  });
  const config = await blobOf(encode({}), OCI_EMPTY, crypto);
  const layer = await blobOf(bundle, SIGSTORE_BUNDLE, crypto);
  const manifest = await manifestOf({
    artifactType: SIGSTORE_BUNDLE,
    config: config.descriptor,
    layers: [layer.descriptor],
    subject: { mediaType, digest, size },
    annotations: {
      "dev.sigstore.bundle.content": "dsse-envelope",
      "dev.sigstore.bundle.predicateType": SIGN_PREDICATE,
    },
  }, crypto);
  return { manifest, blobs: [config, layer], tag: null };
}

async function taggedSignature(
  { digest }: Descriptor,
  repository: string,
  key: SigningKey,
  crypto: Crypto,
): Promise<ManifestSignature> {
  const payload = encode({
    critical: {
      identity: { "docker-reference": repository },
      image: { "docker-manifest-digest": digest },
      type: PAYLOAD_TYPE,
    },
    optional: null,
  });
  const signing = key.begin();
  signing.update(payload);
  const layer = await blobOf(payload, COSIGN_PAYLOAD, crypto);
  const config = await blobOf(
    encode({
      architecture: "",
      os: "",
      config: {},
      rootfs: { type: "layers", diff_ids: [layer.descriptor.digest] },
    }),
    IMAGE_CONFIG,
    crypto,
  );
  const annotations = { [COSIGN_SIGNATURE]: encodeBase64(signing.sign()) };
  const manifest = await manifestOf({
    config: config.descriptor,
    layers: [{ ...layer.descriptor, annotations }],
  }, crypto);
  return { manifest, blobs: [config, layer], tag: `${digest.replace(":", "-")}.sig` };
}

/** What is signed of an envelope (DSSE, protocol.md): lengths keep type and body apart. */
export function preAuthEncoding(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`DSSEv1 ${type.length} ${type} ${body.length} `);
  return concatBytes([head, body]);
}

async function blobOf(bytes: Uint8Array<ArrayBuffer>, mediaType: string, crypto: Crypto) {
  return {
    descriptor: { mediaType, digest: await digestOf(bytes, crypto), size: bytes.length },
    bytes,
  };
}

async function manifestOf(fields: Record<string, unknown>, crypto: Crypto): Promise<Manifest> {
  const bytes = encode({ schemaVersion: 2, mediaType: OCI_MANIFEST, ...fields });
  return await parseManifest(bytes, OCI_MANIFEST, "a signature", crypto);
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
