import { UserError } from "../../errors.ts";
import { type Exec, ExecDenied, ExecNotFound, ExecTimeout } from "../../runtime/exec.ts";
import { Secret } from "../../secrets/secret.ts";
import type { Credentials } from "./credentials.ts";
import { serverOf } from "./registry_key.ts";

export interface HelperParts {
  exec: Exec;
  signal: AbortSignal;
  /** A helper that does not work is no reason to stop: many images are public. */
  onWarning: (text: string) => void;
}

const TIMEOUT_MS = 60_000;
/** What a helper gives as user name when the secret is an identity token. */
const TOKEN_USER = "<token>";
const MAX_BYTES = 1024 * 1024;

/**
 * Asks a credential helper of Docker's (docker-credential-helpers): the server on standard input,
 * JSON on standard output.
 * @param name What follows `docker-credential-`.
 * @param source File that names it, for messages.
 * @returns Null when it knows nothing, or does not work.
 * @throws {UserError} `validation` for a name that is none.
 */
export async function askHelper(
  { name, source }: { name: string; source: string },
  host: string,
  { exec, signal, onWarning }: HelperParts,
): Promise<Credentials | null> {
  // The name becomes a program to run: nothing may lead out of PATH or look like a flag.
  if (!/^[a-z0-9][a-z0-9-]*$/i.test(name)) {
    throw new UserError("validation", `Cannot use the credential helper "${name}" of "${source}"`, {
      hint: "A name has letters, digits and dashes only; correct the file",
    });
  }
  const program = `docker-credential-${name}`;
  const failed = (reason: string) => {
    onWarning(`credentials of ${host} not read: ${program} of "${source}" ${reason}`);
    return null;
  };
  let output: Uint8Array;
  try {
    const options = { timeoutMs: TIMEOUT_MS, signal, stdin: serverOf(host) };
    const { status, stdout } = await exec.run(program, ["get"], options);
    output = stdout;
    const said = new TextDecoder().decode(stdout.subarray(0, 200));
    if (status !== 0 && /not found/i.test(said)) return null;
    if (status !== 0) return failed(`failed with exit status ${status}`);
  } catch (error) {
    if (error instanceof ExecNotFound) return failed("was not found");
    if (error instanceof ExecDenied) return failed(`cannot be run: ${error.message}`);
    if (error instanceof ExecTimeout) return failed("took longer than 60 s");
    throw error;
  }
  const fields = output.length > MAX_BYTES ? null : parse(output);
  const username = fields?.["Username"];
  const secret = fields?.["Secret"];
  if (typeof username !== "string" || typeof secret !== "string") {
    return failed("printed something else than credentials");
  }
  if (secret === "") return null;
  return username === TOKEN_USER
    ? { kind: "identity-token", username: "", token: new Secret(secret) }
    : { kind: "password", username, password: new Secret(secret) };
}

function parse(output: Uint8Array): Record<string, unknown> | null {
  try {
    return JSON.parse(new TextDecoder().decode(output)) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
