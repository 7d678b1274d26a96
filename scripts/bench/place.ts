import type { FakePalette } from "../../tests/support/palette/fake_palette.ts";
import { ADMIN_KEY, DEV_PROJECT } from "../../tests/support/palette/state.ts";
import { bundle } from "../bundle.ts";

/** What all measures share. */
export interface BenchPlace {
  /** For everything that is written. */
  folder: string;
  /** The command line as one file, as it is released. */
  palette: string;
  /** A script that does nothing. */
  empty: string;
  passphrase: string;
  session: {
    project: string;
    /** A workspace of our own. */
    env: Record<string, string>;
    /** Credentials of the stand-in for Palette. */
    login: Record<string, string>;
  };
}

const PASSPHRASE = "Correct-Horse-9";

export async function preparePlace(folder: string, server: FakePalette): Promise<BenchPlace> {
  const palette = `${folder}/palette.js`;
  await bundle("", palette);
  const empty = `${folder}/empty.js`;
  await Deno.writeTextFile(empty, "");
  return {
    folder,
    palette,
    empty,
    passphrase: PASSPHRASE,
    session: {
      project: DEV_PROJECT.name,
      env: {
        PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
        PALETTE_WORKSPACE: `${folder}/workspace`,
        CI: "true",
      },
      login: { PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: server.url },
    },
  };
}
