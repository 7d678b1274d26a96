import { UserError } from "../../errors.ts";
import { DEFINITION_FILE } from "../../content/bundle.ts";
import {
  openRemoteBundle,
  readRemoteDefinition,
  type RemoteName,
} from "../../content/transfer/remote_bundle.ts";
import { RemoteContent } from "../../content/transfer/remote_content.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import { formatSummary } from "../../output/summary.ts";
import { joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { archiveBundle } from "./archive_bundle.ts";
import { findRemoteBundle } from "./find_remote_bundle.ts";
import { openRegistries } from "./open_registries.ts";
import { saveFolder, writeOutput } from "./output_folder.ts";
import { definitionAt } from "./remote_reference.ts";
import { requireFlag } from "./require_flag.ts";
import type { SaveContentOptions } from "./save_options.ts";
import { selectContent } from "./select_content.ts";

const EXAMPLE = "palette content save --source example.com/bundle/bundle-definition:edge-1";
const FILE_MODE = 0o644;
const MAX_LEVEL = 19;

/** Saves a bundle of a registry on this machine. */
export async function saveContent(
  options: SaveContentOptions,
  context: CommandContext,
): Promise<void> {
  const { transfer } = options;
  const source = requireFlag("--source", options.source, EXAMPLE);
  if (options.compressionLevel > MAX_LEVEL) {
    throw new UserError("usage", `--compression-level must be from 0 to ${MAX_LEVEL}`, {
      hint: "Leave it out: 3 is fast, and images do not shrink much further",
    });
  }
  const registries = await openRegistries(transfer, context);
  try {
    const remote = await findRemoteBundle(source, "--source", registries);
    if (options.definitionOnly) await saveDefinition(remote, options, { registries, context });
    else await saveArchive(remote, options, { registries, context });
  } finally {
    registries.close();
  }
}

interface SaveParts {
  registries: Registries;
  context: CommandContext;
}

async function saveDefinition(
  remote: RemoteName,
  { output, transfer }: SaveContentOptions,
  { registries, context }: SaveParts,
): Promise<void> {
  const { printer, runtime: { crypto } } = context;
  const parts = { registries, crypto, jobs: transfer.jobs };
  const { text } = await readRemoteDefinition(remote, new RemoteContent(registries), parts);
  const folder = saveFolder(output, context);
  const file = { bytes: new TextEncoder().encode(text), mode: FILE_MODE };
  const path = transfer.dryRun
    ? joinPath(folder, DEFINITION_FILE)
    : await writeOutput(folder, DEFINITION_FILE, file, context);
  await printer.result({
    document: () => ({ source: definitionAt(remote), file: path, dryRun: transfer.dryRun }),
    text: () => `${sanitizeLine(path)}\n`,
  });
}

async function saveArchive(
  remote: RemoteName,
  { output, compressionLevel: level, transfer }: SaveContentOptions,
  { registries, context }: SaveParts,
): Promise<void> {
  const { printer, runtime: { crypto } } = context;
  const bundle = await openRemoteBundle(remote, { registries, crypto, jobs: transfer.jobs });
  const selected = await selectContent(bundle, [], transfer, context);
  const folder = saveFolder(output, context);
  const path = joinPath(folder, `${remote.name}.tar${level === 0 ? "" : ".zst"}`);
  const target = { path, level, transfer, isRemote: true };
  const { blobs, bytes, written } = await archiveBundle(selected, target, context);
  const source = definitionAt(remote);
  await printer.result({
    document: () => ({
      source,
      file: path,
      dryRun: transfer.dryRun,
      items: selected.items.length,
      blobs,
      bytes,
      size: written?.size ?? null,
      digest: written?.digest ?? null,
    }),
    text: () =>
      formatSummary(
        "Save",
        written === null
          ? [`bundle ${source} would be saved to ${path}: ${blobs} blobs, ${bytes} bytes`]
          : [`bundle ${source} copied to ${folder}`, `bundle ${source} saved to ${path}`],
      ),
  });
}
