import { Command } from "@cliffy/command";
import { OUTPUT_FORMATS } from "../../output/format.ts";
import { DONE_OR_FAILED, EXIT_STATUS } from "../command.ts";
import { Choice } from "../options/choice.ts";
import { FORMAT_HELP } from "../options/result_command.ts";
import { PASSPHRASE_HELP } from "../options/session_command.ts";
import { WholeNumber } from "../options/types.ts";
import { REGISTRY_HELP } from "./registry_flags.ts";
import { DEFAULT_JOBS, DEFAULT_RETRIES } from "./transfer_defaults.ts";

/** How content is moved between registries and files. */
export interface TransferOptions {
  /** As it was written. */
  arch: string | undefined;
  insecure: boolean;
  caCert: string | undefined;
  tlsCert: string | undefined;
  tlsKey: string | undefined;
  /** Undefined: bars on a terminal. */
  progress: boolean | undefined;
  jobs: number;
  retries: number;
  /** Undefined: below the user's cache folder. */
  cacheDir: string | undefined;
  usesCache: boolean;
  dryRun: boolean;
}

export interface TransferFlags {
  arch?: string | undefined;
  insecure?: boolean | undefined;
  caCert?: string | undefined;
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  progress?: boolean | undefined;
  jobs?: number | undefined;
  retries?: number | undefined;
  cacheDir?: string | undefined;
  cache?: boolean | undefined;
  dryRun?: boolean | undefined;
}

/** A command that moves content; `-o` stays free for folders. */
export function transferCommand(description: string, exitStatus = DONE_OR_FAILED) {
  return new Command()
    .description(description)
    .meta(EXIT_STATUS, exitStatus)
    .type("format", new Choice(OUTPUT_FORMATS))
    .type("positive", new WholeNumber(1))
    .type("whole", new WholeNumber(0))
    .option("--format <format:format>", FORMAT_HELP)
    .option("-k, --encryption-passphrase <passphrase:string>", PASSPHRASE_HELP.value)
    .option("--encryption-passphrase-file <file:file>", PASSPHRASE_HELP.file)
    .option("--encryption-passphrase-command <command:string>", PASSPHRASE_HELP.command)
    .option(
      "-a, --arch <arch:string>",
      "Architecture: amd64 or arm64; images stay as they are published without it.",
    )
    .option("-i, --insecure", REGISTRY_HELP.insecure)
    .option("--ca-cert <file:file>", REGISTRY_HELP.caCert)
    .option("--tls-cert <file:file>", REGISTRY_HELP.tlsCert)
    .option("--tls-key <file:file>", REGISTRY_HELP.tlsKey)
    .option("--progress", "Show how far it is, also without a terminal.")
    .option("--no-progress", "Do not show how far it is.")
    .option("--jobs <count:positive>", "Blobs moved at once; 8 by default.")
    .option("--retries <count:whole>", "Times that a request is tried again; 5 by default.")
    .option(
      "--cache-dir <folder:file>",
      "Folder that keeps blobs between runs (env PALETTE_CACHE_DIR).",
    )
    .option("--no-cache", "Keep no blobs between runs.")
    .option("--dry-run", "Tell what would be moved, and move nothing.");
}

/** The shared flags as plain options. */
export function transferOptionsOf(flags: TransferFlags): TransferOptions {
  return {
    arch: flags.arch,
    insecure: flags.insecure === true,
    caCert: flags.caCert,
    tlsCert: flags.tlsCert,
    tlsKey: flags.tlsKey,
    progress: flags.progress,
    jobs: flags.jobs ?? DEFAULT_JOBS,
    retries: flags.retries ?? DEFAULT_RETRIES,
    cacheDir: flags.cacheDir,
    usesCache: flags.cache !== false,
    dryRun: flags.dryRun === true,
  };
}
