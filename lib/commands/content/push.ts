import type { Bundle } from "../../content/bundle.ts";
import { pushBundle, type PushResult } from "../../content/transfer/push_bundle.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseRegistryAddress } from "../../oci/registry_address.ts";
import type { Registry } from "../../oci/registry/registry.ts";
import { uploadRecords } from "../../oci/registry/upload_records.ts";
import { joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { localPathOf, openLocalBundle } from "./open_local_bundle.ts";
import { openRegistries } from "./open_registries.ts";
import type { PushContentOptions } from "./push_options.ts";
import { basePathOf, definitionAt } from "./remote_reference.ts";
import { requireFlag } from "./require_flag.ts";
import { selectContent } from "./select_content.ts";
import { showPush } from "./push_summary.ts";
import { warnOfUnsignedPush } from "./signature_files.ts";
import type { TransferOptions } from "./transfer_command.ts";
import { transferProgressOf } from "./transfer_progress.ts";

const EXAMPLE = "palette content push --file bundle.tar.zst --registry example.com/bundle";

/** Where a bundle is pushed to, and how. */
export interface PushTarget {
  registry: Registry;
  /** Path below the registry's host; empty for none. */
  base: string;
  /** A tag that points elsewhere is an error. */
  keepsTags: boolean;
  transfer: TransferOptions;
  /** Repositories of the same registry that a blob may be mounted from. */
  mountFrom?: (digest: Digest) => string[];
}

/** Pushes a bundle on this machine to a registry. */
export async function pushContent(
  options: PushContentOptions,
  context: CommandContext,
): Promise<void> {
  const { runtime, printer } = context;
  const { selectors, keepsTags, transfer } = options;
  const file = localPathOf(requireFlag("--file", options.file, EXAMPLE), runtime);
  const address = requireFlag("--registry", options.registry, EXAMPLE);
  const { host, path, isPlainHttp } = parseRegistryAddress(address, "--registry");
  const base = basePathOf(path);
  const bundle = await openLocalBundle(file, context);
  try {
    const selected = await selectContent(bundle, selectors, transfer, context);
    const there = definitionAt({ host, base, name: bundle.name });
    await warnOfUnsignedPush({ bundle: selected, path: file, there }, context);
    const registries = await openRegistries(transfer, context, { records: recordsOf(context) });
    try {
      const registry = registries.open(host, isPlainHttp);
      const result = await pushLocal(selected, { registry, base, keepsTags, transfer }, context);
      await showPush({
        title: "Push",
        name: bundle.name,
        isLocal: true,
        place: base === "" ? host : `${host}/${base}`,
        result,
        isDryRun: transfer.dryRun,
      }, context);
      if (transfer.dryRun) return;
      printer.notice(
        `successfully copied all artifacts from local bundle ${file} to remote bundle ${there}`,
      );
    } finally {
      registries.close();
    }
  } finally {
    bundle.close();
  }
}

/**
 * Pushes all of a bundle, and shows how far it is.
 * @throws {UserError} `conflict`, `integrity`; what the registry refuses.
 */
export async function pushLocal(
  bundle: Bundle,
  { registry, base, keepsTags, transfer, mountFrom }: PushTarget,
  context: CommandContext,
): Promise<PushResult> {
  const { printer, runtime: { crypto }, signal } = context;
  const progress = transferProgressOf(transfer, context);
  let doneBytes = 0;
  try {
    return await pushBundle(bundle, bundle.items, {
      registry,
      base,
      jobs: transfer.jobs,
      crypto,
      keepsTags,
      isDryRun: transfer.dryRun,
      ...(mountFrom === undefined ? {} : { mountFrom }),
      onBytes(count, totalBytes) {
        doneBytes += count;
        progress.moved({ doneBytes, totalBytes, label: "push" });
      },
      onWarning: (text) => printer.warn(text),
      signal,
    });
  } finally {
    progress.end();
  }
}

/** Where uploads stand that a stopped run began. */
export function recordsOf({ runtime, workspace }: CommandContext) {
  return uploadRecords(joinPath(workspace.root, "registry-uploads"), runtime);
}
