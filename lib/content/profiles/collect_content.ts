import { UserError } from "../../errors.ts";
import type { PaletteClient } from "../../api/client.ts";
import { getImageMirrors } from "../../api/registry_access.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import {
  type Architecture,
  type BundleDefinition,
  emptyDefinition,
} from "../definition/bundle_definition.ts";
import { packRef } from "../definition/item_refs.ts";
import type { UnresolvedMacro } from "../packs/macros.ts";
import type { Pack } from "../packs/pack.ts";
import { checkProfiles } from "./check_profiles.ts";
import { findItems, type FindOptions, type FoundItems } from "./find_items.ts";
import type { UndeclaredImage } from "./item_set.ts";
import { loadMacros, loadRegistries, type ProfileContent } from "./load_profiles.ts";
import { loadServices, type ServiceImages } from "./load_services.ts";
import { servicesFor } from "./service_catalog.ts";

export interface CollectRequest extends Omit<FindOptions, "macros" | "registries"> {
  name: string;
  arch: Architecture[];
  isFips: boolean;
  profiles: ProfileContent[];
  /** What these need is left out. */
  excluded: ProfileContent[];
  /** On this machine. */
  packs: Pack[];
  /** Given by the user, by path without a dot before it. */
  macros: ReadonlyMap<string, string>;
  includesServices: boolean;
  coreServicesOnly: boolean;
  withCompliance: boolean;
}

export interface CollectParts {
  crypto: Crypto;
  /** Null when nothing of Palette is asked for. */
  palette: { client: PaletteClient; project: { uid: string; name: string } } | null;
  /** Whether a registry has an image; null where no registry is asked. */
  imageExists: ((image: string) => Promise<boolean>) | null;
}

/** What goes into a bundle. */
export interface CollectedContent {
  /** Items without digests, but for raw files. */
  definition: BundleDefinition;
  /** Bytes of raw files by path. */
  rawFiles: Map<string, Uint8Array<ArrayBuffer>>;
  /** Packs on this machine by their reference in the bundle. */
  packs: Map<string, Pack>;
  undeclared: UndeclaredImage[];
  warnings: string[];
  /** Items left out because excluded profiles need them, too. */
  excludedCount: number;
}

/**
 * Finds all that a bundle needs, by the values and manifests of its packs; no registry of images is
 * asked but through `imageExists`.
 * @throws {UserError} `validation` for profiles that do not fit, macros that nobody gives, and when
 *   there is nothing to bundle.
 */
export async function collectContent(
  request: CollectRequest,
  { crypto, palette, imageExists }: CollectParts,
): Promise<CollectedContent> {
  const { profiles, excluded, packs } = request;
  const warnings = checkProfiles(profiles);
  const all = [...profiles, ...excluded];
  const [macros, registries, services, mirrors] = palette === null
    ? [new Map<string, string>(), new Map(), { services: [], warnings: [] }, new Map()] as const
    : await Promise.all([
      loadMacros(palette.client, all, palette.project),
      loadRegistries(palette.client, registriesOf(all, request)),
      loadServices(palette.client, servicesOf(all, request), { ...request, imageExists }),
      getImageMirrors(palette.client),
    ]);
  const options: FindOptions = {
    ...request,
    registries,
    macros: new Map([...macros, ...request.macros]),
  };
  const [wanted, others] = await Promise.all([
    findItems(profiles, packs, options, crypto),
    findItems(excluded, [], options, crypto),
  ]);
  refuseUnresolved([...wanted.unresolved, ...others.unresolved]);
  addServices(profiles, wanted, services.services, request);
  addServices(excluded, others, services.services, request);
  const undeclared = wanted.items.takeUndeclared();
  others.items.takeUndeclared();
  const excludedCount = wanted.items.subtract(others.items);
  useMirrors(wanted, mirrors);
  if (wanted.items.isEmpty) {
    throw new UserError("validation", "There is nothing to bundle", {
      hint: excludedCount > 0
        ? "The profiles of --exclude-profiles need all of it, too"
        : "Profiles and packs say in pack.content what they need",
    });
  }
  return {
    definition: definitionOf(request, wanted, palette?.project.uid ?? ""),
    rawFiles: new Map([...wanted.items.rawFiles].map(([path, { bytes }]) => [path, bytes])),
    packs: new Map(packs.map((pack) => [packRef(pack), pack])),
    undeclared: undeclared.filter(({ image }) => !others.items.images.has(image)),
    warnings: [...warnings, ...services.warnings, ...wanted.warnings],
    excludedCount,
  };
}

function definitionOf(
  { name, arch, isFips, profiles }: CollectRequest,
  { items }: FoundItems,
  projectId: string,
): BundleDefinition {
  return {
    ...emptyDefinition(name, projectId),
    arch: [...arch],
    isFips,
    profiles: profiles.map(({ uid, name, version, type }) => ({
      uid,
      name,
      version,
      type,
      extras: {},
    })),
    images: [...items.images.values()],
    charts: [...items.charts.values()],
    packs: [...items.packs.values()],
    rawFiles: [...items.rawFiles.values()].map(({ entry }) => entry),
  };
}

/** Images keep their name, and are fetched from where Palette itself takes them. */
function useMirrors({ items }: FoundItems, mirrors: ReadonlyMap<string, string>): void {
  for (const entry of items.images.values()) {
    const [host = "", ...path] = entry.image.split("/");
    const mirror = mirrors.get(host);
    if (mirror !== undefined) entry.source = `${mirror}/${path.join("/")}`;
  }
}

/** Uids of registries whose address decides where something is fetched. */
function registriesOf(
  profiles: readonly ProfileContent[],
  { includesPacks }: CollectRequest,
): string[] {
  return profiles.flatMap(({ packs }) => packs)
    .filter(({ type }) => type === "helm" || (includesPacks && ["spectro", "oci"].includes(type)))
    .map(({ registryUid }) => registryUid);
}

function servicesOf(
  profiles: readonly ProfileContent[],
  { includesServices, coreServicesOnly }: CollectRequest,
) {
  if (!includesServices || profiles.length === 0) return [];
  const names = profiles.flatMap(({ packs }) => packs.map(({ name }) => name));
  return servicesFor(names, { coreOnly: coreServicesOnly });
}

function addServices(
  profiles: readonly ProfileContent[],
  { items }: FoundItems,
  services: readonly ServiceImages[],
  request: CollectRequest,
): void {
  const own = new Set<string>(servicesOf(profiles, request));
  for (const { service, images } of services) {
    if (!own.has(service)) continue;
    for (const image of images) items.addImage(image, `service:${service}`);
  }
}

function refuseUnresolved(macros: readonly UnresolvedMacro[]): void {
  if (macros.length === 0) return;
  const places = macros.map(({ owner, line, text }) => `${text} (${owner}, line ${line})`);
  const paths = [...new Set(macros.map(({ path }) => path).filter((path) => path !== null))];
  const sets = paths.map((path) => `--set ${path}=VALUE`).join(" ");
  throw new UserError(
    "validation",
    `Cannot tell what macros stand for: ${[...new Set(places)].join(", ")}`,
    { hint: sets === "" ? "Write plain values in their place" : `Pass ${sets}` },
  );
}
