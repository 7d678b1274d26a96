import { UserError } from "../../errors.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { Bundle, BundleItem } from "../bundle.ts";
import { readDefinitionText } from "../bundle_definition_text.ts";
import { type BundleDefinition, emptyItems } from "../definition/bundle_definition.ts";
import { readDefinition } from "../definition/read_definition.ts";
import { addDefinition } from "./artifacts.ts";
import { takeInventory } from "./inventory.ts";
import { joinContent } from "./joined_content.ts";
import { MadeContent } from "./made_content.ts";
import { wantedOf } from "./remote_bundle.ts";

/**
 * The part of a bundle that is asked for: its definition tells of that part alone, and signatures
 * stay with what they are attached to. A bundle of which all is kept stays as it is.
 * @throws {UserError} `not-found` when nothing is left; `integrity`
 */
export async function selectItems(
  bundle: Bundle,
  isKept: (item: BundleItem) => boolean,
  crypto: Crypto,
): Promise<Bundle> {
  const own = bundle.items.filter((item) => !isAttached(item) && !isDefinition(item));
  const kept = own.filter(isKept);
  if (kept.length === own.length) return bundle;
  if (kept.length === 0) {
    throw new UserError("not-found", `Nothing in "${bundle.place}" is what was asked for`, {
      hint:
        "Change --annotation-selector or --arch; palette content definition tells what there is",
    });
  }
  const inventory = await takeInventory(kept, bundle.source, crypto);
  const attached: BundleItem[] = [];
  for (const item of bundle.items.filter(isAttached)) {
    if (await isAttachedTo(inventory.manifests, item, bundle.source, crypto)) attached.push(item);
  }
  const made = new MadeContent(crypto);
  const definitions = bundle.items.some(isDefinition)
    ? [await addDefinition(await partOf(bundle, kept, crypto), made)]
    : [];
  return {
    ...bundle,
    items: [...definitions, ...kept, ...attached],
    source: joinContent([made, bundle.source]),
  };
}

function isDefinition({ type }: BundleItem): boolean {
  return type === "bundle";
}

/** Whether it is there for the sake of something else. */
export function isAttached({ ref, type }: BundleItem): boolean {
  return ref === "" || type === "signature" || type === "sbom";
}

/** Whether an item is attached to one of these manifests: by its tag, or by its subject. */
export async function isAttachedTo(
  manifests: ReadonlyMap<Digest, unknown>,
  item: BundleItem,
  source: ContentSource,
  crypto: Crypto,
): Promise<boolean> {
  const tagged = /(?:^|:)sha256-([0-9a-f]{64})/.exec(item.ref)?.[1];
  if (tagged !== undefined) return manifests.has(`sha256:${tagged}`);
  const own = await takeInventory([item], source, crypto);
  return [...own.manifests.values()].some(({ subject }) =>
    subject !== null && manifests.has(subject.digest)
  );
}

/** The definition without what is left out. */
async function partOf(
  bundle: Bundle,
  kept: readonly BundleItem[],
  crypto: Crypto,
): Promise<BundleDefinition> {
  const { definition } = readDefinition(await readDefinitionText(bundle, crypto), bundle.place);
  const refs = new Set(kept.map(({ ref }) => ref));
  const isIn = (part: Partial<BundleDefinition>) => {
    const alone = { ...definition, ...emptyItems(), ...part };
    return wantedOf(alone).every(({ ref }) => refs.has(ref));
  };
  const { clusterDefinition, customUi } = definition;
  return {
    ...definition,
    images: definition.images.filter((entry) => isIn({ images: [entry] })),
    charts: definition.charts.filter((entry) => isIn({ charts: [entry] })),
    packs: definition.packs.filter((entry) => isIn({ packs: [entry] })),
    rawFiles: definition.rawFiles.filter((entry) => isIn({ rawFiles: [entry] })),
    clusterDefinition: isIn({ clusterDefinition }) ? clusterDefinition : null,
    customUi: isIn({ customUi }) ? customUi : null,
  };
}
