/**
 * - `tls`: the certificate was not accepted, or the other side does not speak TLS;
 * - `reset`: an open connection broke, worth another try;
 * - `network`: nothing could be reached.
 */
export type TransportErrorKind = "tls" | "reset" | "network";

/** No answer came; `message` is the reason in a few words. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly kind: TransportErrorKind;
  /** The connection was there, and nothing came in the time that is given. */
  readonly isSilence: boolean;

  constructor(
    kind: TransportErrorKind,
    reason: string,
    cause?: unknown,
    { isSilence = false }: { isSilence?: boolean } = {},
  ) {
    super(reason, { cause });
    this.kind = kind;
    this.isSilence = isSilence;
  }
}

/** Finds the reason in what `fetch` or `node:https` threw, also while a body is read. */
export function transportErrorOf(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) texts.push(at.message);
  const text = texts.join(": ");
  for (const [pattern, kind, reason] of CAUSES) {
    const match = pattern.exec(text);
    if (match !== null) return new TransportError(kind, reason(match), error);
  }
  return new TransportError("network", texts.at(-1)?.split("): ").at(-1) ?? text, error);
}

type Cause = [RegExp, TransportErrorKind, (match: RegExpExecArray) => string];

/** What Deno's client (hyper, rustls) and its Node layer say, in the order to look for it. */
const CAUSES: Cause[] = [
  [/CaUsedAsEndEntity/, "tls", () => "the server presents a CA certificate as its own"],
  [/UnknownIssuer|self-signed certificate|unable to (get|verify)/, "tls", () => "unknown issuer"],
  [/peer certificate: Expired|certificate has expired/, "tls", () => "it has expired"],
  [/NotValidYet/, "tls", () => "it is not valid yet"],
  [/certificate not valid for name "([^"]+)"/, "tls", (match) => `it is not for "${match[1]}"`],
  [/invalid peer certificate: (.+)$/, "tls", (match) => match[1] ?? "invalid"],
  [
    /InvalidContentType|received corrupt message|WRONG_VERSION_NUMBER/,
    "tls",
    () => "the server does not speak TLS on this port",
  ],
  [/fatal alert: (\w+)/, "tls", (match) => `the server refused: ${match[1]}`],
  [/Connection refused|ECONNREFUSED/, "network", () => "connection refused"],
  [/dns error|ENOTFOUND|EAI_AGAIN/, "network", () => "host name not found"],
  [/[Nn]etwork is unreachable|ENETUNREACH/, "network", () => "network is unreachable"],
  [/No route to host|EHOSTUNREACH/, "network", () => "no route to host"],
  [/timed out|ETIMEDOUT/, "network", () => "connection timed out"],
  [/unsuccessful tunnel|tunnel/, "network", () => "the proxy refused to connect"],
  [
    /connection closed|[Cc]onnection reset|ECONNRESET|socket hang up|reading a body|unexpected EOF|Broken pipe|EPIPE/,
    "reset",
    () => "the connection was closed in the middle of an answer",
  ],
  [/invalid HTTP version|invalid HTTP|Parse Error/, "network", () => "the answer is not HTTP"],
];
