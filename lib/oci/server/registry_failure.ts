/** Codes of errors (OCI distribution spec, "Error codes"). */
export type FailureCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "PAGINATION_NUMBER_INVALID"
  | "SIZE_INVALID"
  | "TAG_INVALID"
  | "UNKNOWN"
  | "UNSUPPORTED";

/** A request that cannot be answered as the client wants. */
export class RegistryFailure extends Error {
  override readonly name = "RegistryFailure";
  readonly status: number;
  readonly code: FailureCode;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: FailureCode,
    message: string,
    headers: Record<string, string> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The answer that tells a client what is wrong. */
export function failureResponse({ status, code, message, headers }: RegistryFailure): Response {
  return Response.json({ errors: [{ code, message }] }, { status, headers });
}
