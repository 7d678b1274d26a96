import { UserError } from "../lib/errors.ts";
import { DepsError } from "./npm_package.ts";

/** Runs a script; an expected failure is one line, its hint another, and exit status 1. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UserError || error instanceof DepsError)) throw error;
    printLine(`Error: ${error.message}`);
    if (error instanceof UserError && error.hint !== undefined) printLine(`Hint: ${error.hint}`);
    Deno.exitCode = 1;
  }
}

/** A line on standard error, where all that is no result goes. */
export function printLine(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
