import { UserError } from "../errors.ts";
import { commandWords, type FlagKind, normalizeArgv, spellOutFlags } from "./argv.ts";
import type { Action, AnyCommand } from "./command.ts";
import { isNear } from "./names.ts";

/** What argv asks for. */
export type Chosen =
  | { kind: "action"; words: string[]; options: Record<string, unknown>; action: Action }
  | { kind: "help"; text: (colors: boolean) => string; options: Record<string, unknown> };

/**
 * Finds the command that argv names; nothing of it has run yet.
 * @throws {UserError} `usage`
 */
export async function parseCommandLine(args: readonly string[]): Promise<Chosen> {
  const argv = normalizeArgv(args);
  const words = commandWords(argv);
  return await withoutProcess(async () => {
    const [{ buildTree }, { ValidationError }] = await Promise.all([
      import("./tree.ts"),
      import("@cliffy/command"),
    ]);
    let chosen: Chosen | null = null;
    const tree = await buildTree(
      words,
      (options, action) => {
        chosen = { kind: "action", words, options: { ...(options ?? {}) }, action };
      },
      (command, isLong) => {
        chosen = { kind: "help", text: (colors) => helpText(command, colors, isLong), options: {} };
      },
    );
    const { leaf, depth } = leafOf(tree, words);
    const kindOf: FlagKind = (flag) => {
      const args = leaf.getOption(flag.replace(/^--?/, ""), true)?.args;
      return args === undefined ? undefined : args.length === 0 ? "switch" : "value";
    };
    // A word that a group does not know: what follows would be taken for its own flags.
    const isSlip = leaf.hasCommands(true) && words.length > depth;
    try {
      const ready = argv.at(-1) === "--help"
        // Words that follow the command are values of flags; below a group they are a slip.
        ? [...words.slice(0, leaf.hasCommands(true) ? depth + 1 : depth), "--help"]
        : isSlip
        ? words.slice(0, depth + 1)
        : spellOutFlags(argv, kindOf);
      const { options } = await tree.parse(ready);
      if (chosen !== null && (chosen as Chosen).kind === "help") {
        (chosen as Chosen).options = { ...options };
      }
    } catch (error) {
      if (error instanceof ValidationError) throw usageError(error.message, leaf.getPath());
      throw error;
    }
    if (chosen === null) throw new Error(`no action for: ${words.join(" ")}`);
    return chosen;
  });
}

/** Help of a command in Cliffy's layout; what a flag takes stands in its description. */
export function helpText(command: AnyCommand, colors: boolean, isLong = true): string {
  const text = command.getHelp({ colors, long: isLong, hints: false });
  return `${text.replace(/[ ]+$/gm, "").trim()}\n`;
}

/** The deepest command that the words name. */
function leafOf(
  tree: AnyCommand,
  words: readonly string[],
): { leaf: AnyCommand; depth: number } {
  let leaf = tree;
  let depth = 0;
  for (const word of words) {
    const next = leaf.getCommand(word, true);
    if (next === undefined) break;
    leaf = next;
    depth++;
  }
  return { leaf, depth };
}

/** Cliffy's message in our form: the nearest name becomes the hint. */
function usageError(message: string, path: string): UserError {
  // deno-lint-ignore no-control-regex
  const plain = message.replace(/\x1b\[[0-9;]*m/g, "").trim();
  const match = /^(.*?"([^"]*)")\.? Did you mean (?:option |command )?"([^"]+)"\?/s.exec(plain);
  const [, text = plain.replace(/\.$/, ""), wrong = "", near] = match ?? [];
  return new UserError("usage", text, {
    // Cliffy names the nearest, however far it is.
    hint: near !== undefined && isNear(wrong, near)
      ? `Did you mean ${near}?`
      : `Run ${path} --help for what there is`,
  });
}

/**
 * Hides `globalThis.process` while Cliffy is loaded and parses: merely reading it loads Deno's Node
 * layer, a third of the start-up time.
 */
async function withoutProcess<T>(work: () => Promise<T>): Promise<T> {
  const original = Object.getOwnPropertyDescriptor(globalThis, "process");
  if (original?.configurable !== true) return await work();
  Object.defineProperty(globalThis, "process", {
    value: undefined,
    configurable: true,
    writable: true,
  });
  try {
    return await work();
  } finally {
    Object.defineProperty(globalThis, "process", original);
  }
}
