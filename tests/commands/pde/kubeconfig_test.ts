import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { kubeconfigOf, runningCluster } from "../../support/palette/state.ts";
import { errorOf } from "../../support/home.ts";
import { World } from "../../support/world.ts";

const WORDS = ["pde", "virtual-cluster", "download-kubeconfig", "--name", "dev"];

function make(given: Parameters<typeof runningCluster>[1] = {}): Promise<World> {
  return World.make(WORDS, { clusters: [runningCluster("dev", given)] });
}

function read({ home }: World, path: string): Promise<string> {
  return Deno.readTextFile(`${home.root}/${path}`);
}

async function write({ home }: World, path: string, text: string): Promise<void> {
  await Deno.mkdir(`${home.root}/.kube`, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(`${home.root}/${path}`, text, { mode: 0o600 });
}

Deno.test("download-kubeconfig writes a private file and names it last", async () => {
  await using it = await make();
  const { stdout, stderr, status } = await it.run([]);
  const path = `${it.home.root}/.kube/dev.conf`;
  assertEquals(
    stdout,
    `Downloaded kubeconfig for Virtual Cluster dev\nKubeconfig location: ${path}\n`,
  );
  assertEquals({ stderr, status }, { stderr: "", status: 0 });
  assertEquals(await Deno.readTextFile(path), kubeconfigOf("dev"));
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  assertEquals(await it.home.files(`${it.home.root}/.kube`), [".kube/dev.conf"]);
});

Deno.test("download-kubeconfig expands ~ and makes folders", async () => {
  await using it = await make();
  const { stdout } = await it.run(["--path", "~/a/b/c.yaml", "-o", "json"]);
  assertEquals(JSON.parse(stdout), {
    name: "dev",
    uid: runningCluster("dev").uid,
    path: `${it.home.root}/a/b/c.yaml`,
  });
  assertEquals(await read(it, "a/b/c.yaml"), kubeconfigOf("dev"));
});

Deno.test("download-kubeconfig --path - writes the kubeconfig to stdout and nothing else", async () => {
  await using it = await make();
  const { stdout, stderr } = await it.run(["--path", "-"]);
  assertEquals({ stdout, stderr }, { stdout: kubeconfigOf("dev"), stderr: "" });
  assert(!(await it.home.files()).some((file) => file.includes("dev")));
});

Deno.test("download-kubeconfig decodes base64", async () => {
  await using it = await make();
  it.palette.state.encodesKubeconfigs = true;
  assertEquals((await it.run(["--path", "-"])).stdout, kubeconfigOf("dev"));
});

Deno.test("download-kubeconfig --admin falls back to the plain one", async () => {
  await using it = await make();
  assertEquals((await it.run(["--path", "-", "--admin"])).stdout, kubeconfigOf("dev"));
  const paths = it.palette.requests.map(({ path }) => path.split("/").at(-1));
  assertEquals(paths.slice(-2), ["adminKubeconfig", "kubeconfig"]);
});

for (
  const [title, given] of [
    ["while the cluster is provisioned", { states: ["Provisioning"] }],
    ["while there is an empty one", { kubeconfig: null }],
    ["for a cluster that failed", { states: ["Error"] }],
  ] as const
) {
  Deno.test(`download-kubeconfig writes no file ${title}`, async () => {
    await using it = await make(given as Parameters<typeof runningCluster>[1]);
    const result = await it.run(["-o", "json"]);
    assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
    assertEquals(errorOf(result)["code"], "conflict");
    assertStringIncludes(
      String(errorOf(result)["message"]),
      "kubeconfig of Virtual Cluster dev not available yet (status ",
    );
    assert(!(await it.home.files()).some((file) => file.startsWith(".kube")));
  });
}

Deno.test("download-kubeconfig --wait waits for it", async () => {
  await using it = await make({
    states: ["Pending", "Pending", "Provisioning", "Running"],
  });
  const { status } = await it.run(["--wait"]);
  assertEquals(status, 0);
  assertEquals(await read(it, ".kube/dev.conf"), kubeconfigOf("dev"));
});

for (
  const [title, text, reason] of [
    ["a page of a proxy", "<html>log in</html>", "kubeconfig of dev"],
    ["a kubeconfig without clusters", "kind: Config\n", "there is no cluster in it"],
    ["something else of Kubernetes", "kind: Secret\nclusters: []\n", "its kind is Secret"],
    ["a list", "- a\n", "not a mapping"],
  ] as const
) {
  Deno.test(`download-kubeconfig refuses ${title}`, async () => {
    await using it = await make({ kubeconfig: text });
    const result = await it.run(["-o", "json"]);
    assertEquals(errorOf(result)["code"], "validation");
    assertStringIncludes(String(errorOf(result)["message"]), reason);
    assert(!(await it.home.files()).some((file) => file.startsWith(".kube")));
  });
}

Deno.test("download-kubeconfig replaces an older one of the same cluster, and no other file", async () => {
  await using it = await make();
  await write(it, ".kube/dev.conf", kubeconfigOf("dev").replace("Y2E=", "b2xk"));
  assertEquals((await it.run([])).status, 0);
  assertEquals(await read(it, ".kube/dev.conf"), kubeconfigOf("dev"));
  for (const other of [kubeconfigOf("web"), "notes of mine\n", "\u0000\u0001"]) {
    await write(it, ".kube/dev.conf", other);
    const result = await it.run(["-o", "json"]);
    assertEquals(errorOf(result)["code"], "conflict");
    assertEquals(await read(it, ".kube/dev.conf"), other);
  }
  assertEquals((await it.run(["--force"])).status, 0);
  assertEquals(await read(it, ".kube/dev.conf"), kubeconfigOf("dev"));
});

Deno.test("a name that is no file name needs a path", async () => {
  await using it = await make({ name: "../../etc/dev" });
  const args = [
    "pde",
    "virtual-cluster",
    "download-kubeconfig",
    "--uid",
    runningCluster("dev").uid,
  ];
  const result = await it.home.run([...args, "-o", "json"]);
  assertEquals(errorOf(result)["code"], "usage");
  assertStringIncludes(String(errorOf(result)["message"]), "--path is required");
});

const MINE = `# my clusters
apiVersion: v1
kind: Config
preferences: {}
clusters:
  # the old one
  - name: kubernetes
    cluster: { server: "https://old.example.com" } # do not touch
contexts:
  - context: {cluster: kubernetes, user: admin}
    name: home
current-context: home
users:
  - name: admin
    user:
      exec:
        command: mine
`;

Deno.test("--merge adds the cluster under its name and keeps every other entry and comment", async () => {
  await using it = await make();
  await write(it, ".kube/config", MINE);
  const { stdout, stderr } = await it.run(["--merge"]);
  assertStringIncludes(stdout, `Kubeconfig location: ${it.home.root}/.kube/config\n`);
  assertEquals(stderr, "Note: kubectl --context dev uses it\n");
  const merged = await read(it, ".kube/config");
  for (
    const line of MINE.trimEnd().split("\n").filter((line) => /#|current|exec|mine/.test(line))
  ) {
    assertStringIncludes(merged, line.trim());
  }
  assertStringIncludes(merged, "- name: dev\n");
  assertStringIncludes(merged, "server: https://dev.clusters.example.com:6443");
  const again = await it.run(["--merge"]);
  assertEquals(again.status, 0);
  assertEquals(await read(it, ".kube/config"), merged);
});

Deno.test("--merge makes a kubeconfig where there is none, and makes its context current", async () => {
  await using it = await make();
  await it.run(["--merge", "--context", "palette-dev"], {
    env: { KUBECONFIG: `${it.home.root}/k/config:/elsewhere` },
  });
  const text = await read(it, "k/config");
  assertStringIncludes(text, "current-context: palette-dev");
  assertStringIncludes(text, "cluster: palette-dev");
});

Deno.test("--merge does not point an entry at another server unless forced", async () => {
  await using it = await make();
  const other = MINE.replace("name: kubernetes", "name: dev");
  await write(it, ".kube/config", other);
  const result = await it.run(["--merge", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "conflict");
  assertStringIncludes(String(errorOf(result)["message"]), "https://old.example.com");
  assertEquals(await read(it, ".kube/config"), other);
  assertEquals((await it.run(["--merge", "--force"])).status, 0);
});

for (const plugin of ["exec", "auth-provider"]) {
  Deno.test(`--merge refuses a user of the server's with ${plugin}, unless allowed`, async () => {
    const text = kubeconfigOf("dev")
      .replace(/ {4}client-[\s\S]*$/, `    ${plugin}:\n      command: /bin/evil\n`);
    await using it = await make({ kubeconfig: text });
    await write(it, ".kube/config", MINE);
    const result = await it.run(["--merge", "-o", "json"]);
    assertEquals(errorOf(result)["code"], "integrity");
    assertEquals(await read(it, ".kube/config"), MINE);
    const allowed = await it.run(["--merge", "--allow-exec"]);
    assertEquals(allowed.status, 0);
    assertStringIncludes(await read(it, ".kube/config"), "/bin/evil");
  });
}

Deno.test("--merge leaves a broken kubeconfig alone", async () => {
  await using it = await make();
  for (const broken of ["clusters: [\n", "- a\n", "a: &x 1\nb: *x\n"]) {
    await write(it, ".kube/config", broken);
    const result = await it.run(["--merge", "-o", "json"]);
    assertEquals(errorOf(result)["code"], "validation");
    assertEquals(await read(it, ".kube/config"), broken);
  }
});

Deno.test("a download that breaks leaves no file", async () => {
  await using it = await make();
  const path = `/v1/spectroclusters/${runningCluster("dev").uid}/assets/kubeconfig`;
  it.palette.inject({ kind: "reset", path, times: 9 });
  const result = await it.run(["-o", "json"]);
  assertEquals(errorOf(result)["code"], "network");
  assert(!(await it.home.files()).some((file) => file.startsWith(".kube")));
});
