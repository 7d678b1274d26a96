import type { PushResult } from "../../content/transfer/push_bundle.ts";
import type { Json } from "../../output/format.ts";
import { formatSummary } from "../../output/summary.ts";
import type { CommandContext } from "../context.ts";

/** A push that is over. */
export interface FinishedPush {
  /** Of the block: `Push`. */
  title: string;
  /** Of the bundle. */
  name: string;
  /** It lies on this machine, not only in registries. */
  isLocal: boolean;
  /** Registry and base path. */
  place: string;
  result: PushResult;
  isDryRun: boolean;
}

/** Prints what came of a push. */
export async function showPush(push: FinishedPush, { printer }: CommandContext): Promise<void> {
  await printer.result({
    document: () => ({ bundle: push.name, ...documentOfPush(push) }),
    text: () => formatPush(push),
  });
}

/** What came of a push, as a block. */
export function formatPush(push: FinishedPush): string {
  const { title, name, isLocal, place, result, isDryRun } = push;
  const bundle = `${isLocal ? "local " : ""}bundle ${name}`;
  return formatSummary(title, [
    isDryRun
      ? `${bundle} would be pushed to ${place}: ${planOf(result)}`
      : `${bundle} pushed to ${place}`,
  ]);
}

/** What came of a push, as data. */
export function documentOfPush({ place, result, isDryRun }: FinishedPush): Record<string, Json> {
  return { registry: place, dryRun: isDryRun, ...countsOf(result) };
}

/** What a push would come to. */
export function planOf({ uploadedBlobs, uploadedBytes, mountedBlobs, thereBlobs }: PushResult) {
  return `${uploadedBlobs} blobs to upload (${uploadedBytes} bytes), ${mountedBlobs} to mount, ` +
    `${thereBlobs} there`;
}

/** What was moved, as data. */
export function countsOf(result: PushResult): Record<string, Json> {
  const { uploadedBlobs, uploadedBytes, mountedBlobs, thereBlobs, changedTags } = result;
  return {
    uploaded: uploadedBlobs,
    uploadedBytes,
    mounted: mountedBlobs,
    there: thereBlobs,
    changedTags,
  };
}
