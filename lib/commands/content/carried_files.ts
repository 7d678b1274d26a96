import { UserError } from "../../errors.ts";
import { downloadClusterDefinition } from "../../api/cluster_definitions.ts";
import { filePieces } from "../../content/file_pieces.ts";
import {
  checkClusterDefinition,
  definitionFileName,
} from "../../content/profiles/cluster_definition.ts";
import type { CarriedFile } from "../../content/transfer/artifacts.ts";
import { baseName, type FileReader } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import type { ProjectPalette } from "../palette_client.ts";
import { expandPath } from "../paths.ts";
import type { BuildOptions } from "./build_options.ts";
import type { GatheredContent } from "./gather.ts";

/** A cluster definition as Palette sends it, checked. */
export interface FetchedDefinition {
  fileName: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Fetches the cluster definition that is asked for; null when none is. */
export async function fetchClusterDefinition(
  { clusterDefinition: { name, profiles } }: BuildOptions,
  palette: ProjectPalette | null,
): Promise<FetchedDefinition | null> {
  if (name === undefined || palette === null) return null;
  const bytes = await downloadClusterDefinition(palette.palette, profiles);
  await checkClusterDefinition(bytes);
  return { fileName: definitionFileName(name), bytes };
}

export function carriedBytes({ fileName, bytes }: FetchedDefinition): CarriedFile {
  return { fileName, open: () => Promise.resolve(ReadableStream.from([bytes])) };
}

/** The archive of `--custom-ui`, read anew each time. */
export function customUiFile(
  { customUi }: BuildOptions,
  { runtime }: CommandContext,
): CarriedFile | null {
  if (customUi === undefined) return null;
  const path = expandPath(customUi, runtime);
  const open = async () => {
    const reader = await runtime.files.openReader(path);
    return ReadableStream.from(piecesOf(reader));
  };
  return { fileName: baseName(path), open };
}

async function* piecesOf(reader: FileReader): AsyncGenerator<Uint8Array> {
  try {
    // Each piece is overwritten by the next, and a stream may hold several.
    for await (const piece of filePieces(reader)) yield piece.slice();
  } finally {
    reader.close();
  }
}

/**
 * Refuses a definition that speaks of files which nobody has named.
 * @throws {UserError} `usage`
 */
export function requireCarried(
  { definition }: GatheredContent,
  carried: { clusterDefinition: unknown; customUi: unknown },
): void {
  const missing = definition.clusterDefinition !== null && carried.clusterDefinition === null
    ? [definition.clusterDefinition.file, "--cluster-definition-name and its profiles"]
    : definition.customUi !== null && carried.customUi === null
    ? [definition.customUi.file, "--custom-ui"]
    : null;
  if (missing === null) return;
  const [file, flags] = missing;
  throw new UserError("usage", `The definition has "${file}", which this command does not know`, {
    hint: `Give it with ${flags}, or take it out of the definition`,
  });
}
