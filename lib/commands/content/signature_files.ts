/**
 * What becomes of signatures when a bundle goes elsewhere. The one beside an archive is over the bytes
 * of the file, the one in a registry over the definition: neither can be made of the other without
 * the key, so what is left behind is told, with what signs the copy.
 */

import { openArchiveFile } from "../../content/archive/open_archive_file.ts";
import { wholeNameOf } from "../../content/archive/whole_name.ts";
import type { Bundle } from "../../content/bundle.ts";
import { haveSameBytes } from "../../content/same_bytes.ts";
import { hasDefinitionSignature } from "../../content/signing/definition_signature.ts";
import { signatureFileOf, sigstoreFileOf } from "../../content/signing/signature_file.ts";
import { baseName, type Files, folderOf } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { writeOutput } from "./output_folder.ts";

const PUBLIC = 0o644;
const FORMS = [signatureFileOf, sigstoreFileOf];

/** The signatures that lie with an archive, in either form. */
export async function signatureFilesBeside(path: string, files: Files): Promise<string[]> {
  const whole = wholeNameOf(path);
  const found: string[] = [];
  for (const formOf of FORMS) {
    if ((await files.info(formOf(whole)))?.isFile) found.push(formOf(whole));
  }
  return found;
}

/** Warns that the signature of an archive does not go into a registry. */
export async function warnOfUnsignedPush(
  { bundle, path, there }: { bundle: Bundle; path: string; there: string },
  { runtime: { files, crypto }, printer }: CommandContext,
): Promise<void> {
  if ((await signatureFilesBeside(path, files)).length === 0) return;
  if (await hasDefinitionSignature(bundle, crypto)) return;
  printer.warn(
    `the signature beside "${path}" stays behind: it is over the bytes of the file; to sign what ` +
      `is in the registry: cosign sign --key KEY ${there}, or build it with --push and --private-key`,
  );
}

/** Warns that the signature of an archive does not go into a folder. */
export async function warnOfUnsignedLayout(
  { path, folder }: { path: string; folder: string },
  { runtime: { files }, printer }: CommandContext,
): Promise<void> {
  if ((await signatureFilesBeside(path, files)).length === 0) return;
  printer.warn(
    `the signature beside "${path}" stays behind: only archives have one, and "${folder}" is a folder`,
  );
}

/** Warns that the signature in a registry is none of an archive that was made of it. */
export async function warnOfUnsignedArchive(
  { bundle, source, path }: { bundle: Bundle; source: string; path: string },
  { runtime: { crypto }, printer }: CommandContext,
): Promise<void> {
  if (!await hasDefinitionSignature(bundle, crypto)) return;
  printer.warn(
    `the signature of ${source} is over its definition, not over the bytes of "${path}"; to sign ` +
      `that: ${signingCommand(path)}`,
  );
}

/**
 * Takes the signature of an archive along to a copy with the very same bytes; any other copy is
 * worth a warning.
 * @returns The files that were written.
 */
export async function copySignatureFiles(
  from: string,
  to: string,
  context: CommandContext,
): Promise<string[]> {
  const { runtime: { files }, printer, signal } = context;
  const beside = await signatureFilesBeside(from, files);
  if (beside.length === 0) return [];
  if (!await isSame(from, to, { files, signal })) {
    printer.warn(
      `the signature beside "${from}" does not fit "${to}", which has other bytes; to sign it: ` +
        signingCommand(to),
    );
    return [];
  }
  const written: string[] = [];
  for (const formOf of FORMS) {
    const file = formOf(wholeNameOf(from));
    if (!beside.includes(file)) continue;
    const bytes = await files.readBytes(file);
    const copy = formOf(to);
    const entry = { bytes, mode: PUBLIC };
    written.push(await writeOutput(folderOf(copy), baseName(copy), entry, context));
  }
  return written;
}

async function isSame(
  from: string,
  to: string,
  { files, signal }: { files: Files; signal: AbortSignal },
): Promise<boolean> {
  const original = await openArchiveFile(from, files);
  try {
    const copy = await openArchiveFile(to, files);
    try {
      return await haveSameBytes(original, copy, signal);
    } finally {
      copy.close();
    }
  } finally {
    original.close();
  }
}

function signingCommand(path: string): string {
  return `openssl dgst -sha256 -sign KEY -out "${signatureFileOf(path)}" "${path}"`;
}
