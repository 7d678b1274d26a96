import { UserError } from "../../errors.ts";
import { openGzip } from "../../runtime/gzip.ts";
import { concatBytes } from "../../runtime/streams.ts";
import { TAR_BLOCK } from "../archive/tar_header.ts";
import { parseTarHeader } from "../archive/tar_scan.ts";
import { walkTarGzip } from "../packs/walk_tar.ts";

/** What an archive of a cluster definition begins with (RFC 1952, 2.3.1). */
const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * Checks that what Palette sent is an archive that a host takes: gzip, with a folder `spc/`.
 * @throws {UserError} `api`; an error in JSON is never taken for an archive.
 */
export async function checkClusterDefinition(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if (!GZIP_MAGIC.every((byte, at) => bytes[at] === byte)) {
    throw unfit(saidBy(bytes) ?? "it is no gzip archive");
  }
  const { fault } = await examineDefinition(new Blob([bytes]).stream());
  if (fault !== null) throw unfit(fault);
}

/** What an archive that may be a cluster definition is worth. */
export interface DefinitionReport {
  files: number;
  /** Of its files. */
  bytes: number;
  /** Why no host would take it; null when one would. */
  fault: string | null;
}

/**
 * Reads an archive to its end, unless it is a bundle: what it holds, and whether it is a cluster
 * definition.
 * @throws What the input throws, if it is a `UserError` of its own.
 */
export async function examineDefinition(
  input: AsyncIterable<Uint8Array>,
): Promise<DefinitionReport> {
  const report: DefinitionReport = { files: 0, bytes: 0, fault: null };
  let hasProfiles = false;
  const ofInput: unknown[] = [];
  try {
    await walkTarGzip(ReadableStream.from(noting(input, ofInput)), WHAT, ({ path, size }) => {
      // It may be large, and says enough.
      if (/^(oci-layout|index\.json|blobs\/.*)$/.test(path)) {
        throw new UserError("validation", "it is a bundle");
      }
      report.files++;
      report.bytes += size;
      hasProfiles ||= path.startsWith("spc/");
    });
  } catch (error) {
    const [cause] = ofInput;
    if (cause !== undefined) throw cause;
    if (!(error instanceof UserError)) throw error;
    report.fault = error.message.replace(`Cannot use ${WHAT}: `, "");
  }
  if (report.fault === null && !hasProfiles) report.fault = "there is no folder spc/ in it";
  return report;
}

const WHAT = "the cluster definition";

async function* noting(
  input: AsyncIterable<Uint8Array>,
  errors: unknown[],
): AsyncGenerator<Uint8Array> {
  try {
    // Whoever gives a piece may use its buffer again.
    for await (const piece of input) yield piece.slice();
  } catch (error) {
    errors.push(error);
    throw error;
  }
}

/** So much of an archive says what it begins with. */
const HEAD_BYTES = 16 * 1024;

/**
 * Whether an archive begins as a cluster definition does: gzip, and its first file lies in `spc/`.
 * Little more than that is read.
 */
export async function beginsAsDefinition(input: AsyncIterable<Uint8Array>): Promise<boolean> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of input) {
    pieces.push(piece.slice(0, HEAD_BYTES - size));
    size += piece.length;
    if (size >= HEAD_BYTES) break;
  }
  const { decompressBeginning } = await openGzip();
  let tar: Uint8Array;
  try {
    tar = decompressBeginning(concatBytes(pieces));
  } catch {
    return false;
  }
  // The folder of the archive itself has no content.
  for (let at = 0; at + TAR_BLOCK <= tar.length; at += TAR_BLOCK) {
    const name = parseTarHeader(tar.subarray(at, at + TAR_BLOCK))?.name ?? "";
    if (!/^\.\/?$/.test(name)) return /^(\.\/+)*spc(\/|$)/.test(name);
  }
  return false;
}

/**
 * The file that a name stands for; `.tgz` may be written or not.
 * @throws {UserError} `usage` when it is no name of a file.
 */
export function definitionFileName(name: string): string {
  const plain = name.replace(/\.tgz$/, "");
  if (/^[A-Za-z0-9_][\w.-]{0,127}$/.test(plain)) return `${plain}.tgz`;
  throw new UserError("usage", `"${name}" cannot be the name of a cluster definition`, {
    hint: "Use letters, digits, dots, - and _ in --cluster-definition-name",
  });
}

/** The message of an error in JSON; null for anything else. */
function saidBy(bytes: Uint8Array): string | null {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof parsed !== "object" || parsed === null) return null;
    const { code, message } = parsed as { code?: unknown; message?: unknown };
    const said = [message, code].find((text) => typeof text === "string" && text !== "");
    return `it is an error in JSON${said === undefined ? "" : `: ${said}`}`;
  } catch {
    return null;
  }
}

function unfit(reason: string): UserError {
  return new UserError("api", `Palette sent no cluster definition: ${reason}`, {
    hint: "Check the profiles in the Palette console, then run the command again",
  });
}
