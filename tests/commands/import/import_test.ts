import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeKubectl } from "../../support/fake_kubectl.ts";
import { kubeconfigFor } from "../../support/api_server.ts";
import { type FakePalette, startFakePalette } from "../../support/palette/fake_palette.ts";
import {
  DEV_PROJECT,
  EXPIRED_KEY,
  IMPORT_MANIFEST,
  runningCluster,
  STAGING_PROJECT,
} from "../../support/palette/state.ts";
import { errorOf, Home, type RunOptions } from "../../support/home.ts";

const SERVER = "https://10.0.0.1:6443";

class World implements AsyncDisposable {
  readonly kubectl = new FakeKubectl();

  private constructor(readonly palette: FakePalette, readonly home: Home) {}

  static async make(): Promise<World> {
    const palette = await startFakePalette();
    const home = await Home.make();
    await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
    return new World(palette, home);
  }

  async [Symbol.asyncDispose]() {
    await this.home[Symbol.asyncDispose]();
    await this.palette[Symbol.asyncDispose]();
  }

  /** Writes a file below the home folder. */
  async write(name: string, text = kubeconfigFor(SERVER)): Promise<string> {
    const path = `${this.home.root}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    return path;
  }

  run(args: string[], options: RunOptions = {}) {
    return this.home.run(["import", ...args], {
      clock: new FakeClock(),
      exec: this.kubectl,
      ...options,
    });
  }

  /** Requests that changed something. */
  changes() {
    return this.palette.requests
      .filter(({ method, path }) => method !== "GET" && !path.startsWith("/v1/dashboard"))
      .map(({ method, path, body }) => ({ method, path, body }));
  }

  names() {
    return this.palette.state.clusters.map(({ name }) => name);
  }
}

/** What registers a cluster of a name. */
function registrationOf(name: string) {
  return {
    method: "POST",
    path: "/v1/spectroclusters/generic/import",
    body: { metadata: { name }, spec: { clusterConfig: {} } },
  };
}

Deno.test("import registers the cluster, applies its manifest, and says so in one line", async () => {
  await using it = await World.make();
  const path = await it.write("legacy.kubeconfig");
  const { stdout, stderr, status } = await it.run(["--kubeconfig", path]);
  assertEquals(
    { stdout, stderr, status },
    {
      stdout: "Imported cluster legacy\n",
      stderr: 'Cluster "legacy": waiting for its manifest (0s)\n',
      status: 0,
    },
  );
  assertEquals(it.changes(), [registrationOf("legacy")]);
  assertEquals(it.kubectl.applied(), [IMPORT_MANIFEST]);
  assertEquals(
    it.kubectl.calls.map(({ kubeconfig, context, command }) => [kubeconfig, context, command]),
    [
      [path, "main", "get --raw /version"],
      [path, "main", "auth can-i create namespaces --all-namespaces"],
      [
        path,
        "main",
        "auth can-i create clusterrolebindings.rbac.authorization.k8s.io --all-namespaces",
      ],
      [path, "main", "apply --validate=false -f -"],
    ],
  );
  const [creation] = it.palette.requests.filter(({ path }) => path.endsWith("/import"));
  assertEquals(creation?.headers.get("projectuid"), DEV_PROJECT.uid);
  // It writes nothing but the log.
  assertEquals(await it.home.files(), [
    ".palette/logs/palette.log",
    ".palette/palette.yaml",
    "legacy.kubeconfig",
  ]);
});

Deno.test("import -o json tells name, uid, kubeconfig and status", async () => {
  await using it = await World.make();
  const path = await it.write("a.kubeconfig");
  const { stdout, stderr, status } = await it.run(["--kubeconfig", path, "-o", "json"]);
  assertEquals(JSON.parse(stdout), {
    items: [{
      name: "legacy",
      uid: it.palette.state.clusters[0]?.uid,
      kubeconfig: path,
      status: "imported",
      error: null,
    }],
    count: 1,
  });
  assertEquals({ stderr, status }, { stderr: "", status: 0 });
});

Deno.test("import takes the first of KUBECONFIG that is there, else ~/.kube/config", async () => {
  await using it = await World.make();
  await it.write(".kube/config", kubeconfigFor(SERVER, { cluster: "of-home" }));
  const listed = await it.write("listed", kubeconfigFor(SERVER, { cluster: "listed" }));
  await it.write("later", kubeconfigFor(SERVER, { cluster: "later" }));
  const env = { KUBECONFIG: `${it.home.root}/gone:${listed}:${it.home.root}/later` };
  assertEquals((await it.run([], { env })).stdout, "Imported cluster listed\n");
  assertEquals((await it.run([])).stdout, "Imported cluster of-home\n");
  const tilde = await it.run(["--kubeconfig", "~/later"], { env });
  assertEquals(tilde.stdout, "Imported cluster later\n");
});

Deno.test("import names a cluster for its file only where a flag named the file", async () => {
  await using it = await World.make();
  const generic = kubeconfigFor(SERVER, { cluster: "kubernetes" });
  const path = await it.write(".kube/config", generic);
  assertEquals((await it.run([])).stdout, "Imported cluster kubernetes\n");
  const edge = await it.write("edge-7.kubeconfig", generic);
  const env = { KUBECONFIG: edge };
  const taken = await it.run(["-o", "json"], { env });
  assertEquals(errorOf(taken)["code"], "conflict");
  assertEquals((await it.run(["--kubeconfig", edge])).stdout, "Imported cluster edge-7\n");
  const named = await it.run(["--kubeconfig", path, "--name", "mine"]);
  assertEquals(named.stdout, "Imported cluster mine\n");
});

Deno.test("import --uuid adds the first 8 digits of a UUID, also to --name", async () => {
  await using it = await World.make();
  const path = await it.write("legacy.kubeconfig");
  const first = await it.run(["--kubeconfig", path, "--uuid"]);
  const second = await it.run(["--kubeconfig", path, "--uuid", "--name", "mine"]);
  assertMatch(first.stdout, /^Imported cluster legacy-[0-9a-f]{8}\n$/);
  assertMatch(second.stdout, /^Imported cluster mine-[0-9a-f]{8}\n$/);
  const again = await it.run(["--kubeconfig", path, "--uuid"]);
  assertEquals(again.status, 0);
  assertEquals(new Set(it.names()).size, 3);
});

const SEVERAL = `clusters:
- {name: one, cluster: {server: "https://one:6443"}}
- {name: two, cluster: {server: "https://two:6443"}}
contexts:
- {name: a, context: {cluster: one, user: u}}
- {name: b, context: {cluster: two, user: u}}
users:
- {name: u, user: {token: t}}
`;

Deno.test("import --context chooses among several", async () => {
  await using it = await World.make();
  const path = await it.write("several", SEVERAL);
  const { stdout } = await it.run(["--kubeconfig", path, "--context", "b"]);
  assertEquals(stdout, "Imported cluster two\n");
  assertEquals(it.kubectl.calls.map(({ context }) => context), ["b", "b", "b", "b"]);
});

Deno.test("import --kubeconfig-dir imports every file in order, and nothing else in the folder", async () => {
  await using it = await World.make();
  const generic = kubeconfigFor(SERVER, { cluster: "kubernetes" });
  await it.write("clusters/zeta.kubeconfig", generic);
  await it.write("clusters/alpha.yaml", generic);
  await it.write("clusters/.hidden", generic);
  await it.write("clusters/below/more.kubeconfig", generic);
  const linked = await it.write("linked", generic);
  await Deno.symlink(linked, `${it.home.root}/clusters/link.conf`);
  const { stdout, status } = await it.run(["--kubeconfig-dir", `${it.home.root}/clusters`]);
  assertEquals(
    { stdout, status },
    {
      stdout: "Imported cluster alpha\nImported cluster link\nImported cluster zeta\n",
      status: 0,
    },
  );
});

Deno.test("import tries all of a folder, tells each failure, and exits with 1", async () => {
  await using it = await World.make();
  const folder = `${it.home.root}/clusters`;
  await it.write("clusters/a.conf", kubeconfigFor(SERVER, { cluster: "same" }));
  await it.write("clusters/b.conf", "notes of mine\n");
  await it.write("clusters/c.conf", kubeconfigFor(SERVER, { cluster: "same" }));
  await it.write("clusters/d.conf", kubeconfigFor(SERVER, { cluster: "last" }));
  await Deno.symlink("/nowhere", `${folder}/e.conf`);
  const { stdout, stderr, status } = await it.run(["--kubeconfig-dir", folder]);
  assertEquals(
    { stdout, status },
    { stdout: "Imported cluster same\nImported cluster last\n", status: 1 },
  );
  const lines = stderr.split("\n").filter((line) => !/^(Log|Cluster)/.test(line));
  assertEquals(lines, [
    `Error: cannot read "${folder}/b.conf": it is not a mapping at line 1, column 1`,
    "Hint: Check the file with kubectl config view --kubeconfig",
    `Error: there is a cluster "same" in project "dev-team" already`,
    "Hint: Pass --uuid to keep the names apart, or --name with another one",
    `Error: cannot read "${folder}/e.conf": no such file or folder`,
    "Hint: Check the path, and that you may read the file",
    "Error: 3 of 5 clusters could not be imported",
    `Hint: Look at "${folder}/b.conf", "${folder}/c.conf", "${folder}/e.conf"`,
    "",
  ]);
  assertEquals(it.names(), ["same", "last"]);
});

Deno.test("import -o json has every item on stdout, and the error on stderr", async () => {
  await using it = await World.make();
  const folder = `${it.home.root}/clusters`;
  await it.write("clusters/a.conf", kubeconfigFor(SERVER, { cluster: "a" }));
  await it.write("clusters/b.conf", "kind: Secret\n");
  const result = await it.run(["--kubeconfig-dir", folder, "-o", "json"]);
  assertEquals(result.status, 1);
  const { items, count } = JSON.parse(result.stdout);
  assertEquals([count, items[0].status], [2, "imported"]);
  assertEquals(items[1], {
    name: null,
    uid: null,
    kubeconfig: `${folder}/b.conf`,
    status: "failed",
    error: {
      code: "validation",
      message: `Cannot use "${folder}/b.conf" as a kubeconfig: its kind is Secret`,
      hint: "Check the file with kubectl config view --kubeconfig",
    },
  });
  const { code, message } = errorOf(result);
  assertEquals([code, message], ["validation", "1 of 2 clusters could not be imported"]);
});

Deno.test("import --dry-run checks everything and changes nothing", async () => {
  await using it = await World.make();
  const folder = `${it.home.root}/clusters`;
  const same = kubeconfigFor(SERVER, { cluster: "same" });
  await it.write("clusters/a.conf", same);
  const fine = await it.run(["--kubeconfig-dir", folder, "--dry-run", "-o", "json"]);
  assertEquals(JSON.parse(fine.stdout).items, [{
    name: "same",
    uid: null,
    kubeconfig: `${folder}/a.conf`,
    status: "checked",
    error: null,
  }]);
  await it.write("clusters/b.conf", same);
  const twice = await it.run(["--kubeconfig-dir", folder, "--dry-run"]);
  assertEquals([twice.stdout, twice.status], ["Would import cluster same\n", 1]);
  assertStringIncludes(twice.stderr, 'Error: there is a cluster "same" in project "dev-team"');
  assertEquals(it.changes(), []);
  assertEquals(it.kubectl.applied(), []);
});

Deno.test("import --wait waits until all of them run", async () => {
  await using it = await World.make();
  await it.write("clusters/a.conf", kubeconfigFor(SERVER, { cluster: "a" }));
  await it.write("clusters/b.conf", kubeconfigFor(SERVER, { cluster: "b" }));
  const clock = new FakeClock();
  const args = ["--kubeconfig-dir", `${it.home.root}/clusters`, "--wait", "--poll-interval", "7s"];
  const { stdout, stderr, status } = await it.run(args, { clock });
  assertEquals(
    { stdout, status },
    { stdout: "Imported cluster a\nImported cluster b\n", status: 0 },
  );
  assertEquals(clock.sleeps, [2_000, 2_000, 7_000]);
  assertStringIncludes(
    stderr,
    "The import of 2 clusters: a Importing, b Importing, waiting until done (0s)\n",
  );
});

Deno.test("import --wait leaves a cluster imported that does not run in time", async () => {
  await using it = await World.make();
  const path = await it.write("legacy.kubeconfig");
  it.palette.state.importing.states = ["Pending", "Importing"];
  const args = ["--kubeconfig", path, "--wait", "--timeout", "1m", "-o", "json"];
  const result = await it.run(args);
  assertEquals(result.status, 1);
  const [item] = JSON.parse(result.stdout).items;
  const message = 'Cluster "legacy" is not Running after 1m (status Importing)';
  assertEquals([item.status, item.error.message], ["imported", message]);
  assertEquals([errorOf(result)["code"], errorOf(result)["message"]], ["timeout", message]);
  assertEquals(it.changes(), [registrationOf("legacy")]);
});

Deno.test("import --wait tells which of several failed, and why", async () => {
  await using it = await World.make();
  await it.write("clusters/a.conf", kubeconfigFor(SERVER, { cluster: "a" }));
  await it.write("clusters/b.conf", kubeconfigFor(SERVER, { cluster: "b" }));
  it.kubectl.apply = () => {
    // The second one fails after it got its agent.
    const second = it.palette.state.clusters[1];
    if (second !== undefined) Object.assign(second, { states: ["Error"], message: "no agent" });
    return {};
  };
  const args = ["--kubeconfig-dir", `${it.home.root}/clusters`, "--wait"];
  const { stdout, stderr, status } = await it.run(args);
  assertEquals([stdout, status], ["Imported cluster a\nImported cluster b\n", 1]);
  assertStringIncludes(stderr, 'Error: cluster "b" failed: no agent\n');
  assertStringIncludes(stderr, "Error: 1 of 2 clusters does not run\n");
  assertEquals(it.names(), ["a", "b"]);
});

interface Failing {
  title: string;
  /** Before the run. */
  arrange: (it: World) => void;
  code: string;
  message: string;
  hint: string;
  /** Nothing of it was in Palette at any time. */
  isEarly?: true;
}

const FAILING: Failing[] = [
  {
    title: "a server that is too old",
    arrange: ({ kubectl }) => kubectl.version = () => ({ stdout: '{"gitVersion":"v1.18.20"}' }),
    code: "prerequisite",
    message: 'Cannot import the cluster of "PATH": its Kubernetes is v1.18.20',
    hint: "Upgrade it to 1.19 or later",
    isEarly: true,
  },
  {
    title: "a server that is not reached",
    arrange: ({ kubectl }) =>
      kubectl.version = () => ({
        status: 1,
        stderr: "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n",
      }),
    code: "network",
    message: 'Cannot reach the cluster of "PATH": dial tcp 10.0.0.1:6443: i/o timeout',
    hint: "Check the server of the context, and that this machine reaches it",
    isEarly: true,
  },
  {
    title: "rights that are missing",
    arrange: ({ kubectl }) => kubectl.canI = () => ({ status: 1, stdout: "no\n" }),
    code: "forbidden",
    message:
      'Cannot import the cluster of "PATH": its user may not create namespaces and clusterrolebindings',
    hint: "Use a kubeconfig whose user has the role cluster-admin",
    isEarly: true,
  },
  {
    title: "a name that is taken",
    arrange: ({ palette }) => palette.state.clusters = [runningCluster("legacy")],
    code: "conflict",
    message: 'There is a cluster "legacy" in project "dev-team" already',
    hint: "Pass --uuid to keep the names apart, or --name with another one",
    isEarly: true,
  },
  {
    title: "a name that is taken in between",
    arrange: ({ palette }) =>
      palette.inject({
        kind: "status",
        status: 409,
        path: "/v1/spectroclusters/generic/import",
        body: { code: "DuplicateClusterName", message: "Cluster legacy already exists" },
      }),
    code: "conflict",
    message: "Palette refused it: Cluster legacy already exists (DuplicateClusterName)",
    hint: "Pass --uuid to keep the names apart, or --name with another one",
    isEarly: true,
  },
  {
    title: "a registration whose answer got lost",
    arrange: ({ palette }) =>
      palette.inject({ kind: "reset", path: "/v1/spectroclusters/generic/import", times: 4 }),
    code: "network",
    message: "Cannot reach URL: the connection was closed in the middle of an answer",
    hint: 'Look in Palette whether "legacy" was registered before you try again',
    isEarly: true,
  },
  {
    title: "an import that Palette gives up",
    arrange: ({ palette }) =>
      Object.assign(palette.state.importing, { states: ["Error"], message: "out of licences" }),
    code: "api",
    message:
      'Palette failed to import "legacy": out of licences; "legacy" was taken out of Palette again',
    hint: "Run it again; when it fails again, ask an administrator of Palette",
  },
  {
    title: "a manifest that never comes",
    arrange: ({ palette }) => palette.state.importing.manifest = null,
    code: "timeout",
    message:
      'Palette has no import manifest for "legacy" after 2m; "legacy" was taken out of Palette again',
    hint: "Run it again later",
  },
  {
    title: "a page of a proxy instead of the manifest",
    arrange: ({ palette }) => palette.state.importing.manifest = "<html>log in</html>",
    code: "api",
    message:
      'What Palette sent as import manifest of "legacy" is none; "legacy" was taken out of Palette again',
    hint: "A proxy may stand between; --log-level trace logs each request",
  },
  {
    title: "a manifest that cannot be applied",
    arrange: ({ kubectl }) =>
      kubectl.apply = () => ({
        status: 1,
        stdout: "namespace/cluster-agent created\n",
        stderr: 'Error from server (Forbidden): clusterrolebindings is forbidden: User "u"\n',
      }),
    code: "forbidden",
    message: 'Cannot apply the manifest to the cluster of "PATH": Error from server (Forbidden): ' +
      'clusterrolebindings is forbidden: User "u"; "legacy" was taken out of Palette again',
    hint:
      "Use a kubeconfig whose user has the role cluster-admin. What was applied until then stays in the cluster",
  },
];

for (const { title, arrange, code, message, hint, isEarly } of FAILING) {
  Deno.test(`import with ${title} leaves nothing in Palette`, async () => {
    await using it = await World.make();
    const path = await it.write("legacy.kubeconfig");
    arrange(it);
    const before = it.names();
    const result = await it.run(["--kubeconfig", path, "-o", "json"]);
    assertEquals(result.status, 1);
    const error = errorOf(result);
    const shown = String(error["message"]).replaceAll(path, "PATH")
      .replaceAll(it.palette.url, "URL");
    assertEquals({ code: error["code"], message: shown, hint: error["hint"] }, {
      code,
      message,
      hint,
    });
    const [item] = JSON.parse(result.stdout).items;
    assertEquals([item.name, item.uid, item.status], ["legacy", null, "failed"]);
    assertEquals(item.error.message, error["message"]);
    const methods = it.changes().map(({ method }) => method);
    if (isEarly) {
      assertEquals(it.names(), before);
      assertEquals(methods.includes("DELETE"), false);
    } else {
      assertEquals(methods, ["POST", "DELETE"]);
      assertEquals(it.palette.state.clusters[0]?.states[0], "Deleting");
    }
  });
}

Deno.test("import waits for a manifest that comes after its link", async () => {
  await using it = await World.make();
  const path = await it.write("legacy.kubeconfig");
  it.palette.state.importing.manifest = null;
  const clock = new FakeClock();
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (ms, signal) => {
    if (clock.sleeps.length === 3) it.palette.state.importing.manifest = IMPORT_MANIFEST;
    return sleep(ms, signal);
  };
  const { stdout } = await it.run(["--kubeconfig", path], { clock });
  assertEquals(stdout, "Imported cluster legacy\n");
  assertEquals(clock.sleeps, [2_000, 2_000, 2_000, 2_000]);
});

Deno.test("import says when it cannot take a cluster out of Palette again", async () => {
  await using it = await World.make();
  const path = await it.write("legacy.kubeconfig");
  it.kubectl.apply = () => {
    it.palette.inject({ kind: "status", status: 500, method: "DELETE" });
    return { status: 1, stderr: "error: no space\n" };
  };
  const result = await it.run(["--kubeconfig", path, "-o", "json"]);
  const uid = it.palette.state.clusters[0]?.uid;
  assertEquals(
    errorOf(result)["message"],
    `Cannot apply the manifest to the cluster of "${path}": no space; "legacy" is still in Palette ` +
      `(${uid}): Palette failed with status 500: injected 500 (Injected, ref ref-1)`,
  );
  assertEquals(errorOf(result)["hint"], "Delete it in the Palette console, then try again");
  assertEquals(JSON.parse(result.stdout).items[0].uid, uid);
});

Deno.test("import counts a cluster that is gone already as taken out", async () => {
  await using it = await World.make();
  const path = await it.write("legacy.kubeconfig");
  it.kubectl.apply = () => {
    it.palette.state.clusters = [];
    return { status: 1, stderr: "error: no space\n" };
  };
  const result = await it.run(["--kubeconfig", path, "-o", "json"]);
  assertMatch(String(errorOf(result)["message"]), /"legacy" was taken out of Palette again$/);
});

Deno.test("a login program that misses a withheld secret is explained", async () => {
  await using it = await World.make();
  const user = "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws}}";
  const path = await it.write("eks", kubeconfigFor(SERVER, { user }));
  it.kubectl.version = () => ({
    status: 1,
    stderr: "no credentials\nUnable to connect to the server: getting credentials: exec: " +
      "executable aws failed with exit code 255\n",
  });
  const run = async (env: Record<string, string>) =>
    errorOf(await it.run(["--kubeconfig", path, "-o", "json"], { env }))["hint"];
  assertEquals(
    await run({ AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" }),
    "palette hands no secret variables on (AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN): let the " +
      "login program read a profile or a file, or give a kubeconfig with a token",
  );
  assertEquals(
    await run({}),
    "Log in to the cluster again, or use a kubeconfig with valid credentials",
  );
});

Deno.test("without kubectl nothing is tried, whatever a folder holds", async () => {
  await using it = await World.make();
  await it.write("clusters/a.conf");
  await it.write("clusters/b.conf");
  const args = ["--kubeconfig-dir", `${it.home.root}/clusters`, "-o", "json"];
  const result = await it.home.run(["import", ...args], { env: { PATH: "/nowhere" } });
  assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
  const { code, message, hint } = errorOf(result);
  assertEquals([code, message, hint], [
    "prerequisite",
    "kubectl was not found on PATH",
    "Install kubectl, or add its folder to PATH",
  ]);
  assertEquals(it.changes(), []);
});

Deno.test("import --project imports into another project", async () => {
  await using it = await World.make();
  const path = await it.write("legacy.kubeconfig");
  const { stdout } = await it.run(["--kubeconfig", path, "--project", "staging"]);
  assertEquals(stdout, "Imported cluster legacy\n");
  assertEquals(it.palette.state.clusters[0]?.projectUid, STAGING_PROJECT.uid);
});

for (
  const [title, args, env, code, message] of [
    [
      "a file that is not there",
      ["--kubeconfig", "/nowhere/x"],
      {},
      "io",
      'Cannot read "/nowhere/x": no such file or folder',
    ],
    [
      "a folder instead of a file",
      ["--kubeconfig", "HOME"],
      {},
      "io",
      'Cannot read "HOME": it is a folder',
    ],
    [
      "a folder that is not there",
      ["--kubeconfig-dir", "/nowhere"],
      {},
      "io",
      'Cannot read "/nowhere": no such file or folder',
    ],
    [
      "a folder without kubeconfigs",
      ["--kubeconfig-dir", "HOME/empty"],
      {},
      "not-found",
      'There is no kubeconfig in "HOME/empty"',
    ],
    [
      "no kubeconfig anywhere",
      [],
      {},
      "not-found",
      'There is no kubeconfig at "HOME/.kube/config"',
    ],
    [
      "a KUBECONFIG of files that are gone",
      [],
      { KUBECONFIG: "/nowhere/a:/nowhere/b" },
      "not-found",
      'None of the files in KUBECONFIG is there: "/nowhere/a", "/nowhere/b"',
    ],
    [
      "a context that is not there",
      ["--kubeconfig", "HOME/several", "--context", "aa"],
      {},
      "not-found",
      'Context "aa" not found in "HOME/several"',
    ],
    [
      "several contexts and none current",
      ["--kubeconfig", "HOME/several"],
      {},
      "usage",
      '--context is required: no context of "HOME/several" is current',
    ],
    [
      "a name that is none",
      ["--kubeconfig", "HOME/several", "--name", "Not_Good"],
      {},
      "validation",
      'Cannot use "Not_Good" as the name of the cluster: only a-z, 0-9 and - may be in it, with a ' +
      "letter or digit at both ends",
    ],
    [
      "file and folder",
      ["--kubeconfig", "a", "--kubeconfig-dir", "b"],
      {},
      "usage",
      'Option "--kubeconfig-dir" conflicts with option "--kubeconfig"',
    ],
    [
      "a name for a folder",
      ["--name", "a", "--kubeconfig-dir", "b"],
      {},
      "usage",
      'Option "--name" conflicts with option "--kubeconfig-dir"',
    ],
    [
      "a context for a folder",
      ["--context", "a", "--kubeconfig-dir", "b"],
      {},
      "usage",
      'Option "--context" conflicts with option "--kubeconfig-dir"',
    ],
    [
      "a dry run that waits",
      ["--dry-run", "--wait"],
      {},
      "usage",
      'Option "--dry-run" conflicts with option "--wait"',
    ],
    [
      "a project that is not there",
      ["--kubeconfig", "HOME/several", "--project", "nowhere"],
      {},
      "not-found",
      'Project "nowhere" of --project not found',
    ],
    [
      "a key that has expired",
      ["--kubeconfig", "HOME/several"],
      { PALETTE_API_KEY: EXPIRED_KEY, PALETTE_PROJECT: DEV_PROJECT.uid },
      "auth-expired",
      "Invalid API key for URL: it has expired",
    ],
  ] as const
) {
  Deno.test(`import refuses ${title}`, async () => {
    await using it = await World.make();
    await it.write("several", SEVERAL);
    await Deno.mkdir(`${it.home.root}/empty`);
    const { root } = it.home;
    const result = await it.run([...args.map((arg) => arg.replace("HOME", root)), "-o", "json"], {
      env: { PALETTE_CONSOLE_URL: it.palette.url, ...env },
    });
    const error = errorOf(result);
    const shown = String(error["message"]).replaceAll(root, "HOME")
      .replaceAll(it.palette.url, "URL");
    assertEquals([result.status, error["code"], shown], [1, code, message]);
    assertEquals(it.changes(), []);
    assertEquals(it.kubectl.calls, []);
  });
}

Deno.test("import needs a project, and a login", async () => {
  await using it = await World.make();
  const path = await it.write("legacy.kubeconfig");
  await it.home.seed({ endpoint: it.palette.url });
  const bare = await it.run(["--kubeconfig", path]);
  assertEquals(
    [bare.status, bare.stdout, bare.stderr.split("\n").slice(0, 2)],
    [1, "", [
      "Error: no project is active",
      "Hint: Run palette project switch, or pass --project",
    ]],
  );
  await Deno.remove(it.home.configFile);
  const result = await it.run(["--kubeconfig", path, "-o", "json"]);
  assertEquals([errorOf(result)["code"], result.stdout], ["not-logged-in", ""]);
});
