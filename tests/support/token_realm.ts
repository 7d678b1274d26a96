import { problem, type StubRegistry } from "./stub_registry.ts";

export interface SeenTokenRequest {
  method: string;
  authorization: string | null;
  service: string | null;
  scopes: string[];
  account: string | null;
  grant: string | null;
  refresh: string | null;
}

/** Gives tokens to everybody (Docker registry v2 token authentication), and records who asked. */
export class TokenRealm implements AsyncDisposable {
  readonly requests: SeenTokenRequest[] = [];
  /** Tokens in their order. */
  readonly issued: string[] = [];
  /** Answers instead. */
  answer: (() => Response) | null = null;
  #valid = new Set<string>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  /** Every token is worth nothing from here on. */
  revoke(): void {
    this.#valid.clear();
  }

  /**
   * Makes a registry ask for tokens. Credentials go to another host over https alone, so the realm
   * is reached through the registry's own address.
   */
  guard(registry: StubRegistry): void {
    registry.intercepts.push(async (seen, request) => {
      const url = new URL(request.url);
      if (url.pathname === "/token") {
        registry.requests.pop();
        return await this.#answer(request);
      }
      if (this.#valid.has(seen.authorization ?? "")) return null;
      return problem(401, "UNAUTHORIZED", {
        "www-authenticate": `Bearer realm="${registry.url}/token",service="stub"`,
      });
    });
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const form = request.method === "POST" ? new URLSearchParams(await request.text()) : null;
    const fields = form ?? url.searchParams;
    this.requests.push({
      method: request.method,
      authorization: request.headers.get("authorization"),
      service: fields.get("service"),
      scopes: form === null ? fields.getAll("scope") : (form.get("scope") ?? "").split(" "),
      account: fields.get("account"),
      grant: fields.get("grant_type"),
      refresh: fields.get("refresh_token"),
    });
    if (this.answer !== null) return this.answer();
    const token = `token-${this.issued.length + 1}`;
    this.issued.push(token);
    this.#valid.add(`Bearer ${token}`);
    return Response.json(form === null ? { token, expires_in: 300 } : { access_token: token });
  }
}
