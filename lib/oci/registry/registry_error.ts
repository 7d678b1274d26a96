import { type ErrorCode, UserError, type UserErrorOptions } from "../../errors.ts";

/** What an error answer says (OCI distribution spec, error codes); the body of a proxy says nothing. */
export interface RegistryProblem {
  /** `MANIFEST_UNKNOWN`, `NAME_UNKNOWN`, `DENIED` and the like. */
  code: string;
  message: string;
}

/** A request that a registry answered with an error, or not as a registry would. */
export class RegistryError extends UserError {
  override readonly name = "RegistryError";
  /** HTTP status; null when the answer was not a registry's. */
  readonly status: number | null;
  readonly problem: RegistryProblem | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: UserErrorOptions & { status?: number; problem?: RegistryProblem | null },
  ) {
    super(code, message, options);
    this.status = options.status ?? null;
    this.problem = options.problem ?? null;
  }
}

/** Whether an error says that the thing, or its repository, is not there. */
export function isNotThere(error: unknown): boolean {
  return error instanceof RegistryError && error.status === 404;
}

/** What a failed request was for. */
export interface FailedCall {
  /** `read blob sha256:... of 127.0.0.1:5000/app`. */
  action: string;
  /** As references write it. */
  host: string;
  /** Credentials went out with it. */
  hadCredentials: boolean;
}

/** The reaction to an error status (OCI distribution spec, error codes). */
export function registryErrorOf(
  status: number,
  problem: RegistryProblem | null,
  { action, host, hadCredentials }: FailedCall,
): RegistryError {
  const said = saidBy(problem);
  const error = (code: ErrorCode, reason: string, hint?: string) =>
    new RegistryError(code, `Cannot ${action}: ${reason}`, {
      status,
      problem,
      ...(hint === undefined ? {} : { hint }),
    });
  const login = `Run palette content registry-login --registry ${host}`;
  if (status === 401) {
    return error(
      "credentials",
      hadCredentials ? `${host} rejected the credentials` : `${host} wants credentials`,
      login,
    );
  }
  if (status === 403) {
    return error("forbidden", `${host} does not allow it${said}`, `${login} as a user who may`);
  }
  if (status === 404) return error("not-found", `${host} does not have it${said}`);
  if (problem?.code === "DIGEST_INVALID") {
    return error("integrity", `${host} got other bytes than announced${said}`);
  }
  if (status === 413) {
    return error(
      "api",
      `${host} takes no request this large${said}`,
      "Raise the limit of the proxy before the registry",
    );
  }
  if (status === 429) {
    return error(
      "api",
      `${host} is asked too often${said}`,
      `Wait, or log in for a higher limit: palette content registry-login --registry ${host}`,
    );
  }
  return error("api", `${host} answered with status ${status}${said}`);
}

/** The first error of an answer; null when it has none. */
export function problemOf(body: Uint8Array): RegistryProblem | null {
  try {
    const { errors } = JSON.parse(new TextDecoder().decode(body)) as {
      errors?: { code?: unknown; message?: unknown }[];
    };
    const [first] = errors ?? [];
    if (first === undefined) return null;
    const text = (value: unknown) => typeof value === "string" ? value.slice(0, 200) : "";
    return { code: text(first.code), message: text(first.message) };
  } catch {
    return null;
  }
}

function saidBy(problem: RegistryProblem | null): string {
  const text = problem?.message || problem?.code || "";
  return text === "" ? "" : ` (${text})`;
}
