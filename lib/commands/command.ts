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

/** Builds a branch; `choose` is called by the action of the command that argv names. */
export type BuildBranch = (choose: Choose) => AnyCommand;

/** A command that only holds others; alone it prints its help. */
export function group(description: string) {
  return new Command().description(description);
}

/** How help shows the codes of a command. */
export const EXIT_STATUS = "Exit status";
export const DONE_OR_FAILED = "0 done, 1 failed";
export const DONE_FAILED_OR_BAD = "0 all well, 1 failed, 2 the check found something bad";
