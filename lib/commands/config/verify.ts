import { UserError } from "../../errors.ts";
import { hasJournal } from "../../config/rekey_journal.ts";
import type { SecretFile } from "../../config/secret_file.ts";
import { isBad, type VerifiedSecret, verifySecrets } from "../../config/verify.ts";
import { namedSecretFile, workspaceSecretFiles } from "../../config/workspace_files.ts";
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
  const found = await filesToVerify(options, context);
  if (found.length > 0) await context.useWorkspace();
  const secrets = await verifySecrets(found, { keyring: await context.keyring(), files });
  const bad = secrets.filter(isBad);
  if (secrets.length === 0) printer.notice("there is no secret to verify");
  await printer.result({
    document: () => listDocument(secrets.map((secret) => ({ ...secret }))),
    text: () => formatTable(["FILE", "KEY", "STATUS"], secrets.map(rowOf)),
  });
  for (const { file, pointer, problem } of secrets) {
    if (problem !== null) printer.warn(`${pointer} in "${file}": ${problem}`);
  }
  if (bad.length === 0) return;
  throw new UserError(
    "checks-failed",
    `${bad.length} of ${secrets.length} encrypted values cannot be used`,
    { hint: "Run palette login to enter the credentials again" },
  );
}

async function filesToVerify(
  { configFile }: VerifyOptions,
  context: CommandContext,
): Promise<SecretFile[]> {
  const { runtime, workspace } = context;
  const store = await context.store();
  if (configFile === undefined) {
    return await workspaceSecretFiles(workspace, { store, files: runtime.files });
  }
  const file = await namedSecretFile(configFile, workspace, store);
  if (file !== null) return [file];
  throw new UserError("io", `Cannot read "${configFile}": no such file or folder`, {
    hint: "Check the path given to --config-file",
  });
}

function rowOf({ file, pointer, status }: VerifiedSecret): string[] {
  return [file, pointer, status];
}
