import { reasonOf, UserError } from "../errors.ts";

/** Standard input and output. */
export interface Streams {
  stdin: InputStream;
  stdout: OutputStream;
  stderr: OutputStream;
}

export interface InputStream {
  isTerminal: boolean;
  /**
   * Everything up to the end of input.
   * @throws {RangeError} When there are more than `limitBytes`.
   */
  readAll(limitBytes: number): Promise<Uint8Array>;
}

export interface OutputStream {
  isTerminal: boolean;
  /** Terminal width in columns; undefined when it is not a terminal. */
  columns(): number | undefined;
  write(text: string): void;
}

/** The reader of stdout went away (`palette ... | head`): what it wanted, it has. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe";
}

/** The streams of this process. */
export function systemStreams(): Streams {
  return {
    stdin: systemInput(),
    stdout: outputTo(Deno.stdout, (error) => {
      if (isReaderGone(error)) throw new BrokenPipe();
      const reason = reasonOf(error).replace(/ \(os error \d+\)$/, "");
      throw new UserError("io", `Cannot write to standard output: ${reason}`, {
        hint: "Make room where it goes, or send it elsewhere",
        cause: error,
      });
    }),
    // A command goes on to its end, and its status tells, also when nobody reads what is said.
    stderr: outputTo(Deno.stderr, () => {}),
  };
}

function systemInput(): InputStream {
  return {
    isTerminal: Deno.stdin.isTerminal(),
    async readAll(limitBytes) {
      const chunks: Uint8Array[] = [];
      let total = 0;
      const buffer = new Uint8Array(64 * 1024);
      for (;;) {
        const count = await Deno.stdin.read(buffer);
        if (count === null) break;
        total += count;
        if (total > limitBytes) throw new RangeError(`more than ${limitBytes} bytes`);
        chunks.push(buffer.slice(0, count));
      }
      return concatBytes(chunks);
    },
  };
}

function outputTo(stream: typeof Deno.stdout, onFailure: (error: unknown) => void): OutputStream {
  return {
    isTerminal: stream.isTerminal(),
    columns() {
      try {
        return Deno.consoleSize().columns || undefined;
      } catch {
        return undefined;
      }
    },
    write(text) {
      const bytes = new TextEncoder().encode(text);
      try {
        for (let written = 0; written < bytes.length;) {
          written += stream.writeSync(bytes.subarray(written));
        }
      } catch (error) {
        onFailure(error);
      }
    },
  };
}

function isReaderGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || isTerminalGone(error);
}

/** Whether reading or writing failed because the terminal was taken away. */
export function isTerminalGone(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "EIO";
}

/** One array from several. */
export function concatBytes(chunks: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    result.set(chunk, offset);
    offset += chunk.length;
  }
  return result;
}

/** The same pieces, each in memory of its own, for who keeps one while the next is made. */
export async function* ownPieces(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const piece of pieces) yield new Uint8Array(piece);
}
