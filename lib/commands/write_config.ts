import {
  type EditedFile,
  editSecretFile,
  type SecretEditorParts,
  type SecretFileChange,
} from "../config/secret_editor.ts";
import { SecretFile } from "../config/secret_file.ts";
import { stampVersion } from "../config/version_stamp.ts";
import type { CommandContext } from "./context.ts";

/**
 * Writes the main configuration, and tells what became of secrets that stood in it. Whatever has to
 * be asked is asked before the file is locked.
 * @param change Gets the file as it is; it is called again when somebody else wrote meanwhile.
 * @throws {UserError} What `change` throws, `io`, `busy`, and of the secrets of the file
 *   `decrypt-failed`, `integrity`, `endpoint-changed`, `passphrase-missing`.
 */
export async function writeConfig(
  change: (before: SecretFile) => SecretFileChange,
  options: Pick<SecretEditorParts, "unreadable" | "fresh">,
  context: CommandContext,
): Promise<EditedFile> {
  const { runtime: { files }, workspace } = context;
  const path = workspace.configFile;
  const [store, keyring] = await Promise.all([context.store(), context.keyring()]);
  let edited: EditedFile | null = null;
  await store.change([path], async ([current]) => {
    const before = await SecretFile.parse(path, current?.text ?? null, "palette");
    const { text } = edited = await editSecretFile(
      before,
      change(before),
      { keyring, files: context.caFiles, ...options },
    );
    if (text === before.text) return null;
    return async () => {
      await store.replace(current?.path ?? path, text);
      await stampVersion([path], workspace, { store, files });
      await context.useWorkspace();
    };
  });
  if (edited === null) throw new Error("a change that was never made");
  tell(edited, context);
  return edited;
}

function tell(
  { dropped, encrypted, unbound }: EditedFile,
  { printer, workspace }: CommandContext,
): void {
  const place = (pointer: string) => `${pointer} in "${workspace.configFile}"`;
  for (const pointer of dropped) {
    printer.warn(`${place(pointer)} could not be kept and was blanked`);
  }
  for (const pointer of encrypted) {
    printer.notice(`${place(pointer)} was plain text and is encrypted now`);
  }
  for (const pointer of unbound) {
    printer.warn(`${place(pointer)} stays plain text: its address is missing or cannot be used`);
  }
}
