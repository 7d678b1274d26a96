import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import { Kubectl, KubectlUnusable } from "../../lib/kube/kubectl.ts";
import { environmentOf } from "../../lib/runtime/environment.ts";
import { type Exec, ExecDenied, ExecTimeout, systemExec } from "../../lib/runtime/exec.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { Log } from "../../lib/runtime/log.ts";
import { Redactor } from "../../lib/runtime/redactor.ts";
import { type ApiServer, kubeconfigFor, startApiServer } from "../support/api_server.ts";
import { certificates } from "../support/certificates.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeKubectl } from "../support/fake_kubectl.ts";
import { IMPORT_MANIFEST } from "../support/palette/state.ts";
import { hasProgram } from "../support/programs.ts";

function kubectlWith(exec: Exec, kubeconfig = "/k/f", signal = new AbortController().signal) {
  const log = new Log({
    files: systemFiles(),
    clock: new FakeClock(),
    redactor: new Redactor(),
    level: "info",
  });
  return new Kubectl({ kubeconfig, context: "main" }, { exec, log, signal });
}

Deno.test("Kubectl names kubeconfig and context in every call, and a limit", async () => {
  const exec = new FakeKubectl();
  const kubectl = kubectlWith(exec);
  assertEquals(await kubectl.serverVersion(), { major: 1, minor: 29, text: "v1.29.3-gke.1" });
  assertEquals(await kubectl.canCreate("namespaces"), true);
  await kubectl.apply("kind: X\n");
  assertEquals(
    exec.calls.map(({ kubeconfig, context, command, stdin }) => [
      kubeconfig,
      context,
      command,
      stdin,
    ]),
    [
      ["/k/f", "main", "get --raw /version", undefined],
      ["/k/f", "main", "auth can-i create namespaces --all-namespaces", undefined],
      ["/k/f", "main", "apply --validate=false -f -", "kind: X\n"],
    ],
  );
});

for (const text of ["", "<html>", "{}", '{"gitVersion":"master"}', "[]", "null"]) {
  Deno.test(`Kubectl.serverVersion() refuses ${text || "nothing"}`, async () => {
    const exec = new FakeKubectl();
    exec.version = () => ({ stdout: text });
    const error = await assertRejects(() => kubectlWith(exec).serverVersion(), UserError);
    assertEquals(
      [error.code, error.message],
      ["api", 'Cannot use the cluster of "/k/f": its server does not tell its version'],
    );
  });
}

Deno.test("Kubectl.canCreate() takes a no with its reason for a no", async () => {
  const exec = new FakeKubectl();
  exec.canI = () => ({ status: 1, stdout: "no - no RBAC policy matched\n" });
  assertEquals(await kubectlWith(exec).canCreate("namespaces"), false);
});

/** What kubectl wrote on its standard error, of 1.20 and 1.32. */
const SAID: [string, string, string, string][] = [
  [
    "a refused connection",
    "E0102 15:04:05.000000      42 memcache.go:265] couldn't get current server API group list\n" +
    "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?\n",
    "network",
    "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?",
  ],
  [
    "an unknown host",
    "Unable to connect to the server: dial tcp: lookup nowhere.invalid: no such host\n",
    "network",
    "dial tcp: lookup nowhere.invalid: no such host",
  ],
  [
    "an untrusted certificate",
    "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority\n",
    "tls",
    "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  ],
  [
    "credentials that are not taken",
    "error: You must be logged in to the server (Unauthorized)\n",
    "credentials",
    "You must be logged in to the server (Unauthorized)",
  ],
  [
    "a user without credentials",
    "Please enter Username: error: EOF\n",
    "credentials",
    "the server takes none of the credentials of its user",
  ],
  [
    "a login program that failed",
    "session expired, run sso login\n" +
    "Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255\n",
    "credentials",
    "getting credentials: exec: executable aws failed with exit code 255 (session expired, run sso login)",
  ],
  [
    "a login program that is missing",
    "Unable to connect to the server: getting credentials: exec: executable aws not found\n\n" +
    "It looks like you are trying to use a client-go credential plugin that is not installed.\n",
    "credentials",
    "getting credentials: exec: executable aws not found",
  ],
  [
    "rights that are missing",
    'Warning: use v2\nError from server (Forbidden): namespaces is forbidden: User "u" cannot\n' +
    'Error from server (NotFound): namespaces "x" not found\n',
    "forbidden",
    'Error from server (Forbidden): namespaces is forbidden: User "u" cannot',
  ],
  ["words of its own", "what a day\n", "api", "what a day"],
  ["nothing", "", "api", "kubectl ended with status 1"],
];

for (const [title, stderr, code, reason] of SAID) {
  Deno.test(`Kubectl tells ${title} in one line`, async () => {
    const exec = new FakeKubectl();
    exec.version = exec.canI = exec.apply = () => ({ status: 1, stderr });
    const kubectl = kubectlWith(exec);
    for (
      const [work, action] of [
        [() => kubectl.serverVersion(), "Cannot reach the cluster of"],
        [() => kubectl.canCreate("namespaces"), "Cannot ask for rights on the cluster of"],
        [() => kubectl.apply("kind: X"), "Cannot apply the manifest to the cluster of"],
      ] as const
    ) {
      const error = await assertRejects(work as () => Promise<unknown>, UserError);
      assertEquals([error.code, error.message], [code, `${action} "/k/f": ${reason}`]);
      assertEquals(typeof error.hint, "string");
    }
  });
}

Deno.test("Kubectl tells how long it waited", async () => {
  const exec: Exec = { run: () => Promise.reject(new ExecTimeout("kubectl")) };
  const error = await assertRejects(() => kubectlWith(exec).apply("kind: X"), UserError);
  assertEquals(
    [error.code, error.message],
    ["timeout", 'kubectl apply took longer than 300 s with "/k/f"'],
  );
});

Deno.test("Kubectl that cannot be run is a prerequisite", async () => {
  const missing = systemExec(environmentOf({ PATH: "/nowhere" }));
  const none = await assertRejects(() => kubectlWith(missing).serverVersion(), KubectlUnusable);
  assertEquals(
    [none.code, none.message, none.hint],
    [
      "prerequisite",
      "kubectl was not found on PATH",
      "Install kubectl, or add its folder to PATH",
    ],
  );
  const denied: Exec = {
    run: () => Promise.reject(new ExecDenied("/bin/kubectl", "it is probably mounted noexec")),
  };
  const error = await assertRejects(() => kubectlWith(denied).serverVersion(), KubectlUnusable);
  assertEquals(
    [error.code, error.message],
    ["prerequisite", 'Cannot run "/bin/kubectl": it is probably mounted noexec'],
  );
});

// From here on with the real one.

const ignore = !hasProgram("kubectl");

interface RealWorld extends AsyncDisposable {
  server: ApiServer;
  folder: string;
  /** A kubectl with this kubeconfig, which is written. */
  with(kubeconfig: string): Promise<Kubectl>;
}

async function realWorld(options: Parameters<typeof startApiServer>[0] = {}): Promise<RealWorld> {
  const server = await startApiServer(options);
  const folder = await Deno.makeTempDir({ prefix: "palette-kubectl-" });
  // Its cache lies in the home folder.
  const exec = systemExec(environmentOf({ PATH: Deno.env.get("PATH") ?? "", HOME: folder }));
  return {
    server,
    folder,
    async with(kubeconfig) {
      const path = `${folder}/kubeconfig`;
      await Deno.writeTextFile(path, kubeconfig, { mode: 0o600 });
      return kubectlWith(exec, path);
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test({
  name: "kubectl tells the version and rights, and applies a manifest (needs kubectl)",
  ignore,
  async fn() {
    await using it = await realWorld();
    const kubectl = await it.with(kubeconfigFor(it.server.url));
    assertEquals(await kubectl.serverVersion(), { major: 1, minor: 29, text: "v1.29.3" });
    assertEquals(await kubectl.canCreate("namespaces"), true);
    it.server.forbidden.add("clusterrolebindings");
    const bindings = "clusterrolebindings.rbac.authorization.k8s.io";
    assertEquals(await kubectl.canCreate(bindings), false);
    const reviews = it.server.requests.filter(({ path }) => path.endsWith("accessreviews"));
    assertEquals(
      reviews.map(({ body }) =>
        (body as { spec: { resourceAttributes: unknown } }).spec.resourceAttributes
      ),
      [
        { verb: "create", resource: "namespaces" },
        { verb: "create", group: "rbac.authorization.k8s.io", resource: "clusterrolebindings" },
      ],
    );
    it.server.forbidden.clear();
    await kubectl.apply(IMPORT_MANIFEST);
    assertEquals([...it.server.objects.keys()], [
      "/api/v1/namespaces/cluster-agent",
      "/api/v1/namespaces/cluster-agent/serviceaccounts/agent",
      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/agent",
    ]);
  },
});

Deno.test({
  name: "kubectl that is refused a part says which, and with what code (needs kubectl)",
  ignore,
  async fn() {
    await using it = await realWorld();
    const kubectl = await it.with(kubeconfigFor(it.server.url));
    it.server.forbidden.add("clusterrolebindings");
    const error = await assertRejects(() => kubectl.apply(IMPORT_MANIFEST), UserError);
    assertEquals(error.code, "forbidden");
    assertMatch(
      error.message,
      /^Cannot apply the manifest to the cluster of ".*": Error from server \(Forbidden\): .*clusterrolebindings is forbidden/,
    );
  },
});

Deno.test({
  name: "kubectl without a server is told from one without the CA (needs kubectl and openssl)",
  ignore: ignore || !hasProgram("openssl"),
  async fn() {
    const { server: tls } = await certificates();
    await using it = await realWorld({ tls });
    const gone = await it.with(kubeconfigFor("https://127.0.0.1:1"));
    assertEquals((await assertRejects(() => gone.serverVersion(), UserError)).code, "network");
    const stranger = await it.with(kubeconfigFor(it.server.url));
    assertEquals((await assertRejects(() => stranger.serverVersion(), UserError)).code, "tls");
  },
});

const USERS: [string, string, string][] = [
  ["a token", "{token: right}", "Bearer right"],
  ["a token in a file beside the kubeconfig", "{tokenFile: ./token}", "Bearer from-file"],
  [
    "a login program beside the kubeconfig",
    "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./login, env: []}}",
    "Bearer from-program",
  ],
];

for (const [title, user, authorization] of USERS) {
  Deno.test({
    name: `kubectl logs in with ${title} (needs kubectl and openssl)`,
    ignore: ignore || !hasProgram("openssl"),
    async fn() {
      const { server: tls, ca } = await certificates();
      await using it = await realWorld({ tls });
      it.server.token = authorization.replace("Bearer ", "");
      await Deno.writeTextFile(`${it.folder}/ca.pem`, ca.cert);
      await Deno.writeTextFile(`${it.folder}/token`, "from-file\n");
      const credential = {
        apiVersion: "client.authentication.k8s.io/v1beta1",
        kind: "ExecCredential",
        status: { token: "from-program" },
      };
      await Deno.writeTextFile(
        `${it.folder}/login`,
        `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`,
        { mode: 0o700 },
      );
      const text = kubeconfigFor(it.server.url, { user, caFile: "ca.pem" });
      const kubectl = await it.with(text);
      assertEquals((await kubectl.serverVersion()).minor, 29);
      await kubectl.apply(IMPORT_MANIFEST);
      assertEquals(it.server.objects.size, 3);
      const last = it.server.requests.at(-1);
      assertEquals(last?.authorization, authorization);
      it.server.token = "another";
      const error = await assertRejects(() => kubectl.canCreate("namespaces"), UserError);
      assertEquals(error.code, "credentials");
    },
  });
}
