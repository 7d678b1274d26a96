import { DEFAULT_CONSOLE_URL } from "../../api/console_url.ts";
import { formatPointer, scalarsOf } from "../../yaml/pointer.ts";
import { BLOCK_KEY, type SecretFile } from "../../config/secret_file.ts";
import { listDocument } from "../../output/format.ts";
import { formatTable } from "../../output/table.ts";
import type { CommandContext } from "../context.ts";

export interface ViewOptions {
  showOrigin: boolean;
}

/** A setting, what it is, and who says so. */
interface Row {
  key: string;
  value: string;
  origin: string;
}

const ENDPOINT = "/paletteConfig/mgmt/endpoint";
const API_KEY = "/paletteConfig/mgmt/apikey";
const CA_FILE = "/paletteConfig/mgmt/caFile";
const PROJECT = "/paletteConfig/projectName";
const PROJECT_UID = "/paletteConfig/projectUid";

/** Shows the settings in effect; decrypts nothing. */
export async function view({ showOrigin }: ViewOptions, context: CommandContext): Promise<void> {
  const { env } = context.runtime;
  const rows = env.get("PALETTE_API_KEY") === undefined
    ? await rowsOfFile(context)
    : rowsOfEnvironment(context);
  await context.printer.result({
    document: () => listDocument(rows.map((row) => ({ ...row }))),
    text: () =>
      formatTable(
        showOrigin ? ["KEY", "VALUE", "ORIGIN"] : ["KEY", "VALUE"],
        rows.map(({ key, value, origin }) => showOrigin ? [key, value, origin] : [key, value]),
      ),
  });
}

/** With a key in the environment the file is not looked at: its address is not the key's. */
function rowsOfEnvironment({ runtime }: CommandContext): Row[] {
  const row = (key: string, variable: string, fallback: string | null): Row[] => {
    const value = runtime.env.get(variable) ?? fallback;
    const isSet = runtime.env.get(variable) !== undefined;
    return value === null ? [] : [{ key, value, origin: isSet ? `env ${variable}` : "default" }];
  };
  return [
    { key: API_KEY, value: "[set]", origin: "env PALETTE_API_KEY" },
    ...row(ENDPOINT, "PALETTE_CONSOLE_URL", DEFAULT_CONSOLE_URL),
    ...row(CA_FILE, "PALETTE_CA_FILE", null),
    ...row(PROJECT, "PALETTE_PROJECT", null),
  ];
}

async function rowsOfFile(context: CommandContext): Promise<Row[]> {
  const file = await context.paletteFile();
  const origin = `file ${file.path}`;
  const shown = shownSecrets(file);
  const rows = [...scalarsOf(file.root)].map(({ path, text }) => {
    const key = formatPointer(path);
    return { key, value: shown.get(key) ?? text, origin };
  });
  const visible = rows.filter(({ key }) =>
    !key.startsWith(`/${BLOCK_KEY}/`) || /\/(version|kdf|iterations)$/.test(key)
  );
  const project = context.runtime.env.get("PALETTE_PROJECT");
  if (project === undefined) return visible;
  return [
    ...visible.filter(({ key }) => key !== PROJECT && key !== PROJECT_UID),
    { key: PROJECT, value: project, origin: "env PALETTE_PROJECT" },
  ];
}

const SHOWN = {
  token: "[encrypted]",
  misplaced: "[encrypted]",
  foreign: "[encrypted by another program]",
  plaintext: "[plain text]",
} as const;

function shownSecrets(file: SecretFile): Map<string, string> {
  return new Map(file.secrets().map(({ pointer, state }) => [pointer, SHOWN[state]]));
}
