import { UserError } from "../errors.ts";
import { OUTPUT_FORMATS, type OutputFormat } from "../output/format.ts";
import type { Environment } from "../runtime/environment.ts";
import { LOG_LEVELS, type LogLevel } from "../runtime/log.ts";
import type { PassphraseOptions } from "../secrets/passphrase_source.ts";

/** What holds for every command: flags, then environment, then defaults. */
export interface Settings {
  config: string | undefined;
  workspace: string | undefined;
  logFile: string | undefined;
  logLevel: LogLevel;
  format: OutputFormat;
  quiet: boolean;
  /** Escape codes may be used where there is a terminal. */
  color: boolean;
  /** The user does not want to be asked. */
  noInput: boolean;
  passphrase: PassphraseOptions;
}

/**
 * Reads the settings of a run.
 * @param flags As Cliffy gives them, names in camel case.
 * @throws {UserError} `usage` for a variable with a value that is none.
 */
export function settingsOf(flags: Record<string, unknown>, env: Environment): Settings {
  const text = (name: string) => {
    const value = flags[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    config: text("config"),
    workspace: text("workspace"),
    logFile: text("logFile"),
    logLevel: choiceOf(
      text("logLevel") ?? env.get("PALETTE_LOG_LEVEL") ?? "info",
      LOG_LEVELS,
      "PALETTE_LOG_LEVEL",
    ),
    format: choiceOf(
      text("format") ?? env.get("PALETTE_FORMAT") ?? "table",
      OUTPUT_FORMATS,
      "PALETTE_FORMAT",
    ),
    quiet: flags["quiet"] === true,
    color: flags["color"] !== false && env.get("NO_COLOR") === undefined &&
      env.get("TERM") !== "dumb",
    noInput: flags["input"] === false || isOn(env.get("PALETTE_NO_INPUT")) || isOn(env.get("CI")),
    passphrase: {
      value: text("encryptionPassphrase"),
      file: text("encryptionPassphraseFile"),
      command: text("encryptionPassphraseCommand"),
    },
  };
}

/** The format to report an error of parsing in, read from argv as far as it can be. */
export function guessFormat(args: readonly string[], env: Environment): OutputFormat {
  // Where `-o` names a folder, another word is the format.
  const words = args.map((arg, at) =>
    arg === "--format" || arg === "-o" ? args[at + 1] : /^(?:--format=|-o=?)(.+)$/.exec(arg)?.[1]
  );
  for (const word of [...words, env.get("PALETTE_FORMAT")]) {
    const format = OUTPUT_FORMATS.find((known) => known === word);
    if (format !== undefined) return format;
  }
  return "table";
}

function choiceOf<T extends string>(text: string, words: readonly T[], variable: string): T {
  const choice = words.find((word) => word === text);
  if (choice !== undefined) return choice;
  throw new UserError("usage", `${variable} must be one of ${words.join(", ")}, not "${text}"`);
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["0", "false", "no"].includes(value.toLowerCase());
}
