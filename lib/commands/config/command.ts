import { type BuildBranch, DONE_FAILED_OR_BAD, group } from "../command.ts";
import { secretPointers } from "../../config/secret_kinds.ts";
import { resultCommand } from "../options/result_command.ts";
import { sessionCommand } from "../options/session_command.ts";

export const build: BuildBranch = (choose, words) =>
  group("Look at the configuration and its encryption, and change them.", words, {
    path: () =>
      resultCommand("Print where the main configuration file lies.")
        .example("Open it", '$EDITOR "$(palette config path)"')
        .action((options) =>
          choose(options, async (context) => {
            const { showPath } = await import("./path.ts");
            await showPath(context);
          })
        ),
    rekey: () =>
      sessionCommand(
        "Encrypt the secrets under a new passphrase, with a new salt; nothing else in the files changes.",
      )
        .option("--config-file <file:file>", "File to rekey; the main configuration by default.")
        .option(
          "--all",
          "Every file of the workspace that holds encrypted values; not with --config-file.",
          {
            conflicts: ["config-file"],
          },
        )
        .option(
          "--iterations <count:string>",
          "Cost of the derivation, 600000 at least; 1000000, or more where the files have more, by default.",
        )
        .option("--dry-run", "Only list the files and how many values they hold.")
        .option("--resume", "Finish a run with --all that was interrupted; needs no passphrase.")
        .option(
          "--new-passphrase-file <file:file>",
          "File with the new passphrase, - for stdin (env PALETTE_NEW_ENCRYPTION_PASSWORD).",
        )
        .option("--new-passphrase-command <command:string>", "Command that prints it.")
        .example("Everything in the workspace", "palette config rekey --all")
        .example("After a crash", "palette config rekey --resume")
        .action((options) =>
          choose(options, async (context) => {
            const { rekey } = await import("./rekey.ts");
            await rekey({
              configFile: options.configFile,
              all: options.all === true,
              iterations: options.iterations,
              dryRun: options.dryRun === true,
              resume: options.resume === true,
              newPassphraseFile: options.newPassphraseFile,
              newPassphraseCommand: options.newPassphraseCommand,
            }, context);
          })
        ),
    "set-secret": () =>
      sessionCommand(
        "Set one secret of the main configuration, from stdin or a masked question.\n\n" +
          `POINTER is one of:\n${secretPointers("palette").map((text) => `  ${text}`).join("\n")}`,
      )
        .arguments("<pointer:string>")
        .option("--clear", "Blank it.")
        .example(
          "From a secret store",
          "vault read -field=token kv/ubuntu | palette config set-secret /paletteConfig/ubuntuConfig/token",
        )
        .action((options, pointer) =>
          choose(options, async (context) => {
            const { setSecret } = await import("./set_secret.ts");
            await setSecret({ pointer, clear: options.clear === true }, context);
          })
        ),
    verify: () =>
      sessionCommand(
        "Decrypt every encrypted value of the workspace and tell which can be used; shows none.",
        DONE_FAILED_OR_BAD,
      )
        .option("--config-file <file:file>", "Verify this file only.")
        .example("Before a change of machines", "palette config verify")
        .action((options) =>
          choose(options, async (context) => {
            const { verify } = await import("./verify.ts");
            await verify({ configFile: options.configFile }, context);
          })
        ),
    view: () =>
      resultCommand("Show the settings in effect, secrets as [encrypted]; asks for no passphrase.")
        .option("--show-origin", "Tell which file or variable each one comes from.")
        .example("Where the address comes from", "palette config view --show-origin")
        .action((options) =>
          choose(options, async (context) => {
            const { view } = await import("./view.ts");
            await view({ showOrigin: options.showOrigin === true }, context);
          })
        ),
  });
