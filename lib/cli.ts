import { type ErrorCode, Interrupted, reasonOf, UserError } from "./errors.ts";
import { ApiError } from "./api/api_error.ts";
import { parseCommandLine } from "./commands/parse.ts";
import { guessFormat, type Settings, settingsOf } from "./commands/settings.ts";
import { type ErrorReport, Printer } from "./output/printer.ts";
import { secretValues } from "./runtime/environment.ts";
import { Log } from "./runtime/log.ts";
import { EndOfInput, restoreTerminal } from "./runtime/prompter.ts";
import { Redactor } from "./runtime/redactor.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { SIGNAL_STATUS } from "./runtime/signals.ts";
import { BrokenPipe } from "./runtime/streams.ts";

const OK = 0;
const FAILED = 1;
/** A check ran and its verdict is negative. */
const NEGATIVE = 2;

/** Exit status of each failure; those that are not listed exit with 1. */
const EXIT_STATUS: Partial<Record<ErrorCode, number>> = { "checks-failed": NEGATIVE };

/** How long a stopped command may take to clean up, unless it asks for more. */
const CLEAN_UP_MS = 1_000;

/** Runs one command line; nobody else decides the exit status. */
export async function run(args: readonly string[], runtime: Runtime): Promise<number> {
  const redactor = new Redactor();
  for (const secret of secretValues(runtime.env)) redactor.add(secret);
  try {
    let settings: Settings;
    let chosen;
    try {
      chosen = await parseCommandLine(args);
      settings = settingsOf(chosen.options, runtime.env);
    } catch (error) {
      const log = logOf(runtime, redactor, null);
      const format = guessFormat(args, runtime.env);
      const printer = new Printer({ format, quiet: false }, { ...runtime.streams, log });
      return await report(error, { printer, log, redactor });
    }
    if (chosen.kind === "help") {
      const { stdout } = runtime.streams;
      stdout.write(chosen.text(stdout.isTerminal && settings.color));
      return OK;
    }
    const log = logOf(runtime, redactor, settings);
    const printer = new Printer(settings, { ...runtime.streams, log });
    try {
      if (settings.logFile !== undefined) await openNamedLog(log, settings.logFile);
      log.debug(`palette ${chosen.words.join(" ")}`);
      const { CommandContext } = await import("./commands/context.ts");
      try {
        await untilStopped(runtime, async (stopSignal, allowCleanUp) => {
          const parts = { runtime, settings, printer, log, redactor, stopSignal, allowCleanUp };
          await using context = new CommandContext(parts);
          await chosen.action(context);
        });
      } finally {
        if (log.problem !== null) printer.warn(`${log.problem}; the log is incomplete`);
      }
      return OK;
    } catch (error) {
      return await report(error, { printer, log, redactor });
    }
  } catch (error) {
    if (error instanceof BrokenPipe) return OK;
    throw error;
  }
}

/**
 * Runs a command until it is done or a signal stops it; a stopped one may clean up. Nobody listens
 * before the command asks for the signal: until then there is nothing to clean up.
 */
async function untilStopped(
  { signals, clock }: Runtime,
  work: (
    stopSignal: (isEnd: boolean) => AbortSignal,
    allowCleanUp: (ms: number) => void,
  ) => Promise<void>,
): Promise<void> {
  let cleanUpMs = CLEAN_UP_MS;
  const controller = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  let stopListening: (() => void) | null = null;
  let endsHere = false;
  const running = work((isEnd) => {
    endsHere ||= isEnd;
    stopListening ??= signals.listen((signal) => {
      const reason = new Interrupted(signal);
      controller.abort(reason);
      reject(reason);
    });
    return controller.signal;
  }, (ms) => cleanUpMs = ms);
  try {
    await Promise.race([running, stopped]);
  } catch (error) {
    if (controller.signal.aborted) {
      restoreTerminal();
      await Promise.race([running.catch(() => {}), clock.sleep(cleanUpMs)]);
      if (endsHere) return;
      throw controller.signal.reason;
    }
    throw error;
  } finally {
    (stopListening as (() => void) | null)?.();
  }
}

function logOf(runtime: Runtime, redactor: Redactor, settings: Settings | null): Log {
  const { stderr } = runtime.streams;
  return new Log({
    ...runtime,
    redactor,
    level: settings?.logLevel ?? "info",
    ...(settings?.format === "table" ? { echo: (line) => stderr.write(`${line}\n`) } : {}),
  });
}

/**
 * Opens the log that the user named.
 * @throws {UserError} `io` when it cannot be written: somebody counts on it.
 */
async function openNamedLog(log: Log, path: string): Promise<void> {
  await log.open(path);
  if (log.problem === null) return;
  throw new UserError("io", log.problem, { hint: "Choose another file with --log-file" });
}

interface ReportParts {
  printer: Printer;
  log: Log;
  redactor: Redactor;
}

/** Tells the user what went wrong, and gives the exit status. */
async function report(error: unknown, { printer, log, redactor }: ReportParts): Promise<number> {
  if (error instanceof BrokenPipe) throw error;
  if (error instanceof Interrupted) {
    log.info(`stopped by ${error.signal}`);
    return SIGNAL_STATUS[error.signal];
  }
  const details = reportOf(error);
  log.error(details.message, { code: details.code });
  if (error instanceof Error && details.code === "internal") log.debug(error.stack ?? "");
  await printer.error({
    ...details,
    message: redactor.redact(details.message),
    hint: details.hint === null ? null : redactor.redact(details.hint),
    logFile: log.path,
  });
  return error instanceof UserError ? EXIT_STATUS[error.code] ?? FAILED : FAILED;
}

/** Of the answer that an error is about, also when a command has worded the error anew. */
function httpStatusOf(error: unknown): number | null {
  if (error instanceof ApiError && error.status !== null) return error.status;
  return error instanceof Error ? httpStatusOf(error.cause) : null;
}

function reportOf(error: unknown): Omit<ErrorReport, "logFile"> {
  if (error instanceof UserError) {
    return {
      code: error.code,
      message: error.message,
      hint: error.hint ?? null,
      status: httpStatusOf(error),
    };
  }
  if (error instanceof EndOfInput) {
    return {
      code: "aborted",
      message: "The input ended before the question was answered",
      hint: null,
      status: null,
    };
  }
  return {
    code: "internal",
    message: `Unexpected failure: ${reasonOf(error)}`,
    hint: "Run it again with --log-level debug for details, and report it with them",
    status: null,
  };
}
