/** Version of this program; the release script writes it. */
export const VERSION = "0.1.0";

/** Commit it was built from; the bundle is stamped with it, empty when run from source. */
export const COMMIT: string = "";
