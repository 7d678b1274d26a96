import { UserError } from "../errors.ts";

/** Where the vendor's own service is. */
export const DEFAULT_CONSOLE_URL = "https://console.spectrocloud.com";

/**
 * The origin of a console from what a user typed: a trailing `/` or `/v1` drops out.
 * @param insecure Plain http is accepted beyond this machine.
 * @param source Flag or variable it came from, for messages.
 * @throws {UserError} `usage`
 */
export function parseConsoleUrl(text: string, insecure: boolean, source: string): URL {
  const problem = problemOf(text, insecure);
  if (problem === null) return new URL(new URL(text).origin);
  throw new UserError("usage", `${source} "${withoutUserInfo(text)}" will not do: ${problem}`, {
    hint: `Give the address as in ${DEFAULT_CONSOLE_URL}`,
  });
}

/** True, or why a text is no console address; for prompts. */
export function validateConsoleUrl(text: string, insecure: boolean): true | string {
  return problemOf(text, insecure) ?? true;
}

function problemOf(text: string, insecure: boolean): string | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    return "it must begin with https:// and name a host";
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "it must not hold a user or password";
  if (url.search !== "" || url.hash !== "") return "it must not hold a query";
  if (!/^\/(v1\/?)?$/.test(url.pathname)) return "it must not have a path";
  if (url.protocol === "http:" && !insecure && !isLoopback(url.hostname)) {
    return "http sends the API key unencrypted; use https, or pass --insecure";
  }
  return null;
}

/** RFC 1122 3.2.1.3, RFC 4291 2.5.3, RFC 6761 6.3. */
function isLoopback(hostname: string): boolean {
  return /^127(\.\d+){3}$/.test(hostname) || hostname === "[::1]" || hostname === "localhost" ||
    hostname.endsWith(".localhost");
}

function withoutUserInfo(text: string): string {
  return text.replace(/\/\/[^/@]*@/, "//");
}
