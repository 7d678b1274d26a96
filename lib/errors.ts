/**
 * What can go wrong on purpose. Anything that is not a `UserError` (or an interruption) is a bug.
 */

/** Slugs that tell failures apart in JSON output and in the log; the exit status follows from them. */
export type ErrorCode =
  | "usage"
  | "validation"
  | "not-logged-in"
  | "auth-invalid"
  | "auth-expired"
  | "forbidden"
  | "not-found"
  | "ambiguous"
  | "conflict"
  | "quota"
  | "passphrase-missing"
  | "passphrase-policy"
  | "decrypt-failed"
  | "foreign-ciphertext"
  | "integrity"
  | "endpoint-changed"
  | "tls"
  | "network"
  | "timeout"
  | "api"
  | "io"
  | "busy"
  | "prerequisite"
  | "checks-failed"
  | "credentials"
  | "backend-required"
  | "aborted";

export interface UserErrorOptions {
  /** The next command to run, or what to change. */
  hint?: string;
  cause?: unknown;
}

/** An expected failure: one line that names the thing, and what to do next. */
export class UserError extends Error {
  override readonly name: string = "UserError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: UserErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** The run was stopped by a signal or by Ctrl+C at a prompt. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: "SIGINT" | "SIGTERM";

  constructor(signal: "SIGINT" | "SIGTERM") {
    super("interrupted");
    this.signal = signal;
  }
}

/** The text of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
