import { UserError } from "../../errors.ts";
import { kindOfPath } from "../../content/archive/kind_of_path.ts";
import { type Bundle, bundleNamesOf } from "../../content/bundle.ts";
import { readDefinitionText } from "../../content/bundle_definition_text.ts";
import type { Architecture, BundleDefinition } from "../../content/definition/bundle_definition.ts";
import { sanitizeText } from "../../output/sanitize.ts";
import type { CommandContext } from "../context.ts";
import { readUserFile } from "../paths.ts";
import { archOf } from "./arch.ts";
import { isPath, localPathOf, openLocalBundle } from "./open_local_bundle.ts";
import { DEFAULT_JOBS } from "./transfer_defaults.ts";

export interface DefinitionOptions {
  /** A definition, an archive, a layout folder or a reference, as the user wrote it. */
  source: string;
  arch: string | undefined;
}

/** Reads the definition of a bundle in a registry, and what an architecture needs of it. */
export type ReadRemote = (reference: string, arch: Architecture | null) => Promise<Found>;

/** A definition, and what the bundle that carries it says of the architectures of its items. */
export interface Found {
  text: string;
  place: string;
  /** By reference, whether an item is for the architecture that is asked for; a file has none. */
  fits: ReadonlyMap<string, boolean>;
}

/** Prints the definition of a bundle as it stands there. */
export async function showDefinition(
  { source, arch: archText }: DefinitionOptions,
  readRemote: ReadRemote,
  context: CommandContext,
): Promise<void> {
  const { printer, runtime: { streams } } = context;
  const arch = archOf(archText);
  const { text, place, fits } = await findDefinition({ source, arch }, readRemote, context);
  if (arch === null && printer.format === "table") {
    // Scripts get every byte; what a stranger wrote must not command a terminal.
    const shown = streams.stdout.isTerminal ? sanitizeText(text) : text;
    return await printer.result({ document: () => null, text: () => shown });
  }
  // Only what asks for it pays for YAML.
  const [{ readDefinition }, { documentOf, formatDefinition }] = await Promise.all([
    import("../../content/definition/read_definition.ts"),
    import("../../content/definition/format_definition.ts"),
  ]);
  const { definition, warnings } = readDefinition(text, place);
  for (const warning of warnings) printer.warn(warning);
  const kept = arch === null ? definition : forArch(definition, fits, arch);
  await printer.result({
    document: () => documentOf(kept),
    text: () => formatDefinition(kept),
  });
}

async function findDefinition(
  { source, arch }: { source: string; arch: Architecture | null },
  readRemote: ReadRemote,
  context: CommandContext,
): Promise<Found> {
  const { runtime: { files, crypto }, runtime } = context;
  const path = localPathOf(source, runtime);
  const kind = await kindOfPath(path, files);
  if (kind === "other") {
    return { text: await readDefinitionFile(path, context), place: path, fits: new Map() };
  }
  if (kind === "none" && isPath(source)) {
    const { missingBundle } = await import("./missing_bundle.ts");
    throw await missingBundle(path, context);
  }
  if (kind === "none") return await readRemote(source, arch);
  const bundle = await openLocalBundle(path, context);
  try {
    const text = await readDefinitionText(bundle, crypto);
    const names = bundleNamesOf(bundle);
    if (names.length > 1) {
      context.printer.warn(
        `"${bundle.place}" holds the bundles ${names.join(", ")}; this is the definition of ${
          names[0]
        }`,
      );
    }
    return { text, place: bundle.place, fits: await fitsOf(bundle, arch, context) };
  } finally {
    bundle.close();
  }
}

/** What the items of a bundle are for; nothing is read when no architecture is asked for. */
export async function fitsOf(
  bundle: Bundle,
  arch: Architecture | null,
  { runtime: { crypto } }: CommandContext,
): Promise<Map<string, boolean>> {
  if (arch === null) return new Map();
  const { itemsForOthers } = await import("../../content/transfer/fits_architecture.ts");
  const others = await itemsForOthers(bundle, arch, { jobs: DEFAULT_JOBS, crypto });
  return new Map(bundle.items.map((item) => [item.ref, !others.has(item)]));
}

/** A key that definitions have at their top, or the beginning of one in JSON. */
const LIKE_DEFINITION = /^\uFEFF?(?:["']?(?:apiVersion|kind|metadata|spec|images)["']?\s*:|\{)/m;

/**
 * The text of a file that looks like a definition: it is printed as it is, and parsing it would cost
 * the YAML module.
 */
async function readDefinitionFile(path: string, context: CommandContext): Promise<string> {
  let text: string;
  try {
    text = await readUserFile(path, context);
  } catch (error) {
    // It is not UTF-8.
    if (error instanceof UserError && error.code === "validation") throw neither(path, error);
    throw error;
  }
  if (LIKE_DEFINITION.test(text)) return text;
  throw neither(path);
}

function neither(path: string, cause?: unknown): UserError {
  return new UserError(
    "validation",
    `Cannot read "${path}": it is neither a bundle nor a definition`,
    {
      hint: "Name an archive or layout that palette content build made, or its definition in YAML",
      cause,
    },
  );
}

/** Leaves out the images that are for another architecture: by the bundle, else by the file. */
function forArch(
  definition: BundleDefinition,
  fits: ReadonlyMap<string, boolean>,
  arch: Architecture,
): BundleDefinition {
  const isOther = definition.arch.length > 0 && !definition.arch.includes(arch);
  return {
    ...definition,
    images: definition.images.filter(({ image }) => fits.get(image) ?? !isOther),
  };
}
