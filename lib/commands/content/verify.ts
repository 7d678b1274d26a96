import { UserError } from "../../errors.ts";
import { openArchiveFile } from "../../content/archive/open_archive_file.ts";
import { wholeNameOf } from "../../content/archive/whole_name.ts";
import type { Bundle } from "../../content/bundle.ts";
import { checkSignature } from "../../content/signing/check_signature.ts";
import {
  readSignature,
  signatureFileOf,
  sigstoreFileOf,
} from "../../content/signing/signature_file.ts";
import { readVerificationKey } from "../../content/signing/verification_key.ts";
import { type BundleReport, verifyBundle } from "../../content/verify_bundle.ts";
import { formatTable } from "../../output/table.ts";
import { TransferProgress } from "../../output/transfer_progress.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import { localPathOf, openLocalBundle, requireBundleFile } from "./open_local_bundle.ts";

export interface VerifyContentOptions {
  path: string;
  key: string | undefined;
  signature: string | undefined;
}

interface SignatureReport {
  fits: boolean;
  file: string;
  algorithm: string;
  keyId: string;
  /** SHA-256 of what was signed. */
  digest: string;
}

/** Verifies a bundle on this machine; a negative verdict is an error of its own. */
export async function verifyContent(
  options: VerifyContentOptions,
  context: CommandContext,
): Promise<void> {
  const { printer, runtime, settings } = context;
  const path = localPathOf(options.path, runtime);
  // Before a signature is missed that could not be there either.
  await requireBundleFile(path, context);
  const progress = new TransferProgress({
    stderr: runtime.streams.stderr,
    clock: runtime.clock,
    isSilent: settings.quiet || printer.format !== "table",
    color: settings.color,
  });
  let signature: SignatureReport | null;
  let content: { name: string | null; report: BundleReport };
  try {
    signature = await reportOnSignature(path, options, progress, context);
    content = await reportOnContent(path, progress, context);
  } finally {
    progress.end();
  }
  const { name, report } = content;
  const problems = [
    ...(signature?.fits === false
      ? [{ what: signature.file, problem: "does not fit the key and the file", items: [] }]
      : []),
    ...report.problems,
  ];
  await printer.result({
    document: () => ({
      file: path,
      verified: problems.length === 0,
      name,
      signature: signature === null ? null : { ...signature },
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
      return signature === null ? "Content OK, signature not checked\n" : "Verified OK\n";
    },
  });
  if (report.definition === "absent") {
    printer.notice("there is no definition in it: only what its index lists could be looked for");
  }
  if (problems.length === 0) return;
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  throw new UserError("checks-failed", `"${path}" is not what was made: ${count}`, {
    hint: "Copy it again from where it was built, or build it again",
  });
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
    return { fits, file, algorithm: key.algorithm, keyId: key.keyId, digest };
  } finally {
    content.close();
  }
}

/** The signature that lies with an archive, in either form. */
async function signatureBeside(
  path: string,
  { files }: Pick<CommandContext["runtime"], "files">,
): Promise<string> {
  const whole = wholeNameOf(path);
  for (const file of [signatureFileOf(whole), sigstoreFileOf(whole)]) {
    if ((await files.info(file))?.isFile) return file;
  }
  throw new UserError("not-found", `There is no signature of "${path}" beside it`, {
    hint: `Pass --signature FILE; ${signatureFileOf(whole)} was looked for`,
  });
}

/** A damaged archive is a verdict; one that cannot be read is none. */
async function reportOnContent(
  path: string,
  progress: TransferProgress,
  context: CommandContext,
): Promise<{ name: string | null; report: BundleReport }> {
  let bundle: Bundle;
  try {
    bundle = await openLocalBundle(path, context);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "integrity") throw error;
    const problem = { what: path, problem: error.message, items: [] };
    return {
      name: null,
      report: { items: 0, blobs: 0, bytes: 0, definition: "unreadable", problems: [problem] },
    };
  }
  try {
    const report = await verifyBundle(bundle, {
      crypto: context.runtime.crypto,
      signal: context.signal,
      onBytes: (doneBytes, totalBytes) =>
        progress.moved({ doneBytes, totalBytes, label: "content" }),
    });
    return { name: bundle.name, report };
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
