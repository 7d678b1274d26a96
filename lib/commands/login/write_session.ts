import { valueAt } from "../../yaml/pointer.ts";
import type { EditedFile } from "../../config/secret_editor.ts";
import type { SecretFile } from "../../config/secret_file.ts";
import { API_KEY_PATH, UBUNTU_TOKEN_PATH } from "../../config/secret_kinds.ts";
import { joinPath } from "../../runtime/files.ts";
import type { SaltChoice } from "../../secrets/keyring.ts";
import { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";
import { writeConfig } from "../write_config.ts";
import type { Choices } from "./choices.ts";
import type { Connection } from "./connection.ts";

type Values = { path: string[]; value: string | boolean }[];

export interface SessionToWrite {
  connection: Connection;
  choices: Choices;
  ubuntuProToken: string | null;
  fresh: SaltChoice;
}

/**
 * Writes palette.yaml: what the login settled, everything else as it was.
 * @returns What had to be blanked or was encrypted on the way.
 */
export async function writeSession(
  session: SessionToWrite,
  context: CommandContext,
): Promise<EditedFile> {
  const { connection, ubuntuProToken, fresh } = session;
  const secrets = [
    { path: API_KEY_PATH, value: connection.apiKey },
    ...(ubuntuProToken === null
      ? []
      : [{ path: UBUNTU_TOKEN_PATH, value: new Secret(ubuntuProToken) }]),
  ];
  return await writeConfig(
    (before) => ({ values: valuesOf(session, before, context), secrets }),
    { unreadable: "drop", fresh },
    context,
  );
}

/** Keys in the order the original writes them; what the user may have set stays. */
function valuesOf(
  { connection, choices }: SessionToWrite,
  before: SecretFile,
  { runtime, workspace }: CommandContext,
): Values {
  const { address, info } = connection;
  const { organization, project, clusterGroup } = choices;
  const root = runtime.files.absolute(workspace.root);
  const settled: Values = [
    { path: ["paletteConfig", "organization"], value: organization },
    { path: ["paletteConfig", "scope"], value: project === null ? "tenant" : "project" },
    { path: ["paletteConfig", "projectName"], value: project?.name ?? "" },
    { path: ["paletteConfig", "projectUid"], value: project?.uid ?? "" },
    { path: ["paletteConfig", "clusterGroupName"], value: clusterGroup?.name ?? "" },
    { path: ["paletteConfig", "clusterGroupUid"], value: clusterGroup?.uid ?? "" },
    { path: ["paletteConfig", "clusterGroupScope"], value: clusterGroup?.scope ?? "" },
    { path: ["paletteConfig", "tenantUid"], value: info.tenantUid },
    ...missing(before, [
      { path: ["paletteConfig", "ubuntuConfig", "enablefips"], value: false },
      { path: ["paletteConfig", "ubuntuConfig", "token"], value: "" },
      { path: ["paletteConfig", "scarConfig", "scarLoc"], value: "" },
      { path: ["paletteConfig", "scarConfig", "scarUsername"], value: "" },
      { path: ["paletteConfig", "scarConfig", "scarPassword"], value: "" },
      { path: ["paletteConfig", "mgmt", "apikey"], value: "" },
    ]),
    { path: ["paletteConfig", "mgmt", "endpoint"], value: address.endpoint.origin },
    { path: ["paletteConfig", "mgmt", "insecure"], value: address.insecure },
    { path: ["paletteConfig", "mgmt", "caFile"], value: address.caFile?.path ?? "" },
    ...missing(before, [
      { path: ["paletteConfig", "mgmt", "pairingcode"], value: "" },
      { path: ["runLoc"], value: joinPath(root, "") },
      { path: ["workspaceLoc"], value: root },
    ]),
  ];
  // A value that is already there keeps its spelling.
  return settled.filter(({ path, value }) =>
    valueAt(before.root, path) === undefined || before.textAt(path) !== String(value)
  );
}

function missing(before: SecretFile, values: Values): Values {
  return values.filter(({ path }) => valueAt(before.root, path) === undefined);
}
