import { UserError } from "../../errors.ts";
import { type BundleDiff, diffBundles } from "../../content/diff_bundles.ts";
import { formatBytes } from "../../output/bytes.ts";
import { formatTable } from "../../output/table.ts";
import type { CommandContext } from "../context.ts";
import { copySource } from "./copy_ends.ts";
import { openRegistries, type RegistryFlags } from "./open_registries.ts";
import { openSource } from "./open_source.ts";
import { DEFAULT_JOBS } from "./transfer_defaults.ts";

export interface DiffContentOptions {
  older: string;
  newer: string;
  flags: RegistryFlags;
}

/** Enough of a digest to tell it from others; `--format json` has the whole. */
const SHORT = "sha256:".length + 12;

/** Tells how two bundles differ; that they do is an error of its own. */
export async function diffContent(
  { older, newer, flags }: DiffContentOptions,
  context: CommandContext,
): Promise<void> {
  const from = await copySource(older, context);
  const to = await copySource(newer, context);
  const registries = await openRegistries(flags, context);
  try {
    const parts = { registries, jobs: DEFAULT_JOBS, context };
    const before = await openSource(from, "OLDER", parts);
    try {
      const after = await openSource(to, "NEWER", parts);
      try {
        const diff = await diffBundles(before.bundle, after.bundle, context.runtime.crypto);
        await show(diff, [before.text, after.text], context);
      } finally {
        after.bundle.close();
      }
    } finally {
      before.bundle.close();
    }
  } finally {
    registries.close();
  }
}

async function show(
  { changes, unchanged, newBlobs }: BundleDiff,
  [older, newer]: [string, string],
  { printer }: CommandContext,
): Promise<void> {
  const short = (digest: string | null) => digest === null ? "" : digest.slice(0, SHORT);
  const sizes = `${newBlobs.count} new blobs, ${formatBytes(newBlobs.bytes)}; ` +
    `${unchanged} items are the same`;
  await printer.result({
    document: () => ({
      older,
      newer,
      same: changes.length === 0,
      changes: changes.map((change) => ({ ...change })),
      unchanged,
      newBlobs: { ...newBlobs },
    }),
    text: () =>
      (changes.length === 0 ? "" : formatTable(
        ["CHANGE", "TYPE", "ITEM", "FROM", "TO"],
        changes.map(({ change, type, item, from, to }) => [
          change,
          type,
          item,
          short(from),
          short(to),
        ]),
      )) + `${sizes}\n`,
  });
  if (changes.length === 0) return;
  const count = `${changes.length} item${changes.length === 1 ? "" : "s"}`;
  throw new UserError("checks-failed", `The bundles differ in ${count}`, {
    hint: "A bundle of the new blobs alone is made with content build --thin-against",
  });
}
