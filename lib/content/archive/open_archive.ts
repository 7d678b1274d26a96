import type { Crypto } from "../../runtime/crypto.ts";
import type { Files } from "../../runtime/files.ts";
import { UserError } from "../../errors.ts";
import type { Bundle } from "../bundle.ts";

/** What a bundle on this machine is opened with. */
export interface OpenArchiveParts {
  files: Files;
  crypto: Crypto;
  /**
   * Where the blobs of a compressed archive without our table are unpacked to; made when it is
   * needed. What lies there has no name any more once the archive is open.
   */
  spoolFolder: string;
}

/**
 * Opens a bundle on this machine, whatever its form: our archive with its table, any other archive
 * of an OCI layout, a layout folder, the first of split parts or their list. Its bytes decide what
 * it is, not its name.
 * @throws {UserError} `io`, `not-found`, `integrity`
 */
export function openArchive(path: string, _parts: OpenArchiveParts): Promise<Bundle> {
  return Promise.reject(new UserError("prerequisite", `Cannot open "${path}" yet`));
}
