import type { ContentSource } from "../../oci/content_source.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { isImageConfigType, isManifestType } from "../../oci/media_types.ts";
import { readVerified } from "../../oci/verified.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { inFlight } from "../../runtime/in_flight.ts";
import type { Bundle, BundleItem } from "../bundle.ts";
import { isIndex } from "./pick_platform.ts";

/**
 * Whether an item is for an architecture, for several with it, or for none in particular. What the
 * source does not have decides nothing.
 * @throws {UserError} `integrity`
 */
export async function fitsArchitecture(
  { ref, descriptor }: BundleItem,
  architecture: string,
  source: ContentSource,
  crypto: Crypto,
): Promise<boolean> {
  if (descriptor.platform !== undefined) return descriptor.platform.architecture === architecture;
  if (!isManifestType(descriptor.mediaType) || !await source.has(descriptor)) return true;
  const what = ref || descriptor.digest;
  const bytes = await readVerified(source, descriptor, what, { crypto });
  const manifest = await parseManifest(bytes, descriptor.mediaType, what, crypto);
  if (isIndex(manifest)) {
    const { manifests } = manifest;
    return manifests.length === 0 ||
      manifests.some(({ platform }) =>
        platform === undefined || platform.architecture === architecture
      );
  }
  const [config] = manifest.blobs;
  if (config === undefined || !isImageConfigType(config.mediaType) || !await source.has(config)) {
    return true;
  }
  const text = new TextDecoder().decode(await readVerified(source, config, what, { crypto }));
  const found = architectureIn(text);
  return found === null || found === architecture;
}

/**
 * The items of a bundle that are for other architectures alone: what every command leaves out of a
 * part for one.
 * @throws {UserError} `integrity`
 */
export async function itemsForOthers(
  { items, source }: Pick<Bundle, "items" | "source">,
  architecture: string,
  { jobs, crypto }: { jobs: number; crypto: Crypto },
): Promise<Set<BundleItem>> {
  const others = new Set<BundleItem>();
  await inFlight(items, jobs, async (item) => {
    if (!await fitsArchitecture(item, architecture, source, crypto)) others.add(item);
  });
  return others;
}

function architectureIn(text: string): string | null {
  try {
    const config = JSON.parse(text) as { architecture?: unknown } | null;
    return typeof config?.architecture === "string" ? config.architecture : null;
  } catch {
    return null;
  }
}
