import type { AnyCommand } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { buildTree } from "../tree.ts";
import { powershellScript } from "./powershell.ts";

export interface CompletionOptions {
  shell: string;
  descriptions: boolean;
}

const NAME = "palette";

/** Prints a completion script of the whole command tree. */
export async function printScript(
  options: CompletionOptions,
  { runtime }: CommandContext,
): Promise<void> {
  runtime.streams.stdout.write(await completionScript(options));
}

/** The script itself; releases carry it as a file. */
export async function completionScript(
  { shell, descriptions }: CompletionOptions,
): Promise<string> {
  const tree = await wholeTree();
  if (!descriptions) removeDescriptions(tree);
  return await scriptOf(shell, tree);
}

async function wholeTree(): Promise<AnyCommand> {
  return await buildTree("all", () => {}, () => {});
}

async function scriptOf(shell: string, tree: AnyCommand): Promise<string> {
  if (shell === "powershell") return powershellScript(NAME, tree);
  const cliffy = await import("@cliffy/command/completions");
  const args = ["--name", NAME];
  return await printedBy(() => {
    if (shell === "bash") return new cliffy.BashCompletionsCommand(tree).noExit().parse(args);
    if (shell === "zsh") return new cliffy.ZshCompletionsCommand(tree).noExit().parse(args);
    return new cliffy.FishCompletionsCommand(tree).noExit().parse(args);
  });
}

/** Cliffy prints its scripts itself; this is what it would have printed. */
async function printedBy(work: () => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const original = globalThis.console.log;
  globalThis.console.log = (...parts: unknown[]) => {
    lines.push(parts.join(" "));
  };
  try {
    await work();
  } finally {
    globalThis.console.log = original;
  }
  return lines.map((line) => `${line}\n`).join("");
}

function removeDescriptions(command: AnyCommand): void {
  command.description("");
  for (const option of command.getOptions(true)) option.description = "";
  for (const child of command.getCommands(true)) removeDescriptions(child);
}
