import type { Crypto } from "../../runtime/crypto.ts";
import { type Digest, digestFrom } from "../../oci/digest.ts";

export const PACK_LAYERS = ["kernel", "os", "k8s", "cni", "csi", "addon"] as const;

/** A pack on this machine. */
export interface Pack {
  name: string;
  displayName: string;
  version: string;
  layer: string;
  /** As the user gave it. */
  place: string;
  /** Text of `values.yaml`. */
  values: string;
  /** Kubernetes manifests, listed in `pack.json` or not. */
  manifests: { path: string; text: string }[];
  /** Images that its chart archives name. */
  charts: { path: string; images: string[] }[];
  warnings: string[];
  archive: PackArchive;
}

/** The tar.gz of a pack: an archive as it was given, or made of a folder while it is read. */
export interface PackArchive {
  /** `NAME-VERSION.tar.gz`. */
  fileName: string;
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** What a descriptor says about an archive; reads it once. */
export async function measureArchive(
  { open }: PackArchive,
  crypto: Crypto,
): Promise<{ size: number; digest: Digest }> {
  const hash = await crypto.sha256();
  let size = 0;
  for await (const piece of await open()) {
    size += piece.length;
    hash.update(piece);
  }
  return { size, digest: digestFrom(hash.digest()) };
}
