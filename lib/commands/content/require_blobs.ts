import { UserError } from "../../errors.ts";
import { type NeededBlob, sumOfBlobs } from "../../content/transfer/inventory.ts";
import { formatBytes } from "../../output/bytes.ts";
import type { CommandContext } from "../context.ts";
import { openBlobCache } from "./blob_cache.ts";
import type { Reused } from "./known_bundles.ts";
import type { TransferOptions } from "./transfer_command.ts";

/**
 * Refuses to begin offline what neither existing bundles nor the cache have all blobs of.
 * @throws {UserError} `not-found`: all of them in one list.
 */
export async function requireBlobs(
  needed: readonly NeededBlob[],
  { digests }: Reused,
  transfer: TransferOptions,
  context: CommandContext,
): Promise<void> {
  const cache = openBlobCache(transfer, context);
  const missing: NeededBlob[] = [];
  for (const blob of needed) {
    if (digests.has(blob.descriptor.digest)) continue;
    if (await cache?.has(blob.descriptor) !== true) missing.push(blob);
  }
  if (missing.length === 0) return;
  const list = missing.map(({ descriptor: { digest }, item }) =>
    `${digest} of ${item.ref === "" ? "a signature" : item.ref}`
  ).sort();
  const count = missing.length === 1 ? "1 blob" : `${missing.length} blobs`;
  throw new UserError(
    "not-found",
    `Cannot build offline: ${count} (${formatBytes(sumOfBlobs(missing))}) are missing: ` +
      list.join("; "),
    { hint: "Name a bundle that has them with --existing-bundles, or leave --offline out" },
  );
}
