import { UserError } from "../errors.ts";
import type { Exec } from "../runtime/exec.ts";
import { ExecDenied, ExecNotFound, ExecTimeout } from "../runtime/exec.ts";
import { FileError, type Files } from "../runtime/files.ts";
import type { InputStream } from "../runtime/streams.ts";

const MAX_BYTES = 4 * 1024;
const COMMAND_TIMEOUT_MS = 60_000;

/** Reads secrets that are handed over by file, standard input or a command, never by argument. */
export class SecretInput {
  readonly #files: Files;
  readonly #exec: Exec;
  readonly #stdin: InputStream;
  #stdinReader: string | null = null;

  constructor(parts: { files: Files; exec: Exec; stdin: InputStream }) {
    this.#files = parts.files;
    this.#exec = parts.exec;
    this.#stdin = parts.stdin;
  }

  /**
   * A secret from a file; `-` is standard input, which one secret a run can come from.
   * @param source Flag or variable that named the file, for messages.
   * @throws {UserError} `io` when it cannot be read, `validation` when it is not a line of text,
   *   `usage` when standard input is spoken for.
   */
  async fromFile(path: string, source: string): Promise<string> {
    if (path === "-") return await this.fromStdin(source);
    const info = await this.#attempt(() => this.#files.info(path), path, source);
    if (info !== null && info.size > MAX_BYTES) throw tooLong(source);
    return decodeSecret(
      await this.#attempt(() => this.#files.readBytes(path), path, source),
      source,
    );
  }

  /** A secret from standard input. */
  async fromStdin(source: string): Promise<string> {
    if (this.#stdinReader !== null) {
      throw new UserError(
        "usage",
        `${source} and ${this.#stdinReader} both read standard input`,
        { hint: "Put one of the two into a file" },
      );
    }
    this.#stdinReader = source;
    try {
      return decodeSecret(await this.#stdin.readAll(MAX_BYTES), source);
    } catch (error) {
      if (error instanceof RangeError) throw tooLong(source);
      throw error;
    }
  }

  /**
   * First line of what a command prints; it is split into words without a shell.
   * @throws {UserError} `passphrase-missing` when it fails.
   */
  async fromCommand(command: string, source: string, signal?: AbortSignal): Promise<string> {
    const [program, ...args] = splitWords(command, source);
    if (program === undefined) throw new UserError("usage", `${source} needs a command`);
    const failed = (reason: string, cause?: unknown) =>
      new UserError("passphrase-missing", `The command of ${source} failed: ${reason}`, { cause });
    let result;
    try {
      result = await this.#exec.run(program, args, {
        timeoutMs: COMMAND_TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (error instanceof ExecNotFound) throw failed(`"${program}" was not found`, error);
      if (error instanceof ExecDenied) {
        throw failed(`"${error.path}" cannot be run: ${error.message}`, error);
      }
      if (error instanceof ExecTimeout) throw failed("it took longer than 60 s", error);
      throw error;
    }
    if (result.status !== 0) throw failed(`exit status ${result.status}`);
    const newline = result.stdout.indexOf(0x0a);
    const line = newline === -1 ? result.stdout : result.stdout.slice(0, newline + 1);
    const secret = decodeSecret(line, source);
    if (secret === "") throw failed("it printed nothing");
    return secret;
  }

  async #attempt<T>(work: () => Promise<T>, path: string, source: string): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new UserError("io", `Cannot read "${path}" of ${source}: ${error.message}`, {
        cause: error,
      });
    }
  }
}

function tooLong(source: string): UserError {
  return new UserError("validation", `${source} holds more than 4 KiB, which is no secret`);
}

/** Text without its one trailing newline; everything else stays as typed. */
function decodeSecret(bytes: Uint8Array, source: string): string {
  if (bytes.length > MAX_BYTES) throw tooLong(source);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new UserError("validation", `${source} is not UTF-8 text`, { cause: error });
  }
  if (text.startsWith("\ufeff")) {
    throw new UserError("validation", `${source} begins with a byte order mark`, {
      hint: "Save it as UTF-8 without BOM",
    });
  }
  if (text.includes("\0")) throw new UserError("validation", `${source} holds a NUL character`);
  return text.replace(/\r?\n$/, "");
}

/** Words as a shell would split them, with quotes and backslashes, and nothing else of a shell. */
function splitWords(command: string, source: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < command.length; at++) {
    const character = command.charAt(at);
    if (quote !== null && character === quote) quote = null;
    else if (quote === "'") word = (word ?? "") + character;
    else if (character === "\\" && at + 1 < command.length) {
      word = (word ?? "") + command.charAt(++at);
    } else if (quote === '"') word = (word ?? "") + character;
    else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + character;
  }
  if (quote !== null) throw new UserError("usage", `${source} has an unclosed quote`);
  if (word !== null) words.push(word);
  return words;
}
