import { Interrupted } from "../errors.ts";
import { isTerminalGone } from "./streams.ts";

/** Questions to the person at the terminal; written to stderr. Never call without a terminal. */
export interface Prompter {
  input(question: InputQuestion): Promise<string>;
  /** The answer is masked while typed and after. */
  secret(question: SecretQuestion): Promise<string>;
  confirm(question: ConfirmQuestion): Promise<boolean>;
  /** The `value` of the chosen option. */
  select(question: SelectQuestion): Promise<string>;
}

/** True, or why the answer will not do. */
export type Validate = (answer: string) => true | string;

export interface InputQuestion {
  label: string;
  /** Taken when the answer is empty. */
  suggestion?: string;
  validate?: Validate;
}

export interface SecretQuestion {
  label: string;
  validate?: Validate;
}

export interface ConfirmQuestion {
  label: string;
  default: boolean;
}

export interface SelectQuestion {
  label: string;
  /** One at least: nobody could answer an empty list. */
  options: { value: string; label: string }[];
  /** `value` of the option selected at first. */
  default?: string;
}

/** End of input while an answer was awaited. */
export class EndOfInput extends Error {
  override readonly name = "EndOfInput";
}

const CTRL_C = 3;
const CTRL_D = 4;
const ROWS = 10;

/** Prompts of Cliffy on this process's terminal; loaded with the first question. */
export function systemPrompter(): Prompter {
  return {
    input: (question) =>
      onTerminal(async (terminal) => {
        const { Input } = await import("@cliffy/prompt/input");
        return await Input.prompt({
          ...terminal,
          message: question.label,
          ...(question.suggestion === undefined ? {} : { default: question.suggestion }),
          ...(question.validate === undefined ? {} : { validate: question.validate }),
        });
      }),
    secret: (question) =>
      onTerminal(async (terminal) => {
        const { Secret } = await import("@cliffy/prompt/secret");
        return await Secret.prompt({
          ...terminal,
          message: question.label,
          // Not even the length shows.
          hidden: true,
          ...(question.validate === undefined ? {} : { validate: question.validate }),
        });
      }),
    confirm: (question) =>
      onTerminal(async (terminal) => {
        const { Confirm } = await import("@cliffy/prompt/confirm");
        return await Confirm.prompt({
          ...terminal,
          message: question.label,
          default: question.default,
        });
      }),
    select: (question) =>
      onTerminal(async (terminal) => {
        if (question.options.length === 0) throw new Error(`"${question.label}" offers nothing`);
        const { Select } = await import("@cliffy/prompt/select");
        return await Select.prompt<string>({
          ...terminal,
          message: question.label,
          options: question.options.map(({ value, label }) => ({ value, name: label })),
          search: question.options.length > ROWS,
          maxRows: ROWS,
          ...(question.default === undefined ? {} : { default: question.default }),
        });
      }),
  };
}

/** What Cliffy needs of a terminal. */
interface PromptTerminal {
  reader: {
    read(buffer: Uint8Array): Promise<number | null>;
    setRaw(mode: boolean, options?: { cbreak?: boolean }): void;
    isTerminal(): boolean;
  };
  writer: { writeSync(bytes: Uint8Array): number };
}

/**
 * Runs one prompt with the terminal in raw mode from beginning to end: Cliffy switches it off
 * between keys, which would echo what is typed ahead of a masked prompt. Its own reading would end
 * the process at Ctrl+C and spin for ever at the end of input, so both are thrown from here.
 */
async function onTerminal<T>(ask: (terminal: PromptTerminal) => Promise<T>): Promise<T> {
  let stop: Error | null = null;
  const reader = {
    async read(buffer: Uint8Array): Promise<number | null> {
      const count = await readKeys(buffer);
      stop = count === null ? new EndOfInput() : stopOf(buffer.subarray(0, count));
      if (stop === null) return count;
      // What stood below the question goes with it.
      if (count !== null) Deno.stderr.writeSync(new TextEncoder().encode("\r\n\x1b[J"));
      throw stop;
    },
    setRaw() {},
    isTerminal: () => true,
  };
  Deno.stdin.setRaw(true);
  try {
    return await ask({ reader, writer: Deno.stderr });
  } catch (error) {
    // On a terminal that is gone Cliffy's own clean-up fails, too.
    throw stop ?? error;
  } finally {
    if (Deno.stdin.isTerminal()) Deno.stdin.setRaw(false);
  }
}

/** Null at the end of input, which Linux reports as a failure when the terminal was taken away. */
async function readKeys(buffer: Uint8Array): Promise<number | null> {
  try {
    return await Deno.stdin.read(buffer);
  } catch (error) {
    if (isTerminalGone(error)) return null;
    throw error;
  }
}

/** In raw mode these two keys are bytes like any other. */
function stopOf(keys: Uint8Array): Error | null {
  if (keys.includes(CTRL_C)) return new Interrupted("SIGINT");
  return keys.includes(CTRL_D) ? new EndOfInput() : null;
}

/** Puts the terminal back when a signal ends the process in the middle of a prompt. */
export function restoreTerminal(): void {
  if (!Deno.stdin.isTerminal()) return;
  Deno.stdin.setRaw(false);
  Deno.stderr.writeSync(new TextEncoder().encode("\x1b[?25h"));
}
