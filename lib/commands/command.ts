/**
 * What a branch of the command tree is made of. A branch module only defines names and flags; each
 * action imports its implementation when it runs, so that a command costs what it uses.
 */

import { Command } from "@cliffy/command";
import type { CommandContext } from "./context.ts";

/** What a command does, its own flags already mapped to plain options. */
export type Action = (context: CommandContext) => Promise<void>;

/**
 * Notes the command that argv chose; it runs when parsing is over.
 * @param options All flags of the command, the global ones too.
 */
export type Choose = (options: unknown, action: Action) => void;

// Cliffy's type has eight parameters that collect what a command was given; a tree mixes them all.
// deno-lint-ignore no-explicit-any
export type AnyCommand = Command<any, any, any, any, any, any, any, any>;

/**
 * Builds a branch; `choose` is called by the action of the command that argv names.
 * @param words Those of argv behind the name of the branch.
 */
export type BuildBranch = (choose: Choose, words: readonly string[]) => AnyCommand;

/**
 * A command that only holds others; alone it prints its help. Where argv names one of them, that one
 * alone is built: the others matter to help and to suggestions only.
 * @param words Those of argv behind its name; none builds everything.
 * @param commands By name; each is given the words behind its own.
 */
export function group(
  description: string,
  [word, ...rest]: readonly string[],
  commands: Record<string, (words: readonly string[]) => AnyCommand>,
): AnyCommand {
  const command: AnyCommand = new Command().description(description);
  const all = Object.entries(commands);
  const named = all.filter(([name]) => name === word);
  for (const [name, build] of named.length > 0 ? named : all) {
    command.command(name, build(named.length > 0 ? rest : []));
  }
  return command.reset();
}

/** How help shows the codes of a command. */
export const EXIT_STATUS = "Exit status";
export const DONE_OR_FAILED = "0 done, 1 failed";
export const DONE_FAILED_OR_BAD = "0 all well, 1 failed, 2 the check found something bad";
