import { UserError } from "../../errors.ts";
import { Secret } from "../../secrets/secret.ts";
import type { Credentials } from "./credentials.ts";

/** What we use of Docker's `config.json` and Podman's `auth.json`. */
export interface DockerConfig {
  auths: Record<string, AuthEntry>;
  /** Helper for everything; empty for none. */
  credsStore: string;
  /** Helpers by registry. */
  credHelpers: Record<string, string>;
}

/** Only texts; all may be absent. */
export interface AuthEntry {
  /** Base64 of `username:password`. */
  auth?: string;
  username?: string;
  password?: string;
  identitytoken?: string;
}

/**
 * Reads a file; unknown keys are left alone.
 * @param path Names it in errors.
 * @throws {UserError} `validation`
 */
export function parseDockerConfig(text: string, path: string): DockerConfig {
  let root: unknown;
  try {
    root = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds secrets.
    throw invalid(path, "it is not valid JSON");
  }
  if (!isRecord(root)) throw invalid(path, "it is no JSON object");
  const { auths = {}, credHelpers = {}, credsStore = "" } = root;
  if (!isRecord(auths)) throw invalid(path, "auths is no object");
  if (!isRecord(credHelpers)) throw invalid(path, "credHelpers is no object");
  return {
    auths: Object.fromEntries(
      Object.entries(auths).map(([key, entry]) => [key, textsOf(isRecord(entry) ? entry : {})]),
    ),
    credsStore: typeof credsStore === "string" ? credsStore : "",
    credHelpers: textsOf(credHelpers),
  };
}

/**
 * The credentials of an entry; null when it has none.
 * @param place Names the entry in errors.
 * @throws {UserError} `validation`
 */
export function credentialsOf(
  { auth = "", identitytoken = "", ...plain }: AuthEntry,
  place: string,
): Credentials | null {
  const { username, password } = auth === "" ? plain : decodeAuth(auth, place);
  if (identitytoken !== "") {
    return { kind: "identity-token", username: username ?? "", token: new Secret(identitytoken) };
  }
  if (username === undefined || password === undefined) return null;
  return { kind: "password", username, password: new Secret(password) };
}

/** `auth` of an entry. */
export function encodeAuth(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function decodeAuth(auth: string, place: string): { username: string; password: string } {
  let text = "";
  try {
    const bytes = Uint8Array.from(atob(auth), (character) => character.charCodeAt(0));
    // Docker pads some with NUL.
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\0+$/, "");
  } catch {
    // Answered below.
  }
  const colon = text.indexOf(":");
  if (colon !== -1) return { username: text.slice(0, colon), password: text.slice(colon + 1) };
  throw new UserError("validation", `Cannot use ${place}: auth is not base64 of USER:PASSWORD`, {
    hint: "Log in again: palette content registry-login, or docker login",
  });
}

function invalid(path: string, reason: string): UserError {
  return new UserError("validation", `Cannot read the registry logins of "${path}": ${reason}`, {
    hint: "Correct the file, or name another with REGISTRY_AUTH_FILE",
  });
}

function textsOf(record: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, string] =>
      typeof entry[1] === "string"
    ),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
