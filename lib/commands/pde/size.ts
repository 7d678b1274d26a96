import type { ClusterSize } from "../../api/virtual_clusters.ts";

/** Size flags as given; cores, GiB, GiB. */
export interface SizeFlags {
  cpu?: number | undefined;
  memory?: number | undefined;
  storage?: number | undefined;
}

/** What the original takes for each that is not given. */
const DEFAULT: ClusterSize = { cpu: 4, memoryGib: 4, storageGib: 4 };

/** The size of a new virtual cluster, or of one that has a size and keeps what is not given. */
export function sizeOf({ cpu, memory, storage }: SizeFlags, base = DEFAULT): ClusterSize {
  return {
    cpu: cpu ?? base.cpu,
    memoryGib: memory ?? base.memoryGib,
    storageGib: storage ?? base.storageGib,
  };
}

/** A size in documents, under the names of the table's columns. */
export function sizeDocument({ cpu, memoryGib, storageGib }: ClusterSize) {
  return { cpu, memoryGb: memoryGib, storageGb: storageGib };
}
