import type { Digest } from "./digest.ts";

/** What a manifest is for (OCI image spec, image-index.md). */
export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

/** Points at a blob or a manifest (OCI image spec, descriptor.md). */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  annotations?: Record<string, string>;
  platform?: Platform;
  artifactType?: string;
  /** Where a foreign layer can be had. */
  urls?: string[];
}
