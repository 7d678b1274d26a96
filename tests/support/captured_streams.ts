import type { InputStream, OutputStream, Streams } from "../../lib/runtime/streams.ts";

export interface CapturedStreamsOptions {
  /** What standard input holds. */
  stdin?: string | Uint8Array;
  /** Which streams are terminals; one answer for all three, or one each. */
  isTerminal?: boolean | { stdin?: boolean; stdout?: boolean; stderr?: boolean };
  /** Width of the output streams that are terminals. */
  columns?: number;
}

/** Streams in memory. */
export class CapturedStreams implements Streams {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  #stdoutText = "";
  #stderrText = "";

  constructor({ stdin = "", isTerminal = false, columns = 80 }: CapturedStreamsOptions = {}) {
    const terminals = typeof isTerminal === "boolean"
      ? { stdin: isTerminal, stdout: isTerminal, stderr: isTerminal }
      : isTerminal;
    this.stdin = inputOf(stdin, terminals.stdin ?? false);
    this.stdout = outputTo(terminals.stdout ?? false, columns, (text) => this.#stdoutText += text);
    this.stderr = outputTo(terminals.stderr ?? false, columns, (text) => this.#stderrText += text);
  }

  /** Everything written to standard output. */
  get stdoutText(): string {
    return this.#stdoutText;
  }

  /** Everything written to standard error. */
  get stderrText(): string {
    return this.#stderrText;
  }
}

function inputOf(content: string | Uint8Array, isTerminal: boolean): InputStream {
  let rest = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    isTerminal,
    readAll(limitBytes) {
      const bytes = rest;
      rest = new Uint8Array();
      return bytes.length > limitBytes
        ? Promise.reject(new RangeError(`more than ${limitBytes} bytes`))
        : Promise.resolve(bytes);
    },
  };
}

function outputTo(
  isTerminal: boolean,
  columns: number,
  write: (text: string) => void,
): OutputStream {
  return { isTerminal, columns: () => isTerminal ? columns : undefined, write };
}
