import type { PaletteClient } from "./client.ts";
import { isNotFound } from "./api_error.ts";
import { clusterPath } from "./virtual_clusters.ts";

const MAX_BYTES = 4 * 1024 * 1024;

export interface KubeconfigOptions {
  /** Credentials of the cluster's administrator, where Palette has them. */
  isAdmin?: boolean;
}

/**
 * The kubeconfig of a cluster; null while there is none. Palette sends it as it is or in base64.
 */
export async function downloadKubeconfig(
  client: PaletteClient,
  uid: string,
  { isAdmin = false }: KubeconfigOptions = {},
): Promise<string | null> {
  const names = isAdmin ? ["adminKubeconfig", "kubeconfig"] : ["kubeconfig"];
  for (const name of names) {
    const text = await downloadText(client, `${clusterPath(uid)}/assets/${name}`);
    if (text !== null && text.trim() !== "") return decoded(text);
  }
  return null;
}

/** A text that Palette sends as a file; null when it has none. */
export async function downloadText(client: PaletteClient, path: string): Promise<string | null> {
  try {
    const request = { method: "GET", path, accept: "application/octet-stream" };
    return await client.text(request, MAX_BYTES);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** The whole text in base64 (RFC 4648, 4) stands for what it encodes. */
function decoded(text: string): string {
  const compact = text.replace(/\s+/g, "");
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return text;
  try {
    const bytes = Uint8Array.from(atob(compact), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return text;
  }
}
