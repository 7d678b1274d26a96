import { UserError } from "../../errors.ts";
import type { BundleDefinition } from "../../content/definition/bundle_definition.ts";
import { readDefinition } from "../../content/definition/read_definition.ts";
import { packRef } from "../../content/definition/item_refs.ts";
import type { Pack } from "../../content/packs/pack.ts";
import { readPack } from "../../content/packs/read_pack.ts";
import { checkDefinitionProfiles } from "../../content/profiles/check_profiles.ts";
import { definitionFileName } from "../../content/profiles/cluster_definition.ts";
import {
  collectContent,
  type CollectedContent,
  type CollectParts,
} from "../../content/profiles/collect_content.ts";
import { loadProfiles } from "../../content/profiles/load_profiles.ts";
import { baseName } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import type { ProjectPalette } from "../palette_client.ts";
import { expandPath, readUserFile } from "../paths.ts";
import { archOf } from "./arch.ts";
import { type BuildOptions, macrosOf, requireBundleName } from "./build_options.ts";

/** What a build is going to make, before anything is fetched from a registry. */
export type GatheredContent = Omit<CollectedContent, "warnings">;

/**
 * Finds what goes into the bundle: by a definition file, or by profiles and packs.
 * @param palette From `paletteFor`.
 * @param imageExists Whether a registry has an image; null where none is asked.
 * @throws {UserError}
 */
export async function gatherContent(
  options: BuildOptions,
  palette: ProjectPalette | null,
  context: CommandContext,
  imageExists: CollectParts["imageExists"] = null,
): Promise<GatheredContent> {
  const { metadataFile } = options;
  const gathered = metadataFile === undefined
    ? await collect(options, { palette, imageExists }, context)
    : await readMetadata(metadataFile, options, context);
  const { definition } = gathered;
  definition.clusterDefinition = await clusterDefinitionOf(options, palette) ??
    definition.clusterDefinition;
  if (options.customUi !== undefined) {
    await requireArchive(options.customUi, context);
    definition.customUi = { file: baseName(options.customUi), digest: null, extras: {} };
  }
  if (metadataFile !== undefined) refuseEmpty(metadataFile, definition);
  for (const key of ["name", "version", "notes"] as const) {
    const given = options.application[key];
    if (given !== "") definition.application[key] = given;
  }
  return gathered;
}

/** The project of profiles and cluster definition; null when nothing of Palette is asked for. */
export async function paletteFor(
  options: BuildOptions,
  context: CommandContext,
): Promise<ProjectPalette | null> {
  const { profiles, clusterDefinition } = options;
  const isNeeded = profiles.length > 0 || clusterDefinition.profiles.length > 0;
  return isNeeded ? await openPalette(options, context) : null;
}

/** The project of profiles and cluster definition. */
export async function openPalette(
  { projectId }: BuildOptions,
  context: CommandContext,
): Promise<ProjectPalette> {
  return await context.projectPalette(projectId, "--project-id");
}

async function readMetadata(
  path: string,
  { name, transfer }: BuildOptions,
  context: CommandContext,
): Promise<GatheredContent> {
  const text = await readUserFile(expandPath(path, context.runtime), context);
  const { definition, warnings, misspelt } = readDefinition(text, path);
  // A digest under a misspelt key would hold nothing.
  if (misspelt !== null) throw misspelt;
  for (const warning of warnings) context.printer.warn(warning);
  definition.name = name ?? definition.name;
  if (definition.name === "") {
    throw new UserError("usage", `The bundle of "${path}" has no name`, { hint: "Pass --name" });
  }
  requireBundleName(definition.name);
  const arch = archOf(transfer.arch);
  if (arch !== null) definition.arch = [arch];
  return {
    definition,
    rawFiles: new Map(
      definition.rawFiles.filter(({ content }) => content !== null)
        .map((file) => [file.path, new TextEncoder().encode(file.content ?? "")]),
    ),
    packs: await readPacksOf(definition, context),
    undeclared: [],
    excludedCount: 0,
  };
}

/** A list that was left empty by mistake would make a bundle that installs nothing. */
function refuseEmpty(
  file: string,
  { images, charts, packs, rawFiles, clusterDefinition, customUi }: BundleDefinition,
): void {
  const hasItems = [images, charts, packs, rawFiles].some(({ length }) => length > 0);
  if (hasItems || clusterDefinition !== null || customUi !== null) return;
  throw new UserError("validation", `There is nothing to bundle in "${file}"`, {
    hint: "List images, charts, packs or rawFiles below spec",
  });
}

/** Packs that a definition has on this machine. */
async function readPacksOf(
  { packs }: BundleDefinition,
  { runtime }: CommandContext,
): Promise<Map<string, Pack>> {
  const found = new Map<string, Pack>();
  for (const entry of packs.filter(({ path }) => path !== "")) {
    const pack = await readPack(expandPath(entry.path, runtime), entry.path, runtime.files);
    if (packRef(pack) !== packRef(entry)) {
      throw new UserError(
        "validation",
        `Pack "${entry.path}" is ${pack.name} ${pack.version}, not ${entry.name} ${entry.version}`,
        { hint: "Correct the entry of packs in the definition" },
      );
    }
    found.set(packRef(pack), pack);
  }
  return found;
}

async function collect(
  options: BuildOptions,
  { palette, imageExists }: {
    palette: ProjectPalette | null;
    imageExists: CollectParts["imageExists"];
  },
  context: CommandContext,
): Promise<GatheredContent> {
  const { printer, runtime } = context;
  const { profiles, clusterDefinition, packs } = options;
  const name = nameOf(options, palette, context);
  const arch = archOf(options.transfer.arch);
  // A definition alone stands for the content of its profiles.
  const uids = profiles.length === 0 && packs.length === 0 ? clusterDefinition.profiles : profiles;
  const load = (list: string[]) =>
    palette === null ? [] : loadProfiles(palette.palette, list, palette.place);
  const [wanted, excluded, local] = await Promise.all([
    load(uids),
    load(options.excludeProfiles),
    Promise.all(packs.map((path) => readPack(expandPath(path, runtime), path, runtime.files))),
  ]);
  const collected = await collectContent({
    name,
    arch: arch === null ? [] : [arch],
    isFips: options.isFips,
    profiles: wanted,
    excluded,
    packs: local,
    macros: macrosOf(options.macros),
    includesPacks: options.includePacks,
    imagesOnly: options.imagesOnly,
    declaredOnly: options.declaredOnly,
    includesServices: options.includeServiceImages,
    coreServicesOnly: options.coreImagesOnly,
    withCompliance: runtime.env.get("INCLUDE_COMPLIANCE_IMAGES")?.toLowerCase() === "true",
  }, {
    crypto: runtime.crypto,
    palette: palette === null ? null : { client: palette.palette, project: palette.project },
    imageExists,
  });
  for (const warning of collected.warnings) printer.warn(warning);
  for (const { image, usedBy, isIncluded } of collected.undeclared) {
    printer.warn(
      `${image} of ${usedBy.join(", ")} is not declared in pack.content; it is ` +
        (isIncluded ? "taken along" : "left out"),
    );
  }
  if (options.excludeProfiles.length > 0) {
    printer.notice(
      `${collected.excludedCount} items are left out: excluded profiles need them, too`,
    );
  }
  return collected;
}

function nameOf(
  { name }: BuildOptions,
  palette: ProjectPalette | null,
  { printer }: CommandContext,
): string {
  if (name !== undefined) return name;
  const own = palette === null ? "bundle" : `bundle-${palette.project.uid}`;
  requireBundleName(own);
  printer.warn(`the name ${own} is not unique: hosts replace a bundle by another of its name`);
  return own;
}

async function clusterDefinitionOf(
  { clusterDefinition: { name, profiles } }: BuildOptions,
  palette: ProjectPalette | null,
): Promise<BundleDefinition["clusterDefinition"]> {
  if (name === undefined || palette === null) return null;
  const file = definitionFileName(name);
  checkDefinitionProfiles(await loadProfiles(palette.palette, profiles, palette.place));
  return { file, digest: null, extras: {} };
}

/** Of gzip (RFC 1952) and Zstandard (RFC 8878). */
const MAGICS = [[0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd]];

/** A widget is a tar, as it is or compressed: nothing else is carried to a host by mistake. */
async function requireArchive(path: string, { runtime }: CommandContext): Promise<void> {
  const { files } = runtime;
  const place = expandPath(path, runtime);
  const info = await files.info(place);
  if (info?.isFile !== true) {
    const reason = info === null ? "no such file" : "no file";
    throw new UserError("io", `Cannot read "${path}" of --custom-ui: ${reason}`);
  }
  const reader = await files.openReader(place);
  try {
    const head = new Uint8Array(512);
    reader.readAt(head, 0);
    const isTar = new TextDecoder().decode(head.subarray(257, 262)) === "ustar";
    const isCompressed = MAGICS.some((magic) => magic.every((byte, at) => head[at] === byte));
    if (isTar || isCompressed) return;
  } finally {
    reader.close();
  }
  throw new UserError("validation", `Cannot use "${path}" of --custom-ui: it is no archive`, {
    hint: "Give a tar, tar.gz or tar.zst of the widget",
  });
}
