import { reasonOf } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { type Files, folderOf } from "./files.ts";
import type { Redactor } from "./redactor.ts";

/** From quiet to talkative; the names the original takes. */
export const LOG_LEVELS = ["panic", "fatal", "error", "warn", "info", "debug", "trace"] as const;

export type LogLevel = typeof LOG_LEVELS[number];

const MAX_BYTES = 10 * 1024 * 1024;
const KEPT = 3;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export interface LogParts {
  files: Files;
  clock: Clock;
  redactor: Redactor;
  level: LogLevel;
  /** Gets every line, too, when the level is debug or trace. */
  echo?: (line: string) => void;
}

/**
 * The log file. Lines wait in memory until `open` names the file: a run that uses no file of the
 * workspace leaves none behind.
 *
 * A log that cannot be written throws nothing; `problem` tells, and whoever opened it decides.
 */
export class Log {
  readonly #parts: LogParts;
  readonly #threshold: number;
  #waiting: string[] = [];
  #path: string | null = null;
  #size = 0;
  #problem: string | null = null;

  constructor(parts: LogParts) {
    this.#parts = parts;
    this.#threshold = LOG_LEVELS.indexOf(parts.level);
  }

  /** The file being written; null when none is. */
  get path(): string | null {
    return this.#problem === null ? this.#path : null;
  }

  /** Which file could not be written, and why; null when all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * Starts writing to `path`, with the lines that waited. The first call counts. Below the level
   * `error` there is nothing to write, so no folder is made either.
   */
  async open(path: string): Promise<void> {
    if (this.#path !== null || this.#threshold < LOG_LEVELS.indexOf("error")) return;
    this.#path = path;
    const { files } = this.#parts;
    try {
      await files.makeFolder(folderOf(path), FOLDER_MODE);
      this.#size = (await files.info(path))?.size ?? 0;
      if (this.#size > MAX_BYTES) await this.#rotate(path);
      // Now, not with the first line: a problem is found before anything is done.
      files.appendSync(path, "", FILE_MODE);
    } catch (error) {
      this.#fail(path, error);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const line of waiting) this.#append(line);
  }

  error(message: string, fields?: Record<string, unknown>): void {
    this.#write("error", message, fields);
  }
  warn(message: string, fields?: Record<string, unknown>): void {
    this.#write("warn", message, fields);
  }
  info(message: string, fields?: Record<string, unknown>): void {
    this.#write("info", message, fields);
  }
  debug(message: string, fields?: Record<string, unknown>): void {
    this.#write("debug", message, fields);
  }
  trace(message: string, fields?: Record<string, unknown>): void {
    this.#write("trace", message, fields);
  }

  #write(level: LogLevel, message: string, fields: Record<string, unknown> = {}): void {
    if (LOG_LEVELS.indexOf(level) > this.#threshold) return;
    const { clock, redactor, echo } = this.#parts;
    const time = clock.now().toISOString();
    const extra = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join("");
    const text = JSON.stringify(redactor.redact(message));
    const line = oneLine(redactor.redact(`time="${time}" level=${level} msg=${text}${extra}`));
    if (this.#path === null) this.#waiting.push(line);
    else this.#append(line);
    if (this.#threshold >= LOG_LEVELS.indexOf("debug")) echo?.(line);
  }

  #append(line: string): void {
    if (this.#path === null || this.#problem !== null) return;
    try {
      this.#parts.files.appendSync(this.#path, `${line}\n`, FILE_MODE);
    } catch (error) {
      this.#fail(this.#path, error);
    }
  }

  #fail(path: string, error: unknown): void {
    this.#problem = `Cannot write "${path}": ${reasonOf(error)}`;
  }

  /** `palette.log` becomes `palette.log.1`, and so on; the oldest goes. */
  async #rotate(path: string): Promise<void> {
    const { files } = this.#parts;
    await files.remove(`${path}.${KEPT}`);
    for (let at = KEPT - 1; at >= 1; at--) {
      if (await files.info(`${path}.${at}`) !== null) {
        await files.rename(`${path}.${at}`, `${path}.${at + 1}`);
      }
    }
    await files.rename(path, `${path}.1`);
  }
}

function oneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
