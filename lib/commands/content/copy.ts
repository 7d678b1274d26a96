import { UserError } from "../../errors.ts";
import { fillLayout } from "../../content/fill_layout.ts";
import { sumOfBlobs, takeInventory } from "../../content/transfer/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import { Layout } from "../../oci/layout.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import type { Json } from "../../output/format.ts";
import { formatSummary } from "../../output/summary.ts";
import type { CommandContext } from "../context.ts";
import { archiveBundle } from "./archive_bundle.ts";
import { type CopyDestination, copyDestination, type CopySource, copySource } from "./copy_ends.ts";
import type { CopyContentOptions } from "./copy_options.ts";
import { fetchBlobs } from "./fetch_blobs.ts";
import { openRegistries } from "./open_registries.ts";
import { type OpenedSource, openSource } from "./open_source.ts";
import { pushLocal, recordsOf } from "./push.ts";
import { countsOf, planOf } from "./push_summary.ts";
import { definitionAt, type RemoteReference } from "./remote_reference.ts";
import { requireFlag } from "./require_flag.ts";
import { selectContent } from "./select_content.ts";
import {
  copySignatureFiles,
  warnOfUnsignedArchive,
  warnOfUnsignedLayout,
  warnOfUnsignedPush,
} from "./signature_files.ts";
import type { TransferOptions } from "./transfer_command.ts";
import { transferProgressOf } from "./transfer_progress.ts";
import { DEFAULT_COMPRESSION_LEVEL } from "./transfer_defaults.ts";
import { warnOfThin } from "./warn_of_thin.ts";

const EXAMPLE = "palette content copy --source bundle.tar.zst --destination example.com/bundle";

const COPY_IS_THIN = "the copy lacks them, too";

interface Copied {
  /** As messages name it. */
  place: string;
  counts: Record<string, Json>;
  /** What it would come to, in words. */
  plan: string;
  /** Signature files that came along. */
  signatures: string[];
}

interface CopyParts {
  registries: Registries;
  transfer: TransferOptions;
  context: CommandContext;
}

/** Copies a bundle, or a part of it, from one place to another. */
export async function copyContent(
  options: CopyContentOptions,
  context: CommandContext,
): Promise<void> {
  const { selectors, transfer } = options;
  const from = await copySource(requireFlag("--source", options.source, EXAMPLE), context);
  const to = await copyDestination(
    requireFlag("--destination", options.destination, EXAMPLE),
    context,
  );
  const registries = await openRegistries(transfer, context, { records: recordsOf(context) });
  try {
    const parts = { registries, transfer, context };
    const source = await openSource(from, "--source", { registries, jobs: transfer.jobs, context });
    try {
      refuseSame(from, to, source);
      const selected = await selectContent(source.bundle, selectors, transfer, context);
      const { place, counts, plan, signatures } = await copyTo(
        to,
        { ...source, bundle: selected },
        parts,
      );
      await context.printer.result({
        document: () => ({
          source: source.text,
          destination: place,
          dryRun: transfer.dryRun,
          items: selected.items.length,
          ...counts,
        }),
        text: () =>
          formatSummary("Copy", [
            transfer.dryRun
              ? `bundle ${source.text} would be copied to ${place}: ${plan}`
              : `bundle ${source.text} copied to ${place}`,
            ...signatures.map((file) => `signature saved to ${file}`),
          ]),
      });
    } finally {
      source.bundle.close();
    }
  } finally {
    registries.close();
  }
}

function refuseSame(from: CopySource, to: CopyDestination, { remote }: OpenedSource): void {
  const isSame = to.kind === "remote"
    ? remote !== null && remote.name.host === to.place.host && remote.name.base === to.place.base
    : from.kind === "local" && from.path.replace(/(?<=.)\/+$/, "") === to.path;
  if (!isSame) return;
  throw new UserError("usage", "--source and --destination are the same", {
    hint: "Name another place for the copy",
  });
}

async function copyTo(
  to: CopyDestination,
  source: OpenedSource,
  parts: CopyParts,
): Promise<Copied> {
  const { transfer, context } = parts;
  if (to.kind === "remote") return await copyToRegistry(to.place, source, parts);
  if (to.kind === "layout") return await copyToLayout(to.path, source, parts);
  await warnOfThin(source.bundle, COPY_IS_THIN, context);
  const { blobs, bytes, written } = await archiveBundle(source.bundle, {
    path: to.path,
    level: /\.zst$/i.test(to.path) ? DEFAULT_COMPRESSION_LEVEL : 0,
    transfer,
    isRemote: source.remote !== null,
  }, context);
  const { size = null, digest = null } = written ?? {};
  const signatures = written === null ? [] : await signaturesFor(to.path, source, context);
  const counts = { blobs, bytes, size, digest, signatures };
  return { place: to.path, counts, plan: `${blobs} blobs, ${bytes} bytes`, signatures };
}

async function signaturesFor(
  path: string,
  { bundle, text, remote }: OpenedSource,
  context: CommandContext,
): Promise<string[]> {
  if (remote === null) return await copySignatureFiles(text, path, context);
  await warnOfUnsignedArchive({ bundle, source: text, path }, context);
  return [];
}

async function copyToLayout(
  folder: string,
  { bundle, text, remote }: OpenedSource,
  { transfer, context }: CopyParts,
): Promise<Copied> {
  const { runtime: { files, crypto }, signal } = context;
  const inventory = await takeInventory(bundle.items, bundle.source, crypto);
  const needed = [...inventory.blobs.values()];
  const [blobs, bytes] = [needed.length, sumOfBlobs(needed)];
  const copied = {
    place: folder,
    counts: { blobs, bytes },
    plan: `${blobs} blobs, ${bytes} bytes`,
    signatures: [],
  };
  if (transfer.dryRun) {
    await warnOfThin(bundle, COPY_IS_THIN, context);
    return copied;
  }
  if (remote === null) await warnOfUnsignedLayout({ path: text, folder }, context);
  const layout = await Layout.make(folder, { files, crypto });
  await warnOfThin(bundle, COPY_IS_THIN, context, [layout]);
  const space = { folder, bytes };
  const source = remote === null
    ? bundle.source
    : await fetchBlobs(bundle.source, needed, { transfer, space }, context);
  const progress = transferProgressOf(transfer, context);
  try {
    await fillLayout({ ...bundle, source }, bundle.items, layout, {
      files,
      crypto,
      signal,
      onProgress: (doneBytes, totalBytes) =>
        progress.moved({ doneBytes, totalBytes, label: "copy" }),
    });
  } finally {
    progress.end();
  }
  return copied;
}

async function copyToRegistry(
  { host, base, name, isPlainHttp }: RemoteReference,
  { bundle, text, remote }: OpenedSource,
  { registries, transfer, context }: CopyParts,
): Promise<Copied> {
  if (name !== null && name !== bundle.name) {
    throw new UserError("usage", `Cannot copy "${bundle.name}" as "${name}": it keeps its name`, {
      hint: "Name registry and base path alone in --destination",
    });
  }
  if (remote === null) {
    const there = definitionAt({ host, base, name: bundle.name });
    await warnOfUnsignedPush({ bundle, path: text, there }, context);
  }
  const mountFrom = (digest: Digest) => {
    const place = remote?.bundle.source.placeOf(digest);
    return place?.host === host ? [place.repository] : [];
  };
  const result = await pushLocal(bundle, {
    registry: registries.open(host, isPlainHttp),
    base,
    keepsTags: false,
    transfer,
    mountFrom,
  }, context);
  return {
    place: base === "" ? host : `${host}/${base}`,
    counts: countsOf(result),
    plan: planOf(result),
    signatures: [],
  };
}
