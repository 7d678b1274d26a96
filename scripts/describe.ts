/**
 * The command tree as plain data, for all that is written out of it: the reference in Markdown and
 * the manual pages. Hidden commands are left out. Texts are plain but for `code` in backticks, where
 * a field says so.
 */

import type { AnyCommand } from "../lib/commands/command.ts";
import { EXIT_STATUS } from "../lib/commands/command.ts";
import { Choice } from "../lib/commands/options/choice.ts";
import { Duration, WholeNumber, Words } from "../lib/commands/options/types.ts";
import { buildTree } from "../lib/commands/tree.ts";

type Flag = ReturnType<AnyCommand["getOptions"]>[number];

/** A flag and all that there is to say about it. */
export interface FlagDescription {
  /** With their dashes, the short one first. */
  names: string[];
  /** What stands for the value; null when it takes none. */
  placeholder: string | null;
  /** What it takes, with `code`; empty when it takes nothing. */
  takes: string;
  isRepeatable: boolean;
  /** Without default and variable. */
  meaning: string;
  /** Empty when there is none. */
  fallback: string;
  /** Empty when there is none. */
  variable: string;
  /** Flags that it goes with only, with their dashes. */
  needs: string[];
  /** Flags that it does not go with, with their dashes. */
  excludes: string[];
}

/** A word after the command. */
export interface ArgumentDescription {
  name: string;
  /** With `code`. */
  takes: string;
  isOptional: boolean;
}

/** A command, or a group of commands. */
export interface CommandDescription {
  /** Words below the program's name; none for the program itself. */
  words: string[];
  /** As help shows it: paragraphs, and indented lines that stay as they are. */
  description: string;
  /** Its first line. */
  summary: string;
  arguments: ArgumentDescription[];
  /** Its own ones. */
  flags: FlagDescription[];
  examples: { title: string; commands: string }[];
  /** Empty for groups. */
  exitStatus: string;
  /** Commands of a group, in the order of help. */
  children: CommandDescription[];
}

/** Variables that belong to no flag of their own, with what they mean (with `code`). */
export const VARIABLES: readonly [string, string][] = [
  ["CI", "`true`: never ask, as with `--no-input`"],
  ["HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "proxies of every connection"],
  ["PALETTE_API_KEY, PALETTE_CONSOLE_URL", "a session without a file: the key and its address"],
  ["PALETTE_CA_FILE", "certificates to trust beside the system's, for a session without a file"],
  ["PALETTE_NEW_ENCRYPTION_PASSWORD", "the new passphrase of `config rekey`"],
  ["PALETTE_NEW_ENCRYPTION_PASSWORD_FILE", "file with the new passphrase of `config rekey`"],
  ["PALETTE_PROJECT", "the project to work in, by name or uid, instead of the active one"],
  ["PALETTE_SIGNING_KEY_PASSPHRASE", "passphrase of an encrypted key that bundles are signed with"],
];

/** Describes the program; its flags are the global ones. */
export async function describeProgram(): Promise<CommandDescription> {
  return describe(await buildTree("all", () => {}, () => {}));
}

/** Every command below one, each before those it holds. */
export function* commandsBelow(command: CommandDescription): Generator<CommandDescription> {
  for (const child of command.children) {
    yield child;
    yield* commandsBelow(child);
  }
}

/** Variables of flags with what they stand for, each once, sorted by name. */
export function variablesOf(flags: FlagDescription[]): [string, string][] {
  const found = new Map<string, string>();
  for (const { variable, names } of flags) {
    if (variable === "") continue;
    const known = VARIABLES.find(([all]) => all === variable);
    const name = names.find((text) => text.startsWith("--")) ?? "";
    found.set(variable, known?.[1] ?? `as \`${name}\``);
  }
  return sorted([...found]);
}

/** Variables of the whole program, sorted by name. */
export function allVariables(program: CommandDescription): [string, string][] {
  const flags = [program, ...commandsBelow(program)].flatMap((command) => command.flags);
  const isListed = (name: string) => VARIABLES.some(([names]) => names.split(", ").includes(name));
  return sorted([...variablesOf(flags).filter(([name]) => !isListed(name)), ...VARIABLES]);
}

/** How a command is called, without its name: arguments, then flags. */
export function usageOf(command: CommandDescription): string[] {
  if (command.children.length > 0) return ["COMMAND"];
  const words = command.arguments
    .map(({ name, isOptional }) => isOptional ? `[${name}]` : `<${name}>`);
  return [...words, "[flags]"];
}

function describe(command: AnyCommand): CommandDescription {
  return {
    words: command.getPath().split(" ").slice(1),
    description: command.getDescription(),
    summary: command.getShortDescription(),
    arguments: command.getArguments().map(({ name, type, optional }) => ({
      name,
      takes: valueOf(type, command),
      isOptional: optional === true,
    })),
    flags: command.getBaseOptions(false).map((flag) => describeFlag(flag, command)),
    examples: command.getExamples()
      .map(({ name, description }) => ({ title: name, commands: description })),
    exitStatus: String(command.getMeta(EXIT_STATUS) ?? ""),
    children: command.getCommands(false).map(describe),
  };
}

function describeFlag(flag: Flag, command: AnyCommand): FlagDescription {
  const [value] = flag.args;
  const withDashes = (names: string[] = []) => names.map((name) => `--${name}`);
  return {
    names: [...flag.flags].sort((a, b) => a.length - b.length),
    placeholder: value?.name ?? null,
    takes: value === undefined ? "" : valueOf(value.type, command),
    isRepeatable: flag.collect === true,
    ...explain(flag),
    needs: withDashes(flag.depends),
    excludes: withDashes(flag.conflicts),
  };
}

/** What a flag or argument of a type takes. */
function valueOf(type: string, command: AnyCommand): string {
  const handler: unknown = command.getType(type)?.handler;
  if (handler instanceof Choice) return handler.values().map((word) => `\`${word}\``).join(", ");
  if (handler instanceof WholeNumber) return "whole number";
  if (handler instanceof Duration) return "time, as in `90s`, `15m` or `1h30m`";
  if (handler instanceof Words) return "words, commas between";
  return type === "string" ? "text" : type;
}

/** What a description says, in its parts. */
export type Explanation = Pick<FlagDescription, "meaning" | "fallback" | "variable">;

/**
 * Takes a description apart. Help shows descriptions alone, so they say all: `; X by default` or
 * `X (default)`, and `(env VARIABLE)`.
 */
export function explain({ description }: Pick<Flag, "description">): Explanation {
  const text = typeof description === "string" ? description : "";
  const variable = / \(env ([A-Z_]+)\)/.exec(text);
  const plain = text.replace(variable?.[0] ?? "", "");
  const after = /; ([^;]+?) by default/.exec(plain);
  const among = /(\S+) \(default\)/.exec(plain);
  return {
    meaning: plain.replace(after?.[0] ?? "", ""),
    fallback: after?.[1] ?? among?.[1] ?? "",
    variable: variable?.[1] ?? "",
  };
}

/** A part of a description: a paragraph, or lines that stay as they are. */
export interface DescriptionPart {
  kind: "text" | "block";
  text: string;
}

/** Parts of a description: paragraphs, and runs of indented lines without their indentation. */
export function partsOf(description: string): DescriptionPart[] {
  const runs: { kind: "text" | "block" | "gap"; lines: string[] }[] = [];
  for (const line of description.split("\n")) {
    const kind = line === "" ? "gap" : line.startsWith(" ") ? "block" : "text";
    const last = runs.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return runs.flatMap(({ kind, lines }) => {
    if (kind === "gap") return [];
    return { kind, text: lines.map((line) => line.trimStart()).join("\n") };
  });
}

function sorted(variables: [string, string][]): [string, string][] {
  return variables.sort(([a], [b]) => a < b ? -1 : 1);
}
