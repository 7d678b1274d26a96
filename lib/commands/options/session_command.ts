import { resultCommand } from "./result_command.ts";

export const PASSPHRASE_HELP = {
  value:
    "Passphrase of the encrypted values; other users can see it (env PALETTE_ENCRYPTION_PASSWORD).",
  file: "File with the passphrase, - for stdin (env PALETTE_ENCRYPTION_PASSWORD_FILE).",
  command: "Command that prints the passphrase; run without a shell.",
};

/** A command that may have to decrypt or encrypt something: the ways to give the passphrase. */
export function sessionCommand(description: string, exitStatus?: string) {
  return resultCommand(description, exitStatus)
    .option("-k, --encryption-passphrase <passphrase:string>", PASSPHRASE_HELP.value)
    .option("--encryption-passphrase-file <file:file>", PASSPHRASE_HELP.file)
    .option("--encryption-passphrase-command <command:string>", PASSPHRASE_HELP.command);
}
