import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import type { Manifest } from "../manifest.ts";
import type { UploadSessions } from "./upload_sessions.ts";

/** Takes what clients push. */
export interface PushTarget {
  readonly uploads: UploadSessions;
  /** A blob that was pushed, whatever repository it was pushed to; null when there is none. */
  findBlob(digest: Digest): Promise<Descriptor | null>;
  /** Makes a blob of the file of a finished upload. */
  keepBlob(path: string, digest: Digest): Promise<void>;
  /** Whether a manifest of the repository is there. */
  hasManifest(repository: string, digest: Digest): Promise<boolean>;
  /** @param tag Null: only its digest gets it. */
  putManifest(repository: string, tag: string | null, manifest: Manifest): Promise<void>;
}
