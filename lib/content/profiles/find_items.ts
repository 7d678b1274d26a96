import type { ProfilePack } from "../../api/cluster_profiles.ts";
import type { PaletteRegistry } from "../../api/registry_access.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { isTag } from "../../oci/reference.ts";
import { packRef, tagOf } from "../definition/item_refs.ts";
import { imagesOfManifests, normalizedImage } from "../packs/find_images.ts";
import {
  MacroScope,
  type PackValues,
  readPackValues,
  takeMacrosOut,
  type UnresolvedMacro,
} from "../packs/macros.ts";
import type { Pack } from "../packs/pack.ts";
import { readPackContent } from "../packs/pack_content.ts";
import { ItemSet } from "./item_set.ts";
import type { ProfileContent } from "./load_profiles.ts";

export interface FindOptions {
  /** By path; wins over all. */
  macros: ReadonlyMap<string, string>;
  registries: ReadonlyMap<string, PaletteRegistry>;
  /** Packs of profiles, too. */
  includesPacks: boolean;
  /** Nothing but images of packs on this machine. */
  imagesOnly: boolean;
  /** Leaves out images that manifests use without declaring them. */
  declaredOnly: boolean;
}

/** What was found, and what stood in the way. */
export interface FoundItems {
  items: ItemSet;
  unresolved: UnresolvedMacro[];
  warnings: string[];
}

/** Finds what profiles and packs need; asks nobody. */
export async function findItems(
  profiles: readonly ProfileContent[],
  packs: readonly Pack[],
  options: FindOptions,
  crypto: Crypto,
): Promise<FoundItems> {
  const found: FoundItems = { items: new ItemSet(), unresolved: [], warnings: [] };
  const values = profiles.map((profile) =>
    profile.packs.map((pack) => readPackValues(pack.name, pack.values))
  );
  const ofPacks = packs.map((pack) => readPackValues(pack.name, pack.values));
  for (const [at, profile] of profiles.entries()) {
    const own = values[at] ?? [];
    const given = new Map(
      [...profile.variables].map(([name, value]) => [`spectro.var.${name}`, value]),
    );
    for (const [path, value] of options.macros) given.set(path, value);
    // A profile's own packs come before those of the others.
    const others = [...values.filter((_, other) => other !== at).flat(), ...ofPacks];
    const scope = new MacroScope([...own, ...others], given);
    for (const [index, pack] of profile.packs.entries()) {
      const valuesOfPack = own[index];
      if (valuesOfPack === undefined) continue;
      await addProfilePack({ pack, values: valuesOfPack, scope }, found, options, crypto);
    }
    found.unresolved.push(...scope.unresolved);
  }
  const scope = new MacroScope([...ofPacks, ...values.flat()], options.macros);
  for (const [at, pack] of packs.entries()) {
    const valuesOfPack = ofPacks[at];
    if (valuesOfPack !== undefined) addLocalPack(pack, valuesOfPack, { scope, found, options });
  }
  found.unresolved.push(...scope.unresolved);
  return found;
}

interface PackInScope {
  pack: ProfilePack;
  values: PackValues;
  scope: MacroScope;
}

async function addProfilePack(
  { pack, values, scope }: PackInScope,
  { items, warnings }: FoundItems,
  options: FindOptions,
  crypto: Crypto,
): Promise<void> {
  const from = `pack:${pack.name}`;
  const content = readPackContent(values, scope);
  for (const image of content.images) items.addImage(image, from);
  for (const chart of content.charts) items.addChart(chart, from);
  const isDeclared = content.charts.some(({ name, version }) =>
    name === pack.name && version === pack.version
  );
  if (pack.type === "helm" && !isDeclared) {
    const registry = options.registries.get(pack.registryUid);
    const repo = chartRepo(registry);
    if (repo === null) {
      warnings.push(`the chart of pack "${pack.name}" is left out: ${reasonAgainst(registry)}`);
    } else items.addChart({ repo, name: pack.name, version: pack.version }, from);
  }
  if (options.includesPacks && (pack.type === "spectro" || pack.type === "oci")) {
    const { name, version, registryUid } = pack;
    const registry = options.registries.get(registryUid);
    const source = packSource(pack, registry);
    if (source === null) warnings.push(`pack "${name}" is left out: ${reasonAgainst(registry)}`);
    else items.addPack({ name, version, registryUid, source, path: "" }, from);
  }
  const manifests = pack.manifests.length === 0 && pack.type === "manifest"
    ? [{ name: pack.name, content: pack.templateManifest }]
    : pack.manifests;
  for (const { name, content: text } of manifests.filter(({ content: text }) => text !== "")) {
    const usedBy = `manifest:${pack.name}/${name}`;
    await items.addRawFile(manifestPath(pack.name, name), text, usedBy, crypto);
    addUses(text, usedBy, { items, scope, options });
  }
  if (pack.templateManifest !== "") {
    addUses(pack.templateManifest, `manifest:${pack.name}`, { items, scope, options });
  }
}

/**
 * Why nothing can be fetched. Palette's API gives the values of what pack registries hold, never the
 * archive, and how they are asked for that is not published.
 */
function reasonAgainst(registry: PaletteRegistry | undefined): string {
  if (registry === undefined) return "you may not read its registry";
  if (registry.kind === "pack") {
    return `only Palette can read its registry, ${registry.endpoint}; ` +
      "with the pack on this machine, name it in --packs";
  }
  return registry.kind === "helm"
    ? `its registry, ${registry.endpoint}, has only charts`
    : "no registry can have its version as a tag";
}

function addLocalPack(
  pack: Pack,
  values: PackValues,
  { scope, found, options }: { scope: MacroScope; found: FoundItems; options: FindOptions },
): void {
  const { items, warnings } = found;
  const from = `pack:${pack.name}`;
  const content = readPackContent(values, scope);
  for (const image of content.images) items.addImage(image, from);
  if (!options.imagesOnly) {
    for (const chart of content.charts) items.addChart(chart, from);
    const { name, version, place } = pack;
    items.addPack({ name, version, registryUid: "", source: "", path: place }, from);
  }
  for (const { path, text } of pack.manifests) {
    addUses(text, `manifest:${pack.name}/${path}`, { items, scope, options });
  }
  for (const { path, images } of pack.charts) {
    // Which of them a chart really runs is only known when it is rendered.
    for (const image of images) items.addUse(image, `chart:${pack.name}/${path}`, false);
  }
  warnings.push(...pack.warnings);
}

/** Images of manifests; macros that nobody gives are no reason to fail here. */
function addUses(
  text: string,
  usedBy: string,
  { items, scope, options }: { items: ItemSet; scope: MacroScope; options: FindOptions },
): void {
  const source = takeMacrosOut(text, usedBy);
  const lenient = scope.copy();
  const expanded = lenient.expand(source.text, source);
  for (const image of imagesOfManifests(expanded)) {
    items.addUse(image, usedBy, !options.declaredOnly);
  }
}

/** Address of the chart repository that a registry is; null when there is none. */
function chartRepo(registry: PaletteRegistry | undefined): string | null {
  if (registry === undefined || registry.kind === "pack") return null;
  if (registry.kind === "helm") return registry.endpoint;
  return `oci://${ociPlace(registry)}`;
}

/** Reference of a pack's archive; null where it cannot be fetched. */
function packSource(pack: ProfilePack, registry: PaletteRegistry | undefined): string | null {
  if (registry?.kind !== "oci" || !isTag(tagOf(pack.version))) return null;
  const place = ociPlace(registry);
  const path = place.endsWith("/spectro-packs/archive")
    ? `${place}/${packRef(pack).split("/").at(-1)}`
    : place.endsWith("/spectro-packs")
    ? `${place}/archive/${packRef(pack).split("/").at(-1)}`
    : `${place}/${packRef(pack)}`;
  return normalizedImage(path);
}

function ociPlace({ endpoint, basePath }: PaletteRegistry): string {
  const host = endpoint.replace(/^[a-z]+:\/\//i, "").replace(/\/+$/, "");
  const path = basePath.replace(/^\/+|\/+$/g, "");
  return path === "" ? host : `${host}/${path}`;
}

/** A name from a server becomes part of a path: only harmless characters stay. */
function manifestPath(pack: string, name: string): string {
  const safe = (text: string) => text.replace(/[^\w.-]+/g, "-").replace(/^[.-]+/, "") || "manifest";
  const file = safe(name);
  return `manifests/${safe(pack)}/${/\.ya?ml$/.test(file) ? file : `${file}.yaml`}`;
}
