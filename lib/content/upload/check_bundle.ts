import { UserError } from "../../errors.ts";
import { decompressGzip } from "../archive/decompress.ts";
import { damaged } from "../archive/bundle_of_members.ts";
import { kindOfPath } from "../archive/kind_of_path.ts";
import { readTable } from "../archive/member_table.ts";
import { openArchive, type OpenArchiveParts } from "../archive/open_archive.ts";
import { openArchiveFile } from "../archive/open_archive_file.ts";
import { parseTarHeader } from "../archive/tar_scan.ts";
import { walkFrames } from "../archive/zstd_frame.ts";
import { BUNDLE_ARCH, BUNDLE_REQUIRES } from "../bundle.ts";
import type { EdgeHost } from "./edge_host.ts";
import { getArchitecture } from "./host_facts.ts";

/**
 * Checks a bundle before a host gets it: that it is one, whole, and for hosts of this kind. An
 * archive of another program would have to be unpacked for it, so that all but its end is left to the
 * host.
 * @throws {UserError} `validation`, `integrity`, `prerequisite`
 */
export async function checkBundleForHost(
  host: EdgeHost,
  path: string,
  { allowsThin, ...parts }: OpenArchiveParts & { allowsThin: boolean },
): Promise<void> {
  if (await kindOfPath(path, parts.files) !== "bundle") {
    throw new UserError("validation", `"${path}" is no bundle: neither zstd nor tar`, {
      hint: "Give the .tar.zst that palette content build wrote",
    });
  }
  if (!await isReadAtOnce(path, parts)) return;
  const bundle = await openArchive(path, parts);
  const { annotations } = bundle;
  bundle.close();
  const requires = annotations[BUNDLE_REQUIRES];
  if (requires !== undefined && !allowsThin) {
    throw new UserError(
      "prerequisite",
      `"${path}" is a thin bundle: what it shares with ${requires} is not in it`,
      { hint: "Build it without --thin-against; --allow-thin for a host that has the other one" },
    );
  }
  const wanted = annotations[BUNDLE_ARCH];
  if (wanted !== "amd64" && wanted !== "arm64") return;
  const arch = await getArchitecture(host);
  if (arch === null || arch === wanted) return;
  throw new UserError("prerequisite", `"${path}" is for ${wanted}, and ${host.place} is ${arch}`, {
    hint: `Build it with --arch ${arch}, or without --arch for both`,
  });
}

/** Whether a bundle has its table, or is a plain tar: nothing has to be unpacked to look into it. */
async function isReadAtOnce(path: string, { files }: OpenArchiveParts): Promise<boolean> {
  const reader = await openArchiveFile(path, files);
  try {
    const head = new Uint8Array(512);
    reader.readAt(head, 0);
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    if (!isGzip) {
      if (parseTarHeader(head) !== null || readTable(reader) !== null) return true;
      // One that is cut short has lost its table: its frames tell, and need no unpacking.
      for (const _ of walkFrames(reader));
      return false;
    }
    for await (const piece of decompressGzip(reader)) {
      const first = piece.length < 512 ? null : parseTarHeader(piece.subarray(0, 512));
      if (first?.name.startsWith("spc") !== true) return false;
      throw new UserError("validation", `"${path}" is a cluster definition, not a bundle`, {
        hint: "Pass --cluster-export",
      });
    }
    return false;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw damaged(path, error.message, error);
  } finally {
    reader.close();
  }
}
