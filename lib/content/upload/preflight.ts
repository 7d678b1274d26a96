/** What can be known before the first byte goes: it saves hours on slow networks. */

import { UserError } from "../../errors.ts";
import { digestFrom, hexOf } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { beginsAsDefinition, examineDefinition } from "../profiles/cluster_definition.ts";
import { type VerificationKey, verificationKeyOf } from "../signing/verification_key.ts";
import type { EdgeHost } from "./edge_host.ts";
import { getSigningKey } from "./host_facts.ts";
import type { UploadReport } from "./upload_report.ts";
import { HEAD_BYTES, type UploadSource } from "./upload_source.ts";

export interface PreflightParts {
  crypto: Crypto;
  report: UploadReport;
}

/**
 * Checks the signature as the host will. A host without a key takes anything.
 * @returns SHA-256 of the file in hexadecimal, when it had to be read.
 * @throws {UserError} `prerequisite` without a signature, `integrity` with a wrong one.
 */
export async function checkSignatureForHost(
  host: EdgeHost,
  source: UploadSource,
  signature: Uint8Array | null,
  { crypto, report }: PreflightParts,
): Promise<string | null> {
  const pem = await getSigningKey(host);
  if (pem === null) return null;
  if (signature === null) {
    throw new UserError(
      "prerequisite",
      `${host.place} takes only signed content, and "${source.place}" has no signature`,
      { hint: "Sign it with the key that belongs to the host's, and pass --signature FILE" },
    );
  }
  if (!source.isLocal) {
    report.say("the signature is left to the host to check: the file is not here");
    return null;
  }
  const key = await usableKey(pem, host, crypto);
  if (key === null) return null;
  report.say("checking the signature with the key of the host");
  const check = key.begin();
  const hash = await crypto.sha256();
  for await (const piece of source.pieces(0, source.identity.size, host.signal)) {
    check.update(piece);
    hash.update(piece);
  }
  if (check.fits(signature)) return hexOf(digestFrom(hash.digest()));
  throw new UserError(
    "integrity",
    `The signature of "${source.place}" does not fit the key of ${host.place}`,
    { hint: "Sign the file with the private key of the one that is embedded in the host's image" },
  );
}

/** A key of a kind that is not known here is the host's business. */
async function usableKey(
  pem: string,
  host: EdgeHost,
  crypto: Crypto,
): Promise<VerificationKey | null> {
  try {
    return await verificationKeyOf(pem, `the key of ${host.place}`, crypto);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    host.log.warn("the signature is left to the host to check", { reason: error.message });
    return null;
  }
}

/** SHA-256 of a whole source, in hexadecimal. */
export async function digestOfSource(
  host: EdgeHost,
  source: UploadSource,
  { crypto, report }: PreflightParts,
): Promise<string> {
  report.say(`reading ${source.name} for --full-verify`);
  const hash = await crypto.sha256();
  for await (const piece of source.pieces(0, source.identity.size, host.signal)) hash.update(piece);
  return hexOf(digestFrom(hash.digest()));
}

/**
 * Looks whether a source is a cluster definition: all of it here, by its beginning elsewhere.
 * @throws {UserError} `validation`
 */
export async function assertClusterDefinition(
  source: UploadSource,
  signal: AbortSignal,
): Promise<void> {
  const { size } = source.identity;
  const fault = await faultOf(source, signal, size);
  if (fault === null) return;
  throw new UserError("validation", `"${source.place}" is no cluster definition: ${fault}`, {
    hint: "Leave --cluster-export out for a bundle; a definition in it is taken by the host",
  });
}

async function faultOf(
  source: UploadSource,
  signal: AbortSignal,
  size: number,
): Promise<string | null> {
  const head: number[] = [];
  for await (const piece of source.pieces(0, Math.min(2, size), signal)) head.push(...piece);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return "no gzip archive";
  if (source.isLocal) return (await examineDefinition(source.pieces(0, size, signal))).fault;
  const isOne = await beginsAsDefinition(source.pieces(0, Math.min(HEAD_BYTES, size), signal));
  return isOne ? null : "it does not begin with a folder spc/";
}
