import type { AnyCommand } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { NAME_KINDS } from "./name_kinds.ts";

export interface WordsOptions {
  /** What a script asks for: a kind of names, else the type of a value. */
  action: string;
  /** Words of the command. */
  path: string[];
}

/** Prints the words that Cliffy's scripts ask for; silent about anything that goes wrong. */
export async function printWords(
  { action, path }: WordsOptions,
  context: CommandContext,
): Promise<void> {
  const words = await namesFor(action, context) ?? await wordsOfType(action, path);
  context.runtime.streams.stdout.write(words.map((word) => `${word}\n`).join(""));
}

/** Null when the action is none of a name; the command tree is not needed for these. */
async function namesFor(action: string, context: CommandContext): Promise<string[] | null> {
  const kind = NAME_KINDS.get(action);
  if (kind === undefined) return null;
  const { completeNames } = await import("./complete_names.ts");
  return await completeNames(action, kind, context);
}

async function wordsOfType(action: string, path: string[]): Promise<string[]> {
  const { buildTree } = await import("../tree.ts");
  let command: AnyCommand | undefined = await buildTree("all", () => {}, () => {});
  let parent: AnyCommand | undefined;
  for (const name of path) {
    parent = command;
    command = command?.getCommand(name, false);
  }
  return (await command?.getCompletion(action)?.complete(command, parent) ?? []).map(String);
}
