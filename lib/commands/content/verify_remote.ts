import { UserError } from "../../errors.ts";
import type { BundleItem } from "../../content/bundle.ts";
import { destinationOf } from "../../content/destination.ts";
import { checkBundleImages } from "../../content/signing/check_bundle_images.ts";
import { findSignature, readAttachments } from "../../content/signing/check_manifest.ts";
import { readVerificationKey } from "../../content/signing/verification_key.ts";
import { below } from "../../content/transfer/push_bundle.ts";
import {
  openRemoteBundle,
  type RemoteBundle,
  type RemoteName,
  wantedOf,
} from "../../content/transfer/remote_bundle.ts";
import { type BundleProblem, verifyBundle } from "../../content/verify_bundle.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { inFlight } from "../../runtime/in_flight.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import { findRemoteBundle } from "./find_remote_bundle.ts";
import { openRegistries } from "./open_registries.ts";
import { definitionAt } from "./remote_reference.ts";
import { DEFAULT_JOBS } from "./transfer_defaults.ts";
import type {
  ExamineParts,
  SignatureReport,
  VerifiedContent,
  VerifyContentOptions,
} from "./verify.ts";

/** Verifies a bundle in a registry: every blob is read, none is kept. */
export async function examineRemote(
  { path: reference, key, signature: signatureFile, flags }: VerifyContentOptions,
  { imageKeys, progress }: ExamineParts,
  context: CommandContext,
): Promise<VerifiedContent> {
  const { runtime: { crypto }, signal } = context;
  if (signatureFile !== undefined) {
    throw new UserError("usage", `--signature is for files, and "${reference}" is none`, {
      hint: "A bundle in a registry has its signature beside it: leave --signature out",
    });
  }
  const registries = await openRegistries(flags, context);
  try {
    const remote = await findRemoteBundle(reference, "PATH", registries);
    const place = definitionAt(remote);
    const parts = { registries, crypto, jobs: DEFAULT_JOBS, skipsMissing: true };
    const bundle = await openRemoteBundle(remote, parts);
    const signature = key === undefined ? null : await reportOnSignature(bundle, key, context);
    const report = await verifyBundle(bundle, {
      crypto,
      signal,
      onBytes: (doneBytes, totalBytes) =>
        progress.moved({ doneBytes, totalBytes, label: "content" }),
    });
    report.problems.push(
      ...await checkTags(bundle, remote, { registries, crypto }),
      ...(key === undefined ? [] : withoutDigest(bundle)),
    );
    const images = await checkBundleImages(bundle, imageKeys, crypto);
    return { place, kind: "bundle", name: bundle.name, signature, report, images };
  } finally {
    registries.close();
  }
}

/** The definition is signed: it names everything else by its digest. */
async function reportOnSignature(
  { items, source, place }: RemoteBundle,
  keyFile: string,
  { runtime }: CommandContext,
): Promise<SignatureReport> {
  const { crypto } = runtime;
  const key = await readVerificationKey(expandPath(keyFile, runtime), "--key", runtime);
  const { digest } = definitionOf(items, place).descriptor;
  const { algorithm, keyId } = key;
  const report = { algorithm, keyAlgorithm: algorithm, keyId, digest };
  const parts = { source, crypto };
  const found = await findSignature([digest], await readAttachments(items, parts), [key], parts);
  if (found !== null) {
    const file = `${place.replace(/:[^:/]+$/, "")}@${found.digest}`;
    return { fits: found.verdict === "fits", file, ...report };
  }
  throw new UserError("not-found", `There is no signature of "${place}" beside it`, {
    hint: "palette content build --push --private-key KEY signs what it pushes",
  });
}

function definitionOf(items: readonly BundleItem[], place: string): BundleItem {
  const found = items.find(({ type }) => type === "bundle");
  if (found !== undefined) return found;
  throw new RangeError(`${place} has no definition`);
}

/** Hosts pull by tag: one that was moved since gives them something else. */
async function checkTags(
  { name, definition }: RemoteBundle,
  { host, base }: RemoteName,
  { registries, crypto }: { registries: Registries; crypto: Crypto },
): Promise<BundleProblem[]> {
  const registry = registries.open(host);
  const found = await inFlight(wantedOf(definition), DEFAULT_JOBS, async (wanted) => {
    const { ref, digest } = wanted;
    const destination = await destinationOf(wanted, name, crypto);
    const { repository = null, tag = null } = destination ?? {};
    if (digest === null || repository === null || tag === null) return [];
    const place = below(base, repository);
    const there = await registry.headManifest(place, tag);
    if (there?.digest === digest) return [];
    const problem = there === null
      ? "there is no such tag"
      : `the tag points to ${there.digest}, not to what the bundle has`;
    return [{ what: `${registry.host}/${place}:${tag}`, problem, items: [ref] }];
  });
  return found.flat();
}

/** What is signed is the definition, and by it only what it names by digest. */
function withoutDigest({ definition }: RemoteBundle): BundleProblem[] {
  const problem = "the definition names no digest: the signature does not cover it";
  return wantedOf(definition).filter(({ digest }) => digest === null)
    .map(({ ref }) => ({ what: ref, problem, items: [ref] }));
}
