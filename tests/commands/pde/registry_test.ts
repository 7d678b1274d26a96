import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Interrupted } from "../../../lib/errors.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { type FakePalette, startFakePalette } from "../../support/palette/fake_palette.ts";
import { registryOf } from "../../support/palette/operations/registries.ts";
import { DEV_PROJECT, type PaletteRegistry, USER_KEY } from "../../support/palette/state.ts";
import { errorOf, Home, type RunOptions, type Seed } from "../../support/home.ts";

const SECRET = "s3cret/of+harbor";
const OCI = registryOf("basic", "internal", { isPrivate: true });
const ECR = registryOf("ecr", "cloud", { syncs: ["Failed"], syncMessage: "access denied" });
const HELM = registryOf("helm", "charts", { scope: "system", syncs: [""], lastSynced: "" });

class World implements AsyncDisposable {
  private constructor(readonly palette: FakePalette, readonly home: Home) {}

  static async make(
    registries: PaletteRegistry[] = [],
    seed: Partial<Seed> = { project: DEV_PROJECT },
  ): Promise<World> {
    const palette = await startFakePalette();
    palette.state.registries = structuredClone(registries);
    const home = await Home.make();
    await home.seed({ endpoint: palette.url, ...seed });
    return new World(palette, home);
  }

  async [Symbol.asyncDispose]() {
    await this.home[Symbol.asyncDispose]();
    await this.palette[Symbol.asyncDispose]();
  }

  run(args: string[], options: RunOptions = {}) {
    return this.home.run(["pde", "registry", ...args], { clock: new FakeClock(), ...options });
  }

  /** Requests that are no lists, with the project they were sent in. */
  requests() {
    return this.palette.requests.filter(({ path }) => !path.endsWith("/summary"))
      .map(({ method, path, body, headers }) => ({
        request: `${method} ${path}`,
        project: headers.get("projectuid"),
        body,
      }));
  }

  /** Everything that was written below the home folder. */
  async written(): Promise<string> {
    const texts = (await this.home.files()).map((path) =>
      Deno.readTextFile(`${this.home.root}/${path}`)
    );
    return (await Promise.all(texts)).join("\n");
  }
}

Deno.test("registry list prints both types, sorted by name, without an empty cell", async () => {
  await using it = await World.make([OCI, HELM, ECR]);
  const { stdout, stderr, status } = await it.run(["list"]);
  assertEquals(
    stdout,
    "NAME      TYPE  ENDPOINT                      SCOPE   SYNC\n" +
      "charts    helm  https://charts.example.com    system  -\n" +
      "cloud     oci   https://cloud.example.com     tenant  Failed\n" +
      "internal  oci   https://internal.example.com  tenant  Success\n",
  );
  assertEquals({ stderr, status }, { stderr: "", status: 0 });
  assertEquals(
    it.palette.requests.map(({ path, headers }) => [path, headers.get("projectuid")]).sort(),
    [
      ["/v1/registries/helm/summary", DEV_PROJECT.uid],
      ["/v1/registries/oci/summary", DEV_PROJECT.uid],
    ],
  );
});

Deno.test("registry list --type asks for one type alone", async () => {
  await using it = await World.make([OCI, HELM]);
  for (const [type, path] of [["oci", "oci"], ["helm", "helm"]] as const) {
    it.palette.requests.length = 0;
    const { stdout } = await it.run(["list", "--type", type, "-o", "json"]);
    assertEquals(JSON.parse(stdout).items.map(({ type }: { type: string }) => type), [type]);
    assertEquals(it.palette.requests.map(({ path }) => path), [`/v1/registries/${path}/summary`]);
  }
});

Deno.test("registry list -o json tells everything but credentials", async () => {
  const auth = { type: "basic", username: "harbor", password: SECRET } as const;
  await using it = await World.make([{ ...ECR, auth }]);
  const { stdout } = await it.run(["list", "-o", "json"]);
  assertEquals(JSON.parse(stdout), {
    items: [{
      name: "cloud",
      uid: ECR.uid,
      type: "oci",
      endpoint: "https://cloud.example.com",
      scope: "tenant",
      private: false,
      sync: {
        status: "Failed",
        message: "access denied",
        lastSynced: "2026-01-02T14:00:00Z",
      },
    }],
    count: 1,
  });
});

Deno.test("registry list reads every page", async () => {
  const many = Array.from(
    { length: 120 },
    (_, at) => registryOf("helm", `r${at}`, { uid: at.toString(16).padStart(24, "0") }),
  );
  await using it = await World.make(many);
  const { stdout } = await it.run(["list", "--type", "helm", "-o", "json"]);
  assertEquals(JSON.parse(stdout).count, 120);
  assertEquals(it.palette.requests.length, 3);
});

for (
  const [args, note] of [
    [[], "No Registries found"],
    [["--type", "oci"], "No OCI Registries found"],
    [["--type", "helm"], "No Helm Registries found"],
  ] as const
) {
  Deno.test(`registry list ${args.join(" ")} says when there is none`, async () => {
    await using it = await World.make();
    const { stdout, stderr, status } = await it.run(["list", ...args]);
    assertEquals({ stdout, stderr, status }, {
      stdout: "NAME  TYPE  ENDPOINT  SCOPE  SYNC\n",
      stderr: `Note: ${note}\n`,
      status: 0,
    });
  });
}

Deno.test("registry create oci has Palette try it, then creates it, in the tenant's scope", async () => {
  await using it = await World.make();
  const { stdout, stderr, status } = await it.run([
    ...["create", "oci", "--name", "internal", "--endpoint", "harbor.example.com/apps"],
    ...["--username", "harbor", "--password-stdin", "--insecure"],
  ], { stdin: `${SECRET}\n` });
  assertEquals({ stdout, stderr, status }, {
    stdout: "Created OCI Registry internal\n",
    stderr: "",
    status: 0,
  });
  const spec = {
    endpoint: "https://harbor.example.com/apps",
    providerType: "helm",
    auth: {
      type: "basic",
      username: "harbor",
      password: SECRET,
      tls: { enabled: true, insecureSkipVerify: true },
    },
  };
  assertEquals(it.requests(), [
    { request: "POST /v1/registries/oci/basic/validate", project: null, body: spec },
    {
      request: "POST /v1/registries/oci/basic",
      project: null,
      body: { metadata: { name: "internal" }, spec },
    },
  ]);
});

Deno.test("registry create helm needs no credentials, and no active project", async () => {
  await using it = await World.make([], {});
  const { stdout, status } = await it.run([
    ...["create", "helm", "--name", "charts", "--endpoint", "http://charts.example.com/stable"],
    ...["-o", "json"],
  ]);
  assertEquals(status, 0);
  assertEquals(JSON.parse(stdout), {
    name: "charts",
    uid: it.palette.state.registries[0]?.uid,
    type: "helm",
    endpoint: "http://charts.example.com/stable",
  });
  const spec = {
    name: "charts",
    endpoint: "http://charts.example.com/stable",
    scope: "tenant",
    isPrivate: false,
    auth: { type: "noAuth", tls: { enabled: false, insecureSkipVerify: false } },
  };
  assertEquals(it.requests().map(({ request, body }) => [request, body]), [
    ["POST /v1/registries/helm/validate", spec],
    ["POST /v1/registries/helm", { metadata: { name: "charts" }, spec }],
  ]);
});

Deno.test("registry create warns once that --password can be seen", async () => {
  await using it = await World.make();
  const { stdout, stderr } = await it.run([
    ...["create", "helm", "--name", "charts", "--endpoint", "charts.example.com"],
    ...["--username", "harbor", "--password", SECRET],
  ]);
  assertEquals(stdout, "Created Helm Registry charts\n");
  assertEquals(
    stderr,
    "Warning: other users of this machine can see --password; use --password-stdin\n",
  );
  const [registry] = it.palette.state.registries;
  assertEquals(registry?.auth.password, SECRET);
  assertEquals(registry?.isPrivate, true);
});

Deno.test("registry create asks for what is missing at a terminal, the password masked", async () => {
  await using it = await World.make();
  const { stdout, prompter } = await it.run(["create", "oci", "--username", "harbor"], {
    answers: [
      { kind: "input", label: "OCI Registry name", answer: " " },
      { kind: "input", label: "OCI Registry name", answer: "internal" },
      { kind: "input", label: "OCI Registry endpoint", answer: "ftp://harbor.example.com" },
      { kind: "input", label: "OCI Registry endpoint", answer: "harbor.example.com" },
      { kind: "secret", label: "Registry password", answer: "" },
      { kind: "secret", label: "Registry password", answer: SECRET },
    ],
  });
  assertEquals(stdout, "Created OCI Registry internal\n");
  assertEquals(prompter.refusals, [
    "The name is empty",
    "it must begin with https:// or http://",
    "The password is empty",
  ]);
  assertEquals(it.palette.state.registries[0]?.auth.password, SECRET);
});

Deno.test("registry create --wait waits until Palette has read it", async () => {
  await using it = await World.make();
  const clock = new FakeClock();
  const args = ["create", "oci", "--name", "internal", "--endpoint", "harbor.example.com"];
  const { stdout, stderr } = await it.run([...args, "--wait"], { clock });
  assertEquals(stdout, "Created OCI Registry internal\n");
  assertEquals(stderr.split("\n"), [
    'OCI Registry "internal": waiting, waiting until synced (0s)',
    'OCI Registry "internal": InProgress, waiting until synced (10s)',
    "",
  ]);
  assertEquals(clock.sleeps, [10_000, 10_000]);
  const uid = it.palette.state.registries[0]?.uid;
  assertEquals(it.requests().slice(2).map(({ request, project }) => [request, project]), [
    [`GET /v1/registries/oci/${uid}/basic/sync/status`, null],
    [`GET /v1/registries/oci/${uid}/basic/sync/status`, null],
    [`GET /v1/registries/oci/${uid}/basic/sync/status`, null],
  ]);
});

for (
  const [title, syncs, isSyncSupported, expected] of [
    ["succeeds whatever the case of the word", ["COMPLETED"], true, "COMPLETED"],
    ["does not wait for what Palette never reads", [""], false, ""],
  ] as const
) {
  Deno.test(`registry create --wait ${title}`, async () => {
    await using it = await World.make();
    it.palette.inject({
      kind: "answer",
      path: "/v1/registries/helm/x/sync/status",
      body: { status: syncs[0], message: "", isSyncSupported },
    });
    it.palette.inject({
      kind: "answer",
      method: "POST",
      path: "/v1/registries/helm",
      body: { uid: "x" },
    });
    const args = ["create", "helm", "--name", "charts", "--endpoint", "charts.example.com"];
    const { stdout, status } = await it.run([...args, "--wait", "-o", "json"]);
    assertEquals(status, 0);
    assertEquals(JSON.parse(stdout).sync, { status: expected, message: "", lastSynced: "" });
  });
}

Deno.test("registry create --wait shows why Palette could not read it", async () => {
  await using it = await World.make();
  it.palette.inject({
    kind: "answer",
    method: "POST",
    path: "/v1/registries/helm",
    body: { uid: "x" },
  });
  it.palette.inject({
    kind: "answer",
    path: "/v1/registries/helm/x/sync/status",
    body: { status: "Failed", message: "index.yaml not found", isSyncSupported: true },
  });
  const args = ["create", "helm", "--name", "charts", "--endpoint", "charts.example.com"];
  const result = await it.run([...args, "--wait"]);
  assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
  assertStringIncludes(
    result.stderr,
    'Error: Helm Registry "charts" failed: index.yaml not found\n',
  );
});

Deno.test("registry create --wait gives up in time, and stops at Ctrl+C", async () => {
  await using it = await World.make();
  const args = ["create", "oci", "--endpoint", "harbor.example.com", "--wait"];
  const late = await it.run([...args, "--name", "late", "--timeout", "5s", "-o", "json"]);
  assertEquals(errorOf(late)["code"], "timeout");
  assertEquals(
    errorOf(late)["message"],
    'OCI Registry "late" is not synced after 5s',
  );
  const clock = new FakeClock();
  let stop: (signal: "SIGINT") => void = () => {};
  clock.sleep = (_, signal) => {
    stop("SIGINT");
    return Promise.reject(signal?.reason ?? new Interrupted("SIGINT"));
  };
  const stopped = await it.run([...args, "--name", "stopped"], {
    clock,
    onSignals: (given) => stop = given,
  });
  assertEquals(stopped.status, 130);
  assertStringIncludes(
    stopped.stderr,
    'Note: stopped waiting; OCI Registry "stopped" goes on in Palette\n',
  );
});

Deno.test("registry create creates nothing that Palette cannot reach; no secret shows", async () => {
  await using it = await World.make();
  it.palette.state.registryProblem = `dial tcp: no such host (password ${SECRET})`;
  const args = ["create", "oci", "--name", "internal", "--endpoint", "harbor.example.com"];
  const result = await it.run(
    [...args, "--username", "harbor", "--password-stdin", "--log-level", "trace"],
    { stdin: SECRET },
  );
  assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
  assertMatch(
    result.stderr,
    /\nError: palette refused the request: dial tcp: no such host \(password \[redacted\]\) \(RegistryValidationFailed, ref [\w-]+\)\n/,
  );
  assertEquals(it.palette.state.registries, []);
  assertEquals(it.requests().map(({ request }) => request), [
    "POST /v1/registries/oci/basic/validate",
  ]);
  assertEquals(result.stderr.includes(SECRET), false);
  assertEquals((await it.written()).includes(SECRET), false);
});

Deno.test("registry create says when the name is taken, and by whom it is not allowed", async () => {
  await using it = await World.make([OCI]);
  const args = ["create", "oci", "--name", "internal", "--endpoint", "harbor.example.com"];
  const taken = await it.run([...args, "-o", "json"]);
  assertEquals(errorOf(taken)["code"], "conflict");
  assertMatch(
    String(errorOf(taken)["message"]),
    /^Palette refused it: A registry with the name internal exists \(DuplicateRegistryName, ref/,
  );
  it.palette.inject({
    kind: "status",
    status: 403,
    path: "/v1/registries/oci/basic/validate",
    body: { code: "OperationForbidden", message: "registry.create is missing" },
  });
  const forbidden = await it.run([...args, "-o", "json"]);
  assertEquals(errorOf(forbidden)["code"], "forbidden");
  assertEquals(
    errorOf(forbidden)["message"],
    "Not allowed in the scope of the tenant: registry.create is missing (OperationForbidden)",
  );
});

const CREATE = ["create", "oci", "--name", "x", "--endpoint", "harbor.example.com"];

for (
  const [title, args, code, message, stdin] of [
    [
      "without name and endpoint",
      ["create", "oci"],
      "usage",
      "--name and --endpoint are required when not running interactively",
    ],
    [
      "with a user but no password",
      [...CREATE, "--username", "harbor"],
      "usage",
      "--password-stdin is required when not running interactively",
    ],
    [
      "with a password but no user",
      [...CREATE, "--password-stdin"],
      "usage",
      "A password needs --username, too",
    ],
    [
      "with two passwords",
      [...CREATE, "--username", "harbor", "--password", "p", "--password-stdin"],
      "usage",
      'Option "--password" conflicts with option "--password-stdin"',
    ],
    [
      "with an empty password",
      [...CREATE, "--username", "harbor", "--password-stdin"],
      "validation",
      'The password of "harbor" is empty',
      "\n",
    ],
    [
      "with a password in the address",
      ["create", "helm", "--name", "x", "--endpoint", "https://me:s3cret@charts.example.com"],
      "validation",
      'Cannot use the endpoint "https://charts.example.com": it must not hold a user or password; ' +
      "give --username and --password-stdin",
    ],
    [
      "with a scheme that is none of the web's",
      ["create", "helm", "--name", "x", "--endpoint", "oci://charts.example.com"],
      "validation",
      'Cannot use the endpoint "oci://charts.example.com": it must begin with https:// or http://',
    ],
    [
      "with an address that is none",
      ["create", "helm", "--name", "x", "--endpoint", "charts example"],
      "validation",
      'Cannot use the endpoint "charts example": it is no address',
    ],
    [
      "with a query in the address",
      ["create", "helm", "--name", "x", "--endpoint", "charts.example.com?a=b"],
      "validation",
      'Cannot use the endpoint "charts.example.com?a=b": it must not hold a query',
    ],
    [
      "with --timeout alone",
      [...CREATE, "--timeout", "5m"],
      "usage",
      'Option "--timeout" depends on option "--wait"',
    ],
    [
      "of another type",
      ["list", "--type", "pack"],
      "usage",
      '--type must be one of oci, helm, not "pack"',
    ],
    [
      "without a name",
      ["delete", "--yes"],
      "usage",
      "--name and --type are required when not running interactively",
    ],
    [
      "without a type",
      ["delete", "--name", "internal"],
      "usage",
      "--type is required when not running interactively",
    ],
    [
      "of an unknown name",
      ["delete", "--name", "interna", "--type", "oci"],
      "not-found",
      'OCI Registry "interna" not found in the tenant',
    ],
    [
      "of the other type",
      ["delete", "--name", "internal", "--type", "helm"],
      "not-found",
      'Helm Registry "internal" not found in the tenant',
    ],
    [
      "of an unknown uid",
      ["describe", "--uid", "nope"],
      "not-found",
      'Registry "nope" not found in the tenant',
    ],
  ] as [string, string[], string, string, string?][]
) {
  Deno.test(`registry ${args.slice(0, 2).join(" ")} refuses ${title}`, async () => {
    await using it = await World.make([OCI]);
    const before = it.palette.state.registries.length;
    const result = await it.run([...args, "-o", "json"], { stdin: stdin ?? "" });
    assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
    assertEquals({ code: errorOf(result)["code"], message: errorOf(result)["message"] }, {
      code,
      message,
    });
    assertEquals(it.requests(), []);
    assertEquals(it.palette.state.registries.length, before);
    assertEquals(result.stderr.includes("s3cret"), false);
  });
}

Deno.test("an error about a Helm Registry keeps its capital", async () => {
  await using it = await World.make();
  const { stderr } = await it.run(["delete", "--name", "x", "--type", "helm"]);
  assertMatch(stderr, /^Error: Helm Registry "x" not found in the tenant\n/);
});

for (
  const [registry, type, path] of [
    [OCI, "oci", `/v1/registries/oci/${OCI.uid}/basic`],
    [ECR, "oci", `/v1/registries/oci/${ECR.uid}/ecr`],
    [HELM, "helm", `/v1/registries/helm/${HELM.uid}`],
  ] as const
) {
  Deno.test(`registry delete takes the path of ${registry.kind}, by name or uid`, async () => {
    const kind = type === "oci" ? "OCI" : "Helm";
    for (const choice of [["--name", registry.name, "--type", type], ["--uid", registry.uid]]) {
      await using it = await World.make([registry]);
      const { stdout, stderr, status } = await it.run(["delete", ...choice]);
      assertEquals({ stdout, stderr, status }, {
        stdout: `Deleted ${kind} Registry ${registry.name}\n`,
        stderr: "",
        status: 0,
      });
      assertEquals(it.requests(), [{ request: `DELETE ${path}`, project: null, body: null }]);
      assertEquals(it.palette.state.registries, []);
    }
  });
}

Deno.test("registry delete -o json", async () => {
  await using it = await World.make([OCI]);
  const { stdout } = await it.run(["delete", "--uid", OCI.uid, "-o", "json"]);
  assertEquals(JSON.parse(stdout), {
    name: "internal",
    uid: OCI.uid,
    type: "oci",
    deleted: true,
  });
});

Deno.test("registry delete shows Palette's refusal while a profile uses it", async () => {
  await using it = await World.make([{ ...OCI, usedBy: ["web-shop"] }]);
  const result = await it.run(["delete", "--name", "internal", "--type", "oci", "-o", "json"]);
  assertEquals(result.status, 1);
  assertEquals(errorOf(result)["code"], "conflict");
  assertMatch(
    String(errorOf(result)["message"]),
    /^Palette refused it: The registry internal is used by the profile web-shop \(RegistryInUse,/,
  );
  assertEquals(it.palette.state.registries.length, 1);
});

Deno.test("registry delete is content when somebody else was faster", async () => {
  await using it = await World.make([OCI]);
  it.palette.inject({ kind: "status", status: 404, method: "DELETE" });
  const { status } = await it.run(["delete", "--uid", OCI.uid]);
  assertEquals(status, 0);
});

Deno.test("registry delete asks at a terminal, --yes does not", async () => {
  await using it = await World.make([OCI]);
  const args = ["delete", "--name", "internal"];
  const refused = await it.run(args, {
    answers: [{ kind: "confirm", label: "Delete OCI Registry internal?", answer: false }],
  });
  assertEquals(refused.status, 1);
  assertStringIncludes(refused.stderr, "Error: nothing was changed: the answer was no");
  assertEquals(it.palette.state.registries.length, 1);
  const sure = await it.run([...args, "--yes"], { answers: [] });
  assertEquals(sure.stdout, "Deleted OCI Registry internal\n");
});

Deno.test("a name that both types have is told apart by --type, or at a terminal", async () => {
  const twins = [registryOf("basic", "twin"), registryOf("helm", "twin")] as const;
  await using it = await World.make([...twins]);
  const result = await it.run(["describe", "--name", "twin", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "ambiguous");
  assertEquals(
    errorOf(result)["hint"],
    `Give --uid with one of ${twins[0].uid} (oci), ${twins[1].uid} (helm)`,
  );
  const helm = await it.run(["describe", "--name", "twin", "--type", "helm", "-o", "json"]);
  assertEquals(JSON.parse(helm.stdout).uid, twins[1].uid);
  const { prompter, stdout } = await it.run(["describe", "-o", "json"], {
    answers: [{ kind: "select", label: "Registry", answer: twins[1].uid }],
  });
  assertEquals(JSON.parse(stdout).type, "helm");
  const [question] = prompter.questions;
  assertEquals(question?.kind === "select" && question.options.map(({ label }) => label), [
    "twin (oci)",
    "twin (helm)",
  ]);
});

Deno.test("registry describe shows one registry, its state fresh", async () => {
  await using it = await World.make([{ ...ECR, endpoint: "https://cloud.example.com/\x1b[2J" }]);
  const { stdout } = await it.run(["describe", "--name", "cloud"]);
  assertEquals(
    stdout,
    `Name:      cloud
Uid:       ${ECR.uid}
Type:      oci
Login:     ecr
Provider:  helm
Endpoint:  https://cloud.example.com/^[[2J
Scope:     tenant
Private:   no
Sync:      Failed
Message:   access denied
Synced:    1h ago
Age:       5h
`,
  );
  assertEquals(it.requests().map(({ request }) => request), [
    `GET /v1/registries/oci/${ECR.uid}/ecr/sync/status`,
  ]);
});

Deno.test("registry describe -o json is the list's item and more", async () => {
  await using it = await World.make([HELM], { apiKey: USER_KEY });
  const { stdout } = await it.run(["describe", "--uid", HELM.uid, "-o", "json"]);
  assertEquals(JSON.parse(stdout), {
    name: "charts",
    uid: HELM.uid,
    type: "helm",
    endpoint: "https://charts.example.com",
    scope: "system",
    private: false,
    sync: { status: "", message: "", lastSynced: "" },
    login: null,
    provider: null,
    createdAt: "2026-01-02T10:00:00Z",
  });
});
