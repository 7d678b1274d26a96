import { UserError } from "../../errors.ts";
import { kindOfPath } from "../../content/archive/kind_of_path.ts";
import { openArchiveFile } from "../../content/archive/open_archive_file.ts";
import { wholeNameOf } from "../../content/archive/whole_name.ts";
import type { Bundle } from "../../content/bundle.ts";
import type { DefinitionVerdict } from "../../content/definition_check.ts";
import { filePieces } from "../../content/file_pieces.ts";
import {
  beginsAsDefinition,
  type DefinitionReport,
  examineDefinition,
} from "../../content/profiles/cluster_definition.ts";
import { algorithmOfSignature } from "../../content/signing/algorithm.ts";
import { checkBundleImages, type ImagesReport } from "../../content/signing/check_bundle_images.ts";
import { checkSignature } from "../../content/signing/check_signature.ts";
import { readSignature, signatureFileOf } from "../../content/signing/signature_file.ts";
import {
  readVerificationKey,
  type VerificationKey,
} from "../../content/signing/verification_key.ts";
import { type BundleReport, verifyBundle } from "../../content/verify_bundle.ts";
import { formatTable } from "../../output/table.ts";
import type { TransferProgress } from "../../output/transfer_progress.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import { readImageKeys } from "./image_keys.ts";
import { isPath, localPathOf, openLocalBundle, requireBundleFile } from "./open_local_bundle.ts";
import type { RegistryFlags } from "./open_registries.ts";
import { signatureFilesBeside } from "./signature_files.ts";
import { transferProgressOf } from "./transfer_progress.ts";
import { verdictError } from "./verify_verdict.ts";

export interface VerifyContentOptions {
  /** As the user wrote it: a path, or a reference. */
  path: string;
  key: string | undefined;
  signature: string | undefined;
  /** Files of public keys, one of which has to have signed each image. */
  verifyImages: string[];
  /** Undefined: on a terminal alone. */
  progress: boolean | undefined;
  /** How the registry of a reference is reached. */
  flags: RegistryFlags;
}

export interface SignatureReport {
  fits: boolean;
  /** Or where it lies in a registry. */
  file: string;
  /** Of the signature, which the key need not have. */
  algorithm: string;
  keyAlgorithm: string;
  keyId: string;
  /** SHA-256 of what was signed. */
  digest: string;
}

/** What was found out about something, wherever it lies. */
export interface VerifiedContent {
  /** As messages name it. */
  place: string;
  kind: "bundle" | "cluster-definition";
  /** Of a bundle that could be opened. */
  name: string | null;
  signature: SignatureReport | null;
  /** `definition` is null for what has none by its nature. */
  report: Omit<BundleReport, "definition"> & { definition: DefinitionVerdict | null };
  /** Null when no keys for images are given. */
  images: ImagesReport | null;
}

/** What verifying goes by, besides what the user asked for. */
export interface ExamineParts {
  /** Of `--verify-images`. */
  imageKeys: readonly VerificationKey[];
  progress: TransferProgress;
}

/** Verifies a bundle or a cluster definition; a negative verdict is an error of its own. */
export async function verifyContent(
  options: VerifyContentOptions,
  context: CommandContext,
): Promise<void> {
  const { printer } = context;
  const progress = transferProgressOf(options, context);
  const imageKeys = await readImageKeys(options.verifyImages, context);
  let verified: VerifiedContent;
  try {
    verified = await examine(options, { imageKeys, progress }, context);
  } finally {
    progress.end();
  }
  const { place, kind, name, signature, report, images } = verified;
  const problems = [
    ...(signature?.fits === false
      ? [{ what: signature.file, problem: "does not fit the key and the file", items: [] }]
      : []),
    ...report.problems,
    ...images?.problems ?? [],
  ];
  await printer.result({
    document: () => ({
      file: place,
      kind,
      verified: problems.length === 0,
      name,
      signature: signature === null ? null : { ...signature },
      images: images === null
        ? null
        : { checked: images.checked, signed: images.checked - images.problems.length },
      items: report.items,
      blobs: report.blobs,
      bytes: report.bytes,
      definition: report.definition,
      problems: problems.map((problem) => ({ ...problem })),
    }),
    text: () => {
      if (problems.length > 0) {
        return formatTable(
          ["WHAT", "PROBLEM", "ITEMS"],
          problems.map(({ what, problem, items }) => [what, problem, items.join(", ")]),
        );
      }
      const what = kind === "bundle" ? "Content" : "Cluster definition";
      const verdict = signature === null ? `${what} OK, signature not checked` : "Verified OK";
      return `${verdict}${images === null ? "" : `, ${signedImages(images)}`}\n`;
    },
  });
  if (report.definition === "absent") {
    printer.notice("there is no definition in it: only what its index lists could be looked for");
  }
  const error = verdictError(verified, options);
  if (error !== null) throw error;
}

function signedImages({ checked }: ImagesReport): string {
  if (checked === 0) return "no images to check";
  return checked === 1 ? "1 image signed" : `${checked} images signed`;
}

async function examine(
  options: VerifyContentOptions,
  parts: ExamineParts,
  context: CommandContext,
): Promise<VerifiedContent> {
  const path = localPathOf(options.path, context.runtime);
  if (await isReference(options.path, path, context)) {
    const { examineRemote } = await import("./verify_remote.ts");
    return await examineRemote(options, parts, context);
  }
  // Before a signature is missed that could not be there either.
  await requireBundleFile(path, context);
  await refuseOther(path, context);
  const isAlone = await isDefinition(path, context);
  if (isAlone && parts.imageKeys.length > 0) {
    throw new UserError("usage", `--verify-images is for bundles, and "${path}" holds no images`, {
      hint: "Leave --verify-images out to verify a cluster definition",
    });
  }
  const signature = await reportOnSignature(path, options, parts.progress, context);
  if (isAlone) {
    const { files, bytes, fault } = await readDefinitionFile(path, context);
    const problems = fault === null ? [] : [{ what: path, problem: fault, items: [] }];
    const report = { items: files, blobs: 0, bytes, definition: null, problems };
    const kind = "cluster-definition";
    return { place: path, kind, name: null, signature, report, images: null };
  }
  const content = await reportOnContent(path, parts, context);
  return { place: path, kind: "bundle", signature, ...content };
}

/** A file that neither is an archive nor is called like one is no damaged archive. */
async function refuseOther(path: string, { runtime: { files } }: CommandContext): Promise<void> {
  if (ARCHIVE_NAME.test(path) || await kindOfPath(path, files) !== "other") return;
  throw new UserError("validation", `Cannot verify "${path}": it is no bundle`, {
    hint:
      "Give the archive that palette content build wrote, its list of parts, or a layout folder",
  });
}

const ARCHIVE_NAME = /(\.(tar|tgz|gz|zst|\d{3}|parts\.json)|_part\d+)$/i;

/** What is neither there nor meant as a path. */
async function isReference(
  text: string,
  path: string,
  { runtime: { files } }: CommandContext,
): Promise<boolean> {
  return !isPath(text) && await kindOfPath(path, files) === "none";
}

async function isDefinition(path: string, { runtime: { files } }: CommandContext) {
  if (!(await files.info(path))?.isFile) return false;
  const reader = await files.openReader(path);
  try {
    const head = new Uint8Array(2);
    reader.readAt(head, 0);
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    return isGzip && await beginsAsDefinition(filePieces(reader));
  } finally {
    reader.close();
  }
}

async function readDefinitionFile(
  path: string,
  { runtime: { files }, signal }: CommandContext,
): Promise<DefinitionReport> {
  const reader = await files.openReader(path);
  try {
    return await examineDefinition(filePieces(reader, { signal }));
  } finally {
    reader.close();
  }
}

async function reportOnSignature(
  path: string,
  { key: keyFile, signature: signatureFile }: VerifyContentOptions,
  progress: TransferProgress,
  { runtime, signal }: CommandContext,
): Promise<SignatureReport | null> {
  if (keyFile === undefined) return null;
  const { files, crypto } = runtime;
  const key = await readVerificationKey(expandPath(keyFile, runtime), "--key", runtime);
  if ((await files.info(path))?.isFolder) {
    throw new UserError("usage", `"${path}" is a folder: only archives have a signature`, {
      hint: "Leave --key out to verify what is in it",
    });
  }
  const file = signatureFile === undefined
    ? await signatureBeside(path, runtime)
    : expandPath(signatureFile, runtime);
  const signature = await readSignature(file, files);
  const content = await openArchiveFile(path, files);
  try {
    const counted = counting(
      content,
      (doneBytes) => progress.moved({ doneBytes, totalBytes: content.size, label: "signature" }),
    );
    const { fits, digest } = await checkSignature(counted, signature, key, { crypto, signal });
    const { algorithm: keyAlgorithm, keyId } = key;
    const algorithm = fits ? keyAlgorithm : algorithmOfSignature(signature);
    return { fits, file, algorithm, keyAlgorithm, keyId, digest };
  } finally {
    content.close();
  }
}

/** The signature that lies with an archive, in either form. */
async function signatureBeside(
  path: string,
  { files }: Pick<CommandContext["runtime"], "files">,
): Promise<string> {
  const [file] = await signatureFilesBeside(path, files);
  if (file !== undefined) return file;
  throw new UserError("not-found", `There is no signature of "${path}" beside it`, {
    hint: `Pass --signature FILE; ${signatureFileOf(wholeNameOf(path))} was looked for`,
  });
}

/** A damaged archive is a verdict; one that cannot be read is none. */
async function reportOnContent(
  path: string,
  { imageKeys, progress }: ExamineParts,
  context: CommandContext,
): Promise<{ name: string | null; report: BundleReport; images: ImagesReport | null }> {
  const { runtime: { crypto }, signal } = context;
  let bundle: Bundle;
  try {
    bundle = await openLocalBundle(path, context);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "integrity") throw error;
    const problem = { what: path, problem: error.message, items: [] };
    return {
      name: null,
      report: { items: 0, blobs: 0, bytes: 0, definition: "unreadable", problems: [problem] },
      images: null,
    };
  }
  try {
    const report = await verifyBundle(bundle, {
      crypto,
      signal,
      onBytes: (doneBytes, totalBytes) =>
        progress.moved({ doneBytes, totalBytes, label: "content" }),
    });
    return {
      name: bundle.name,
      report,
      images: await checkBundleImages(bundle, imageKeys, crypto),
    };
  } finally {
    bundle.close();
  }
}

/** A file that tells how far it was read. */
function counting(
  file: { size: number; readAt(buffer: Uint8Array, offset: number): number },
  onRead: (doneBytes: number) => void,
) {
  return {
    size: file.size,
    readAt(buffer: Uint8Array, offset: number): number {
      const count = file.readAt(buffer, offset);
      onRead(offset + count);
      return count;
    },
  };
}
