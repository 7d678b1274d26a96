import { DEFINITION_FILE } from "../../content/bundle.ts";
import { downloadClusterDefinition } from "../../api/cluster_definitions.ts";
import { formatDefinition } from "../../content/definition/format_definition.ts";
import { checkDefinitionProfiles } from "../../content/profiles/check_profiles.ts";
import {
  checkClusterDefinition,
  definitionFileName,
} from "../../content/profiles/cluster_definition.ts";
import { loadProfiles } from "../../content/profiles/load_profiles.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import { joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { type BuildOptions, checkBuildOptions } from "./build_options.ts";
import { gatherContent, openPalette, paletteFor } from "./gather.ts";
import { bundleFolder, definitionFolder, requireFolder, writeOutput } from "./output_folder.ts";

/** A cluster definition may hold secrets of its profiles. */
const PRIVATE = 0o600;
const PUBLIC = 0o644;

/** Builds a content bundle, or the part of it that is asked for. */
export async function buildContent(
  options: BuildOptions,
  context: CommandContext,
): Promise<void> {
  checkBuildOptions(options);
  if (options.buildType === "local" || options.lock) {
    const folder = options.clusterDefinition.isAll
      ? definitionFolder(options.output, context)
      : bundleFolder(options.output, context);
    const wanted = options.metadataOnly ? joinPath(folder, DEFINITION_FILE) : folder;
    await requireFolder(folder, context, wanted);
  }
  if (options.clusterDefinition.isAll && options.privateKey === undefined) {
    return await downloadDefinition(options, context);
  }
  if (options.metadataOnly) return await writeMetadata(options, context);
  const { buildBundle } = await import("./build_bundle.ts");
  await buildBundle(options, context);
}

/** Writes the definition alone: nothing is fetched from registries. */
async function writeMetadata(options: BuildOptions, context: CommandContext): Promise<void> {
  const palette = await paletteFor(options, context);
  const { definition, undeclared, excludedCount } = await gatherContent(options, palette, context);
  const bytes = new TextEncoder().encode(formatDefinition(definition));
  const folder = bundleFolder(options.output, context);
  const file = { bytes, mode: PUBLIC };
  const path = await writeOutput(folder, DEFINITION_FILE, file, context);
  await context.printer.result({
    document: () => ({
      file: path,
      name: definition.name,
      images: definition.images.length,
      charts: definition.charts.length,
      packs: definition.packs.length,
      rawFiles: definition.rawFiles.length,
      excluded: excludedCount,
      undeclared: undeclared.map((image) => ({ ...image })),
    }),
    text: () => `Writing flattened bundle definition file at path ${sanitizeLine(path)}\n`,
  });
}

async function downloadDefinition(options: BuildOptions, context: CommandContext): Promise<void> {
  const { name = "", profiles } = options.clusterDefinition;
  const fileName = definitionFileName(name);
  const { palette, place } = await openPalette(options, context);
  checkDefinitionProfiles(await loadProfiles(palette, profiles, place));
  const bytes = await downloadClusterDefinition(palette, profiles);
  await checkClusterDefinition(bytes);
  const folder = definitionFolder(options.output, context);
  const path = await writeOutput(folder, fileName, { bytes, mode: PRIVATE }, context);
  await context.printer.result({
    document: () => ({ file: path, profiles, size: bytes.length }),
    text: () => `Downloaded cluster config at ${sanitizeLine(path)}\n`,
  });
}
