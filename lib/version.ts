/** Version of this program; the release script writes it. */
export const VERSION = "0.1.0";

/** The bundle script puts the commit here. */
const STAMP: string = "palette-commit-not-stamped";

/** Commit it was built from; empty when it is run from source. */
export const COMMIT = STAMP.startsWith("palette-") ? "" : STAMP;
