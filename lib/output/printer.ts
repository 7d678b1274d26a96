/**
 * What reaches the user, and where:
 * - stdout carries the result and nothing else: one document with json and yaml;
 * - stderr carries notices, warnings and the error; with json and yaml the error is the only
 *   document there, so notices go to the log alone;
 * - every text passes the sanitiser on its way to stderr, and in tables.
 */

import type { Log } from "../runtime/log.ts";
import type { OutputStream } from "../runtime/streams.ts";
import { formatJson, formatYaml, type Json, type OutputFormat } from "./format.ts";
import { sanitizeLine, sanitizeText } from "./sanitize.ts";

export interface PrinterOptions {
  format: OutputFormat;
  quiet: boolean;
}

export interface PrinterParts {
  stdout: OutputStream;
  stderr: OutputStream;
  log: Log;
}

/** A result in both shapes; only the one that is asked for is made. */
export interface Result {
  document: () => Json;
  /** Lines for people, sanitised where they show what others wrote. */
  text: () => string | Promise<string>;
}

/** An error as the user sees it. */
export interface ErrorReport {
  code: string;
  message: string;
  hint: string | null;
  /** HTTP status of the answer that caused it. */
  status: number | null;
  logFile: string | null;
}

export class Printer {
  readonly format: OutputFormat;
  readonly #quiet: boolean;
  readonly #parts: PrinterParts;

  constructor({ format, quiet }: PrinterOptions, parts: PrinterParts) {
    this.format = format;
    this.#quiet = quiet;
    this.#parts = parts;
  }

  async result(result: Result): Promise<void> {
    const { stdout } = this.#parts;
    if (this.format === "json") stdout.write(formatJson(result.document()));
    else if (this.format === "yaml") stdout.write(await formatYaml(result.document()));
    else stdout.write(await result.text());
  }

  /** Something the user may want to know; not with `--quiet`. */
  notice(text: string): void {
    this.#parts.log.info(text);
    if (!this.#quiet) this.#toPeople(`Note: ${sanitizeLine(text)}\n`);
  }

  /** Something that may be wrong; not with `--quiet`. */
  warn(text: string): void {
    this.#parts.log.warn(text);
    if (!this.#quiet) this.#toPeople(`Warning: ${sanitizeLine(text)}\n`);
  }

  /** Text that a question is about, shown whatever the format. */
  show(text: string): void {
    this.#parts.stderr.write(`${sanitizeText(text)}\n`);
  }

  /** What became of one of several things, which the error at the end only counts. */
  failure({ message, hint }: Pick<ErrorReport, "message" | "hint">): void {
    this.#parts.log.error(message);
    this.#toPeople(errorLines({ message, hint, logFile: null }));
  }

  async error(report: ErrorReport): Promise<void> {
    const { stderr } = this.#parts;
    if (this.format === "table") {
      stderr.write(errorLines(report));
      return;
    }
    const document = { error: { ...report } };
    stderr.write(this.format === "json" ? formatJson(document) : await formatYaml(document));
  }

  #toPeople(text: string): void {
    if (this.format === "table") this.#parts.stderr.write(text);
  }
}

function errorLines({ message, hint, logFile }: Omit<ErrorReport, "code" | "status">): string {
  const lines = [
    `Error: ${sanitizeLine(decapitalize(message))}`,
    ...(hint === null ? [] : [`Hint: ${sanitizeLine(hint)}`]),
    ...(logFile === null ? [] : [`Log: ${sanitizeLine(logFile)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Kinds of things that Palette writes with capitals wherever they stand. */
const PROPER_NAME = /^(App|App Profile|Cluster Group|Helm Registry|Registry|Virtual Cluster)\b/;

/** After `Error: ` a sentence goes on in lowercase, unless it begins with a name. */
function decapitalize(message: string): string {
  return /^[A-Z][a-z ]/.test(message) && !PROPER_NAME.test(message)
    ? message.charAt(0).toLowerCase() + message.slice(1)
    : message;
}
