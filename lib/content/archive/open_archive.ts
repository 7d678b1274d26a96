import { reasonOf, UserError } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { FileError, type FileReader, type Files } from "../../runtime/files.ts";
import type { Bundle } from "../bundle.ts";
import { decompressGzip, decompressZstd } from "./decompress.ts";
import { foreignArchive, RefusedMember } from "./foreign_archive.ts";
import { IndexedMembers } from "./indexed_members.ts";
import { bundleOfMembers, damaged, limitOfMember } from "./bundle_of_members.ts";
import { readTable } from "./member_table.ts";
import type { ArchiveMembers } from "./members.ts";
import { openArchiveFile } from "./open_archive_file.ts";
import { spoolTar } from "./spool_tar.ts";
import { TarMembers } from "./tar_members.ts";
import { isZstd } from "./zstd_frame.ts";

/** What a bundle on this machine is opened with. */
export interface OpenArchiveParts {
  files: Files;
  crypto: Crypto;
  /**
   * Where a compressed archive without our table is unpacked to; made when it is needed. What lies
   * there has no name any more once the archive is open.
   */
  spoolFolder: string;
}

/**
 * Opens a bundle on this machine, whatever its form: our archive with its table, any other archive
 * of an OCI layout, a layout folder, the first of split parts or their list. Its bytes decide what
 * it is, not its name.
 * @throws {UserError} `io`, `not-found`, `integrity`
 */
export async function openArchive(path: string, parts: OpenArchiveParts): Promise<Bundle> {
  const { files, crypto } = parts;
  const folder = await openIfFolder(path, parts);
  if (folder !== null) return folder;
  let members: ArchiveMembers | null = null;
  try {
    members = await openMembersOf(await openArchiveFile(path, files), parts);
    return await bundleOfMembers(members, path, crypto);
  } catch (error) {
    members?.close();
    const foreign = error instanceof RefusedMember ? foreignArchive([error.member], path) : null;
    if (foreign !== null) throw foreign;
    if (error instanceof RangeError) throw damaged(path, reasonOf(error), error);
    if (error instanceof FileError) {
      throw new UserError("io", `Cannot unpack "${path}": ${reasonOf(error)}`, {
        ...(error.kind === "no-space"
          ? { hint: "Free some space: an archive of another program has to be unpacked" }
          : {}),
        cause: error,
      });
    }
    throw error;
  }
}

/** The members of a file, as its first bytes tell; the file is closed when that fails. */
async function openMembersOf(reader: FileReader, parts: OpenArchiveParts): Promise<ArchiveMembers> {
  let isKept = false;
  try {
    const head = new Uint8Array(4);
    const filled = head.subarray(0, reader.readAt(head, 0));
    const isGzip = filled[0] === 0x1f && filled[1] === 0x8b;
    if (!isGzip && !isZstd(filled)) {
      const members = TarMembers.scan(reader, limitOfMember);
      isKept = true;
      return members;
    }
    const table = isGzip ? null : readTable(reader);
    if (table === null) {
      const tar = isGzip ? decompressGzip(reader) : decompressZstd(reader);
      return await spoolTar(tar, limitOfMember, parts);
    }
    const members = new IndexedMembers(table, reader);
    isKept = true;
    return members;
  } finally {
    if (!isKept) reader.close();
  }
}

async function openIfFolder(path: string, parts: OpenArchiveParts): Promise<Bundle | null> {
  try {
    if (!(await parts.files.info(path))?.isFolder) return null;
    const { openLayoutBundle } = await import("./layout_bundle.ts");
    return await openLayoutBundle(path, parts);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot open "${path}": ${reasonOf(error)}`, { cause: error });
  }
}
