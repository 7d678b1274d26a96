import { UserError } from "../../errors.ts";
import { DEFINITION_FILE } from "../../content/bundle.ts";
import { fillLayout } from "../../content/fill_layout.ts";
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
import { Layout } from "../../oci/layout.ts";
import type { CommandContext } from "../context.ts";
import { archiveBundle } from "./archive_bundle.ts";
import { findRemoteBundle } from "./find_remote_bundle.ts";
import { openLocalBundle } from "./open_local_bundle.ts";
import { openRegistries } from "./open_registries.ts";
import { requireFolder, saveFolder, writeOutput } from "./output_folder.ts";
import { refuseLocal } from "./path_or_registry.ts";
import { definitionAt } from "./remote_reference.ts";
import { requireFlag } from "./require_flag.ts";
import type { SaveContentOptions } from "./save_options.ts";
import { selectContent } from "./select_content.ts";
import { warnOfUnsignedArchive } from "./signature_files.ts";

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
  await refuseLocal(source, "--source", context.runtime);
  if (options.compressionLevel > MAX_LEVEL) {
    throw new UserError("usage", `--compression-level must be from 0 to ${MAX_LEVEL}`, {
      hint: "Leave it out: 3 is fast, and images do not shrink much further",
    });
  }
  await requireFolder(saveFolder(options.output, context), context);
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
  { output, compressionLevel: level, keepsLayout, transfer }: SaveContentOptions,
  { registries, context }: SaveParts,
): Promise<void> {
  const { printer, runtime: { files, crypto } } = context;
  const folder = saveFolder(output, context);
  const layout = keepsLayout ? joinPath(folder, remote.name) : null;
  // Whether it can be there shows before hours of fetching, not after.
  if (layout !== null) await Layout.openIfThere(layout, { files, crypto });
  const bundle = await openRemoteBundle(remote, { registries, crypto, jobs: transfer.jobs });
  const selected = await selectContent(bundle, [], transfer, context);
  const path = joinPath(folder, `${remote.name}.tar${level === 0 ? "" : ".zst"}`);
  const copies = layout === null ? 1 : 2;
  const target = { path, level, transfer, isRemote: true, copies };
  const { blobs, bytes, written } = await archiveBundle(selected, target, context);
  if (layout !== null && written !== null) await unpackTo(layout, path, context);
  const source = definitionAt(remote);
  if (written !== null) await warnOfUnsignedArchive({ bundle, source, path }, context);
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
      layout,
    }),
    text: () =>
      formatSummary(
        "Save",
        written === null
          ? [`bundle ${source} would be saved to ${path}: ${blobs} blobs, ${bytes} bytes`]
          : [
            `bundle ${source} copied to ${folder}`,
            `bundle ${source} saved to ${path}`,
            ...(layout === null ? [] : [`bundle ${source} kept in ${layout}`]),
          ],
      ),
  });
}

/** The archive is at hand: nothing is fetched twice. */
async function unpackTo(folder: string, archive: string, context: CommandContext): Promise<void> {
  const { runtime: { files, crypto }, signal } = context;
  const bundle = await openLocalBundle(archive, context);
  try {
    const layout = await Layout.make(folder, { files, crypto });
    const parts = { files, crypto, signal, onProgress: () => {} };
    await fillLayout(bundle, bundle.items, layout, parts);
  } finally {
    bundle.close();
  }
}
