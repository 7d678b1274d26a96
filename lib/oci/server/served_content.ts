import type { ContentSource } from "../content_source.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";

/** What a registry server gives out. */
export interface ServedContent {
  /** All repositories, in the order of their bytes. */
  repositories(): Promise<string[]>;
  has(repository: string): Promise<boolean>;
  /** Tags of a repository, in the order of their bytes; empty for an unknown one. */
  tags(repository: string): Promise<string[]>;
  /** By tag or digest. */
  manifest(repository: string, selector: string): Promise<Descriptor | null>;
  blob(repository: string, digest: Digest): Promise<Descriptor | null>;
  /** Manifests of the repository whose subject is this one, with their artifact types. */
  referrers(repository: string, subject: Digest): Promise<Descriptor[]>;
  /** Where manifests and blobs are read from. */
  readonly source: ContentSource;
}

/** One manifest that is given out under a name. */
export interface ServedItem {
  /** Null: it belongs to every repository that has its subject. */
  repository: string | null;
  /** Null: only its digest gets it. */
  tag: string | null;
  descriptor: Descriptor;
}
