/** The few calls of a Kubernetes API server that kubectl makes for an import, on 127.0.0.1. */

export interface ApiServerOptions {
  tls?: { cert: string; key: string };
}

/** A request as it arrived. */
export interface ApiServerRequest {
  method: string;
  path: string;
  authorization: string | null;
  /** Parsed JSON; null without a body. */
  body: unknown;
}

interface Kind {
  group: string;
  resource: string;
  kind: string;
  namespaced: boolean;
}

const RBAC = "rbac.authorization.k8s.io";
const REVIEWS = "authorization.k8s.io";
const KINDS: readonly Kind[] = [
  { group: "", resource: "namespaces", kind: "Namespace", namespaced: false },
  { group: "", resource: "serviceaccounts", kind: "ServiceAccount", namespaced: true },
  { group: RBAC, resource: "clusterrolebindings", kind: "ClusterRoleBinding", namespaced: false },
  {
    group: REVIEWS,
    resource: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    namespaced: false,
  },
];
const REVIEW_PATH = `/apis/${REVIEWS}/v1/selfsubjectaccessreviews`;

export function startApiServer({ tls }: ApiServerOptions = {}): Promise<ApiServer> {
  const { promise, resolve } = Promise.withResolvers<ApiServer>();
  const started: { server?: ApiServer } = {};
  const controller = new AbortController();
  const http = Deno.serve({
    signal: controller.signal,
    hostname: "127.0.0.1",
    port: 0,
    ...tls,
    onListen: ({ port }) => {
      const url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
      // Not shutdown(), which waits for answers that a test holds back.
      started.server = new ApiServer(url, () => {
        controller.abort();
        return http.finished;
      });
      resolve(started.server);
    },
  }, (request) => started.server?.answer(request) ?? new Response(null, { status: 503 }));
  return promise;
}

export class ApiServer implements AsyncDisposable {
  readonly url: string;
  readonly requests: ApiServerRequest[] = [];
  /** What was created, by its path. */
  readonly objects = new Map<string, unknown>();
  version = "v1.29.3";
  /** Bearer token that is asked for; none by default. */
  token: string | null = null;
  /** Resources that the user may not create. */
  readonly forbidden = new Set<string>();
  /** Called before a resource is created, by its name. */
  onCreate: (resource: string) => void | Promise<void> = () => {};
  /** Requests that nobody expected; disposing throws when there are any. */
  readonly #defects: string[] = [];
  readonly #stop: () => Promise<void>;

  constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.#stop = stop;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    if (this.#defects.length > 0) throw new Error(`Unexpected requests: ${this.#defects}`);
  }

  async answer(request: Request): Promise<Response> {
    const { pathname: path } = new URL(request.url);
    const text = await request.text();
    const { method } = request;
    const authorization = request.headers.get("authorization");
    const body: unknown = text === "" ? null : JSON.parse(text);
    this.requests.push({ method, path, authorization, body });
    if (this.token !== null && authorization !== `Bearer ${this.token}`) {
      return failure(401, "Unauthorized", "Unauthorized");
    }
    const discovered = method === "GET" ? this.#discover(path) : null;
    if (discovered !== null) return Response.json(discovered);
    // Versions of kubectl differ in which schema they look for; none is needed.
    if (/^\/(openapi|swagger)/.test(path)) return failure(404, "NotFound", "no schema");
    if (method === "POST" && path === REVIEW_PATH) return this.#review(body);
    return await this.#store(method, path, body);
  }

  #discover(path: string): unknown {
    if (path === "/version") {
      const [, major, minor] = /^v(\d+)\.(\d+)/.exec(this.version) ?? [];
      return { major, minor, gitVersion: this.version, platform: "linux/amd64" };
    }
    if (path === "/api") {
      return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
    }
    if (path === "/apis") {
      const groups = [RBAC, REVIEWS].map((name) => {
        const version = { groupVersion: `${name}/v1`, version: "v1" };
        return { name, versions: [version], preferredVersion: version };
      });
      return { kind: "APIGroupList", apiVersion: "v1", groups };
    }
    const group = path === "/api/v1" ? "" : /^\/apis\/([^/]+)\/v1$/.exec(path)?.[1];
    const kinds = KINDS.filter((kind) => kind.group === group);
    return kinds.length === 0 ? null : {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: group === "" ? "v1" : `${group}/v1`,
      resources: kinds.map(({ resource, kind, namespaced }) => ({
        name: resource,
        singularName: "",
        namespaced,
        kind,
        verbs: ["create", "get", "patch"],
      })),
    };
  }

  #review(body: unknown): Response {
    const review = body as { spec: { resourceAttributes: { resource: string } } };
    const allowed = !this.forbidden.has(review.spec.resourceAttributes.resource);
    return Response.json({ ...review, status: { allowed } }, { status: 201 });
  }

  async #store(method: string, path: string, body: unknown): Promise<Response> {
    // The last: a namespace stands before what is in it.
    const resource = path.split("/").findLast((name) =>
      KINDS.some((kind) => kind.resource === name)
    );
    if (resource === undefined || !["GET", "POST"].includes(method)) {
      this.#defects.push(`${method} ${path}`);
      return failure(404, "NotFound", `${method} ${path} is not expected`);
    }
    if (method === "GET") {
      const found = this.objects.get(path);
      return found === undefined
        ? failure(404, "NotFound", `${path} not found`)
        : Response.json(found);
    }
    await this.onCreate(resource);
    if (this.forbidden.has(resource)) {
      return failure(403, "Forbidden", `${resource} is forbidden: User "u" cannot create it`);
    }
    const { metadata } = body as { metadata: { name: string } };
    this.objects.set(`${path}/${metadata.name}`, body);
    return Response.json(body, { status: 201 });
  }
}

/** An error answer (Kubernetes API, `v1.Status`). */
function failure(code: number, reason: string, message: string): Response {
  const status = { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code };
  return Response.json(status, { status: code });
}

/** A kubeconfig for a server that is reached with a token, and a CA file beside the kubeconfig. */
export function kubeconfigFor(
  url: string,
  given: { cluster?: string; user?: string; caFile?: string } = {},
): string {
  const ca = given.caFile === undefined ? "" : `    certificate-authority: ${given.caFile}\n`;
  return `apiVersion: v1
kind: Config
clusters:
- name: ${given.cluster ?? "legacy"}
  cluster:
    server: ${url}
${ca}contexts:
- name: main
  context:
    cluster: ${given.cluster ?? "legacy"}
    user: admin
current-context: main
users:
- name: admin
  user: ${given.user ?? "{token: of-the-admin}"}
`;
}
