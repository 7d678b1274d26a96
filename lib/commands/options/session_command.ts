import { resultCommand } from "./result_command.ts";

/** A command that may have to decrypt or encrypt something: the ways to give the passphrase. */
export function sessionCommand(description: string, exitStatus?: string) {
  return resultCommand(description, exitStatus)
    .option(
      "-k, --encryption-passphrase <passphrase:string>",
      "Passphrase of the encrypted values; other users can see it (env PALETTE_ENCRYPTION_PASSWORD).",
    )
    .option(
      "--encryption-passphrase-file <file:file>",
      "File with the passphrase, - for stdin (env PALETTE_ENCRYPTION_PASSWORD_FILE).",
    )
    .option(
      "--encryption-passphrase-command <command:string>",
      "Command that prints the passphrase; run without a shell.",
    );
}
