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
  /** Registry and base path. */
  place: string;
  result: PushResult;
  isDryRun: boolean;
}

/** Prints what came of a push. */
export async function showPush(push: FinishedPush, { printer }: CommandContext): Promise<void> {
  const { title, name, place, result, isDryRun } = push;
  await printer.result({
    document: () => ({ bundle: name, registry: place, dryRun: isDryRun, ...countsOf(result) }),
    text: () => formatSummary(title, [pushLine(push)]),
  });
}

/** What came of a push, in a line. */
function pushLine({ name, place, result, isDryRun }: FinishedPush): string {
  return isDryRun
    ? `local bundle ${name} would be pushed to ${place}: ${planOf(result)}`
    : `local bundle ${name} pushed to ${place}`;
}

/** What a push would come to. */
export function planOf({ uploadedBlobs, uploadedBytes, mountedBlobs, thereBlobs }: PushResult) {
  return `${uploadedBlobs} blobs to upload (${uploadedBytes} bytes), ${mountedBlobs} to mount, ` +
    `${thereBlobs} there`;
}

/** What came of a push, as data. */
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
