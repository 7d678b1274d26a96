import { UserError } from "../../errors.ts";
import { hasJournal } from "../../config/rekey_journal.ts";
import { isBad, verdictOnStray, type VerifiedSecret, verifySecrets } from "../../config/verify.ts";
import {
  namedSecretFile,
  type WorkspaceFiles,
  workspaceSecretFiles,
} from "../../config/workspace_files.ts";
import { listDocument } from "../../output/format.ts";
import { formatTable } from "../../output/table.ts";
import type { CommandContext } from "../context.ts";

export interface VerifyOptions {
  configFile?: string | undefined;
}

/** Decrypts every token of the workspace, or of one file. */
export async function verify(options: VerifyOptions, context: CommandContext): Promise<void> {
  const { printer, runtime, workspace } = context;
  const { files } = runtime;
  const store = await context.store();
  if (await hasJournal({ store, files, workspace })) {
    printer.warn("a rekey was interrupted; run palette config rekey --resume");
  }
  const { secretFiles, strays } = await filesToVerify(options, context);
  if (secretFiles.length + strays.length > 0) await context.useWorkspace();
  const secrets = [
    ...await verifySecrets(secretFiles, { keyring: await context.keyring(), files }),
    ...strays.map(verdictOnStray),
  ];
  const bad = secrets.filter(isBad);
  if (secrets.length === 0) printer.notice("there is no secret to verify");
  await printer.result({
    document: () => listDocument(secrets.map((secret) => ({ ...secret }))),
    text: () => formatTable(["FILE", "KEY", "STATUS"], secrets.map(rowOf)),
  });
  for (const { file, pointer, problem } of secrets) {
    if (problem === null) continue;
    printer.warn(pointer === "" ? problem : `${pointer} in "${file}": ${problem}`);
  }
  if (bad.length === 0) return;
  throw new UserError(
    "checks-failed",
    `${bad.length} of ${secrets.length} encrypted values cannot be used`,
    {
      hint: bad.every(({ status }) => status === "unreadable")
        ? "Move the files that are none of palette's out of the workspace"
        : "Run palette login to enter the credentials again",
    },
  );
}

async function filesToVerify(
  { configFile }: VerifyOptions,
  context: CommandContext,
): Promise<WorkspaceFiles> {
  const { runtime, workspace } = context;
  const parts = { store: await context.store(), files: runtime.files };
  if (configFile === undefined) return await workspaceSecretFiles(workspace, parts);
  const file = await namedSecretFile(configFile, workspace, parts);
  if (file !== null) return { secretFiles: [file], strays: [] };
  throw new UserError("io", `Cannot read "${configFile}": no such file or folder`, {
    hint: "Check the path given to --config-file",
  });
}

function rowOf({ file, pointer, status }: VerifiedSecret): string[] {
  return [file, pointer, status];
}
