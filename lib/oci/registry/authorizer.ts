import { UserError } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Credentials, CredentialSource } from "../credentials/credentials.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { problemOf, registryErrorOf } from "./registry_error.ts";
import { mergeScopes, repositoryOf } from "./scopes.ts";

export interface AuthorizerParts {
  /** As references write it. */
  host: string;
  base: () => Promise<URL>;
  credentials: CredentialSource;
  clock: Clock;
  /** Sends a request as it is, tried again where that helps. */
  send: (request: TokenRequest) => Promise<TokenAnswer>;
  /** Gets each token, so that no log shows it. */
  onSecret: (text: string) => void;
}

export interface TokenRequest {
  method: "GET" | "POST";
  url: URL;
  headers: Record<string, string>;
  body?: string;
}

export interface TokenAnswer {
  status: number;
  bytes: Uint8Array;
}

/** What a request goes out with. */
export interface Authorization {
  header: string;
  /** A token that anybody gets is none. */
  hadCredentials: boolean;
}

interface Token extends Authorization {
  expiresMs: number;
}

/** Tokens that say nothing hold for so long (Docker registry v2 token authentication). */
const DEFAULT_LIFE_S = 60;
/** Replaced before they expire. */
const EARLY_MS = 5_000;

/**
 * Credentials for requests to one registry. They go to the registry itself, and over https to the
 * realm that it names for its tokens; nowhere else.
 */
export class Authorizer {
  readonly #parts: AuthorizerParts;
  #challenge: Challenge | null = null;
  readonly #tokens = new Map<string, Promise<Token>>();
  readonly #passwords = new Map<string, Promise<string | null>>();

  constructor(parts: AuthorizerParts) {
    this.#parts = parts;
  }

  /** Whether the registry has asked for credentials. */
  get isAsked(): boolean {
    return this.#challenge !== null;
  }

  /** Null as long as the registry has not said what it wants, and where there is nothing to give. */
  async authorize(scopes: readonly string[]): Promise<Authorization | null> {
    const challenge = this.#challenge;
    if (challenge === null) return null;
    if (challenge.scheme === "bearer") return await this.#token(challenge, scopes);
    const header = await this.#basicHeader(repositoryOf(scopes));
    return header === null ? null : { header, hadCredentials: true };
  }

  /**
   * Learns from an answer with status 401.
   * @param used What the request went out with.
   * @returns Whether another try makes sense.
   */
  async learn(
    headers: Headers,
    scopes: readonly string[],
    used: Authorization | null,
  ): Promise<boolean> {
    const challenges = parseChallenges(headers.get("www-authenticate") ?? "");
    const challenge =
      challenges.find(({ scheme, parameters }) =>
        scheme === "bearer" && parameters["realm"] !== undefined
      ) ?? challenges.find(({ scheme }) => scheme === "basic");
    if (challenge === undefined) return false;
    this.#challenge = challenge;
    if (challenge.scheme === "basic") {
      const header = await this.#basicHeader(repositoryOf(scopes));
      return header !== null && header !== used?.header;
    }
    const key = keyOf(scopes);
    const known = await this.#tokens.get(key)?.catch(() => null);
    // Somebody else may have fetched a new one meanwhile.
    if (known !== undefined && known?.header === used?.header) this.#tokens.delete(key);
    return true;
  }

  async #token(challenge: Challenge, scopes: readonly string[]): Promise<Token> {
    const key = keyOf(scopes);
    const known = this.#tokens.get(key);
    if (known !== undefined) {
      const token = await known;
      if (token.expiresMs > this.#parts.clock.now().getTime()) return token;
      if (this.#tokens.get(key) === known) this.#tokens.delete(key);
    }
    const running = this.#tokens.get(key) ?? this.#fetchToken(challenge, scopes);
    this.#tokens.set(key, running);
    try {
      return await running;
    } catch (error) {
      if (this.#tokens.get(key) === running) this.#tokens.delete(key);
      throw error;
    }
  }

  async #fetchToken({ parameters }: Challenge, scopes: readonly string[]): Promise<Token> {
    const { host, credentials, clock, onSecret } = this.#parts;
    const found = await credentials.find(host, repositoryOf(scopes));
    const realm = await this.#realmOf(parameters["realm"] ?? "", found !== null);
    const asked = mergeScopes(scopes, parameters["scope"] ?? "");
    const request = tokenRequest(realm, parameters["service"], asked, found);
    const { status, bytes } = await this.#parts.send(request);
    if (status !== 200) {
      const action = `get a token of ${host} from ${realm.host}`;
      if (status >= 300 && status < 400) {
        throw new UserError("api", `Cannot ${action}: it redirects, and credentials do not follow`);
      }
      // Some realms say 400 or 403 to wrong passwords.
      const isRefused = [400, 401, 403].includes(status);
      throw registryErrorOf(isRefused ? 401 : status, problemOf(bytes), {
        action,
        host,
        hadCredentials: found !== null,
      });
    }
    const { token, lifeS } = readToken(bytes, realm);
    onSecret(token);
    return {
      header: `Bearer ${token}`,
      hadCredentials: found !== null,
      expiresMs: clock.now().getTime() + Math.max(0, lifeS * 1000 - EARLY_MS),
    };
  }

  /** @throws {UserError} When credentials would go where they must not. */
  async #realmOf(text: string, hasCredentials: boolean): Promise<URL> {
    const { host } = this.#parts;
    const base = await this.#parts.base();
    const refuse = (reason: string) =>
      new UserError("api", `Cannot log in to ${host}: its token realm "${text}" ${reason}`, {
        hint: "Check the address of the registry, or ask who runs it",
      });
    if (!URL.canParse(text)) throw refuse("is no address");
    const realm = new URL(text);
    if (realm.username !== "" || realm.password !== "") throw refuse("holds a user");
    if (realm.protocol === "https:") return realm;
    if (realm.protocol !== "http:" || base.protocol === "https:") throw refuse("is not https");
    if (hasCredentials && realm.host !== base.host) {
      throw refuse("is another host without https, which gets no credentials");
    }
    return realm;
  }

  #basicHeader(repository: string): Promise<string | null> {
    const known = this.#passwords.get(repository);
    if (known !== undefined) return known;
    const { host, credentials } = this.#parts;
    const header = credentials.find(host, repository).then((found) =>
      found?.kind === "password" ? basicHeader(found.username, found.password.reveal()) : null
    );
    this.#passwords.set(repository, header);
    return header;
  }
}

/** Docker registry v2 token authentication; with an identity token its OAuth2 form. */
function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: string[],
  credentials: Credentials | null,
): TokenRequest {
  const accept = { accept: "application/json" };
  if (credentials?.kind === "identity-token") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: "palette",
      refresh_token: credentials.token.reveal(),
      ...(service === undefined ? {} : { service }),
      ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    });
    const headers = { ...accept, "content-type": "application/x-www-form-urlencoded" };
    return { method: "POST", url: realm, headers, body: form.toString() };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (credentials === null) return { method: "GET", url, headers: accept };
  const { username, password } = credentials;
  url.searchParams.set("account", username);
  const authorization = basicHeader(username, password.reveal());
  return { method: "GET", url, headers: { ...accept, authorization } };
}

/** What HTTP calls basic authentication (RFC 7617), in UTF-8. */
export function basicHeader(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}

function readToken(bytes: Uint8Array, realm: URL): { token: string; lifeS: number } {
  let fields: Record<string, unknown> = {};
  try {
    fields = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch {
    // Answered below.
  }
  const token = fields?.["token"] || fields?.["access_token"];
  const life = fields?.["expires_in"];
  // A token becomes a header: nothing but visible ASCII may be in it.
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError(
      "api",
      `Cannot get a token from ${realm.host}: there is none in its answer`,
    );
  }
  return { token, lifeS: typeof life === "number" && life > 0 ? life : DEFAULT_LIFE_S };
}

function keyOf(scopes: readonly string[]): string {
  return [...scopes].sort().join(" ");
}
