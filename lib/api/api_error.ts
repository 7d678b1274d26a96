import { type ErrorCode, UserError, type UserErrorOptions } from "../errors.ts";

/** What an error answer of Palette says (all parts optional; the body of a proxy has none). */
export interface ApiProblem {
  /** `ResourceNotFound` and the like. */
  code?: string;
  message?: string;
  /** Correlation id for support. */
  ref?: string;
}

/** A request that Palette answered with an error, or not as Palette would. */
export class ApiError extends UserError {
  override readonly name = "ApiError";
  /** HTTP status; null when the answer was not Palette's. */
  readonly status: number | null;
  readonly problem: ApiProblem;

  constructor(
    code: ErrorCode,
    message: string,
    options: UserErrorOptions & { status?: number; problem?: ApiProblem },
  ) {
    super(code, message, options);
    this.status = options.status ?? null;
    this.problem = options.problem ?? {};
  }
}

/** Whether an error says that the object is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** What an error is about, for its wording. */
export interface FailedRequest {
  method: string;
  path: string;
  /** As the user gave it. */
  endpoint: string;
  /** `project "dev" (uid)` or `the tenant`. */
  scope: string;
}

/** The reaction to an error status (Palette API, error model). */
export function apiErrorOf(status: number, problem: ApiProblem, request: FailedRequest): ApiError {
  const what = `${request.method} ${request.path}`;
  const said = saidBy(problem);
  const error = (code: ErrorCode, message: string, hint?: string) =>
    new ApiError(code, message, { status, problem, ...(hint === undefined ? {} : { hint }) });
  if (status === 401) {
    const isExpired = /expired/i.test(`${problem.code} ${problem.message}`);
    return error(
      isExpired ? "auth-expired" : "auth-invalid",
      `Invalid API key for ${request.endpoint}${isExpired ? ": it has expired" : ""}`,
      "Create a key in the Palette console, then run palette login",
    );
  }
  if ([400, 403, 409, 422].includes(status) && isAboutQuota(problem)) {
    return error(
      "quota",
      `Palette refused it, a quota is used up: ${said || what}`,
      "Run palette pde quota for what is left; smaller sizes or a deletion make room",
    );
  }
  if (status === 403) {
    return error(
      "forbidden",
      `Not allowed in the scope of ${request.scope}: ${said || what}`,
      "Switch with palette project switch, or ask a tenant administrator for the permission",
    );
  }
  if (status === 404) return error("not-found", `Palette did not find it: ${said || what}`);
  if (status === 409) {
    return error("conflict", `Palette refused it: ${said || "it exists already"}`);
  }
  if (status === 400 || status === 422) {
    return error("validation", `Palette refused the request: ${said || what}`);
  }
  if (status === 429) {
    return error("api", "Palette is asked too often (429)", "Wait a minute, then run it again");
  }
  return error(
    "api",
    `Palette failed with status ${status}: ${said || what}`,
    "Run the command again later; --log-level trace logs each request",
  );
}

/** There is no code for it: the words of the message tell. */
function isAboutQuota({ code, message }: ApiProblem): boolean {
  return /quota|(limit|credit)s?\b.*\b(exceed|exhaust|reach)|exceed\w*\b.*\b(limit|credit)/i
    .test(`${code ?? ""} ${message ?? ""}`);
}

function saidBy({ code, message, ref }: ApiProblem): string {
  const details = [code, ref === undefined ? undefined : `ref ${ref}`].filter((part) => part);
  const suffix = details.length === 0 ? "" : ` (${details.join(", ")})`;
  return message ? `${message}${suffix}` : suffix.trim();
}

/** The other side answered, but not as Palette would. */
export function notPalette(url: URL, reason: string, cause?: unknown): ApiError {
  return new ApiError("api", `${url.origin} did not answer like a Palette API: ${reason}`, {
    hint: "Check the console address; a proxy or a login page may stand between",
    cause,
  });
}
