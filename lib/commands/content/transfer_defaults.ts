/** What flags of transfers stand for when they are not given; help names the same. */

/** Blobs moved at once. */
export const DEFAULT_JOBS = 8;
/** Tries after the first. */
export const DEFAULT_RETRIES = 5;
/** Of Zstandard. */
export const DEFAULT_COMPRESSION_LEVEL = 3;
