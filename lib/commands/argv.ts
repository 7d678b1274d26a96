/**
 * What has to happen to the command line before Cliffy sees it: the places where its two versions
 * differ, or where it would take something else than the user means.
 */

import { UserError } from "../errors.ts";

/** Global flags that take a value: the word after them is not a command. */
const VALUE_FLAGS = new Set([
  "-c",
  "--config",
  "-l",
  "--log-level",
  "-w",
  "--workspace",
  "--log-file",
]);

/**
 * Puts argv into the form that the command tree takes: `help X` becomes `X --help`, `--version` the
 * command of that name.
 * @throws {UserError} `usage` for an empty value.
 */
export function normalizeArgv(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  const flags = end === -1 ? args : args.slice(0, end);
  // Help is for whoever got the rest wrong, so nothing else is looked at.
  if (flags.some((arg) => arg === "--help" || arg === "-h")) {
    return [...wordsOf(args).filter((word) => word !== "help"), "--help"];
  }
  refuseEmptyValues(args);
  const at = firstWordAt(args);
  if (at === -1) {
    const isVersion = args.some((arg) => arg === "--version" || arg === "-V");
    return isVersion
      ? ["version", ...args.filter((arg) => !/^(--version|-V)$/.test(arg))]
      : [...args];
  }
  if (args[at] !== "help") return [...args];
  return [...wordsOf(args.slice(at + 1)), "--help"];
}

/** The command words of argv up to the first flag after them: `project`, `list`. */
export function commandWords(args: readonly string[]): string[] {
  const at = firstWordAt(args);
  if (at === -1) return [];
  const words = args.slice(at);
  const end = words.findIndex((word) => word.startsWith("-"));
  return end === -1 ? words : words.slice(0, end);
}

/** What a flag takes; undefined for one that the command does not have. */
export type FlagKind = (flag: string) => "switch" | "value" | undefined;

/**
 * Flags in the form that Cliffy takes: `--insecure=true` and `--insecure=false` of a switch (one that
 * is on by default has a `--no-insecure`), `-ojson` and `-o=json` of a short flag with a value. A
 * switch that took a file once has a twin that still does: `--x=FILE` becomes `--x-file FILE`. What
 * is a value itself, or follows `--`, stays.
 */
export function spellOutFlags(args: readonly string[], kindOf: FlagKind): string[] {
  const result: string[] = [];
  for (const [at, arg] of args.entries()) {
    if (arg === "--") return [...result, ...args.slice(at)];
    const isValue = kindOf(args[at - 1] ?? "") === "value";
    result.push(...(isValue ? [arg] : spelledOut(arg, kindOf)));
  }
  return result;
}

function spelledOut(arg: string, kindOf: FlagKind): string[] {
  const [, long, word] = /^(--[a-z][a-z-]*)=(true|false)$/.exec(arg) ?? [];
  if (long !== undefined && kindOf(long) === "switch") {
    if (word === "true") return [long];
    const off = long.replace(/^--/, "--no-");
    return kindOf(off) === "switch" ? [off] : [];
  }
  const [, once, file] = /^(--[a-z][a-z-]*)=(.+)$/s.exec(arg) ?? [];
  if (once !== undefined && file !== undefined && kindOf(once) === "switch") {
    return kindOf(`${once}-file`) === "value" ? [`${once}-file`, file] : [arg];
  }
  const [, short, value] = /^(-[A-Za-z])=?(.+)$/s.exec(arg) ?? [];
  if (short === undefined || value === undefined || kindOf(short) !== "value") return [arg];
  return [short, value];
}

/** All words that are neither flags nor values of global flags. */
function wordsOf(args: readonly string[]): string[] {
  const takesValue = (flag: string) => VALUE_FLAGS.has(flag) || /^(-o|--format)$/.test(flag);
  return args.filter((arg, at) => !arg.startsWith("-") && !takesValue(args[at - 1] ?? ""));
}

function firstWordAt(args: readonly string[]): number {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (!arg.startsWith("-")) return at;
    if (VALUE_FLAGS.has(arg)) at++;
  }
  return -1;
}

function refuseEmptyValues(args: readonly string[]): void {
  for (const [at, arg] of args.entries()) {
    const joined = /^(--?[a-z][a-z-]*)=$/i.exec(arg)?.[1];
    const before = args[at - 1] ?? "";
    if (joined === undefined && arg !== "") continue;
    const flag = joined ?? (before.startsWith("-") ? before : null);
    throw new UserError(
      "usage",
      flag === null ? "An argument is empty" : `${flag} needs a value that is not empty`,
      { hint: "Leave the flag out, or check the variable it is filled from" },
    );
  }
}
