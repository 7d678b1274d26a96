import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Interrupted } from "../../../lib/errors.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import {
  DEV_PROJECT,
  kubeconfigOf,
  type PaletteCluster,
  runningCluster,
} from "../../support/palette/state.ts";
import { errorOf } from "../../support/home.ts";
import { SYSTEM_GROUP, World } from "../../support/world.ts";

function make(...clusters: PaletteCluster[]): Promise<World> {
  return World.make(["pde", "virtual-cluster"], { clusters });
}

Deno.test("virtual-cluster list prints nine cells a row, none of them empty", async () => {
  await using it = await make(
    runningCluster("web"),
    runningCluster("dev", { states: ["Provisioning"], createdAt: "2025-12-28T10:00:00Z" }),
    runningCluster("night", { lifecycles: ["Paused"] }),
    runningCluster("broken", { states: ["Error"], createdAt: "" }),
  );
  const { stdout, stderr, status } = await it.run(["list"]);
  assertEquals(
    stdout,
    "NAME    PROJECT   CLUSTER-GROUP  SCOPE   CPU  MEMORY-GB  STORAGE-GB  STATUS        AGE\n" +
      "broken  dev-team  beehive        system  4    4          4           Failed        -\n" +
      "dev     dev-team  beehive        system  4    4          4           Provisioning  5d\n" +
      "night   dev-team  beehive        system  4    4          4           Paused        5h\n" +
      "web     dev-team  beehive        system  4    4          4           Running       5h\n",
  );
  assertEquals({ stderr, status }, { stderr: "", status: 0 });
});

Deno.test("virtual-cluster list -o json tells everything that is known", async () => {
  await using it = await make(runningCluster("web", { labels: { env: "dev" } }));
  const { stdout } = await it.run(["list", "-o", "json"]);
  assertEquals(JSON.parse(stdout), {
    items: [{
      name: "web",
      uid: "776562000000000000000000",
      project: DEV_PROJECT,
      clusterGroup: SYSTEM_GROUP,
      cpu: 4,
      memoryGb: 4,
      storageGb: 4,
      status: "Running",
      health: "Healthy",
      kubernetesDistribution: "k3s",
      createdAt: "2026-01-02T10:00:00Z",
      tags: ["env:dev"],
    }],
    count: 1,
  });
});

Deno.test("virtual-cluster list reads every page; many clusters are not asked for sizes", async () => {
  const clusters = Array.from(
    { length: 120 },
    (_, at) => runningCluster(`vc-${String(at).padStart(3, "0")}`, { uid: uidAt(at) }),
  );
  await using it = await make(...clusters);
  const { stdout } = await it.run(["list", "-o", "json"]);
  const { items, count } = JSON.parse(stdout);
  assertEquals(count, 120);
  assertEquals(items[119].name, "vc-119");
  assertEquals(items[0].cpu, null);
  const sizes = () => it.palette.requests.filter(({ path }) => path.includes("/cloudconfigs/"));
  assertEquals(sizes().length, 0);
  const sized = await it.run(["list", "--sizes", "-o", "json"]);
  assertEquals(JSON.parse(sized.stdout).items[0].cpu, 4);
  assertEquals(sizes().length, 120);
});

function uidAt(at: number): string {
  return at.toString(16).padStart(24, "0");
}

Deno.test("virtual-cluster list shows only the header when there is none", async () => {
  await using it = await make();
  const { stdout, stderr, status } = await it.run(["list"]);
  assertMatch(stdout, /^NAME +PROJECT [^\n]+AGE\n$/);
  assertEquals({ stderr, status }, { stderr: "Note: No Virtual Clusters found\n", status: 0 });
});

Deno.test("virtual-cluster list leaves the size open of a cluster that has just gone", async () => {
  await using it = await make(runningCluster("web"));
  it.palette.inject({
    kind: "status",
    status: 404,
    path: `/v1/cloudconfigs/virtual/${it.palette.state.clusters[0]?.virtual?.configUid}`,
  });
  const { stdout } = await it.run(["list"]);
  assertMatch(stdout, /web +dev-team +beehive +system +- +- +- +Running +5h\n$/);
});

Deno.test("virtual-cluster create asks Palette for what the flags say", async () => {
  await using it = await make();
  const { stdout, status } = await it.run([
    ...["create", "--name", "dev", "--cpu", "2", "--memory", "8", "--storage", "0"],
    ...["--tags", "env:dev,cli", "--cluster-group-name", "shared", "--cluster-group-scope", "org"],
  ]);
  assertEquals({ stdout, status }, { stdout: "Created Virtual Cluster dev\n", status: 0 });
  assertEquals(it.changes(), [{
    method: "POST",
    path: "/v1/spectroclusters/virtual",
    body: {
      metadata: { name: "dev", labels: { env: "dev", cli: "spectro__tag" } },
      spec: {
        cloudConfig: {},
        clusterConfig: {
          hostClusterConfig: { clusterGroup: { uid: "635669ba4583891d109fe6c2" } },
        },
        machinepoolconfig: [{
          cloudConfig: {
            instanceType: {
              maxCPU: 2,
              maxMemInMiB: 8192,
              maxStorageGiB: 0,
              minCPU: 0,
              minMemInMiB: 0,
              minStorageGiB: 0,
            },
          },
        }],
        profiles: [],
      },
    },
  }]);
});

Deno.test("virtual-cluster create takes the active group and 4 of each by default", async () => {
  await using it = await make();
  const { stdout } = await it.run(["create", "--name", "dev", "-o", "json"]);
  const { uid, ...rest } = JSON.parse(stdout);
  assertEquals(uid, it.palette.state.clusters[0]?.uid);
  assertEquals(rest, {
    name: "dev",
    clusterGroup: SYSTEM_GROUP,
    cpu: 4,
    memoryGb: 4,
    storageGb: 4,
    status: "Pending",
  });
});

Deno.test("virtual-cluster create --wait waits until it runs, and can fetch its kubeconfig", async () => {
  await using it = await make();
  const clock = new FakeClock();
  const args = ["create", "--name", "dev", "--wait", "--poll-interval", "30s"];
  const { stdout, stderr } = await it.run([...args, "--download-kubeconfig"], { clock });
  const path = `${it.home.root}/.kube/dev.conf`;
  assertEquals(
    stdout,
    "Created Virtual Cluster dev\nDownloaded kubeconfig for Virtual Cluster dev\n" +
      `Kubeconfig location: ${path}\n`,
  );
  assertEquals(clock.sleeps, [30_000, 30_000]);
  assertEquals(stderr.split("\n").slice(0, 2), [
    'Virtual Cluster "dev": Provisioning, waiting until Running (0s)',
    'Virtual Cluster "dev": Provisioning, waiting until Running (30s)',
  ]);
  assertEquals(await Deno.readTextFile(path), kubeconfigOf("dev"));
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("virtual-cluster create asks for a name at a terminal, and again for a bad one", async () => {
  await using it = await make();
  const { stdout, prompter } = await it.run(["create"], {
    answers: [
      { kind: "input", label: "Virtual cluster name", answer: "Not_Good" },
      { kind: "input", label: "Virtual cluster name", answer: "good" },
    ],
  });
  assertEquals(stdout, "Created Virtual Cluster good\n");
  assertEquals(prompter.refusals.length, 1);
});

Deno.test("virtual-cluster create offers the groups when none is active", async () => {
  await using it = await make();
  await it.home.seed({ endpoint: it.palette.url, project: DEV_PROJECT });
  const bare = await it.run(["create", "--name", "dev"]);
  assertEquals(bare.status, 1);
  assertStringIncludes(bare.stderr, "--cluster-group-name is required");
  const { stdout } = await it.run(["create", "--name", "dev"], {
    answers: [{ kind: "select", label: "Cluster Group", answer: SYSTEM_GROUP.uid }],
  });
  assertEquals(stdout, "Created Virtual Cluster dev\n");
});

for (
  const [title, args, code, message] of [
    ["no name", [], "usage", "--name is required when not running interactively"],
    [
      "a name that is no DNS label",
      ["--name", "Dev_1"],
      "validation",
      'Cannot use "Dev_1" as the name of the Virtual Cluster: only a-z, 0-9 and - may be in it, with a letter or digit at both ends',
    ],
    [
      "no cores",
      ["--name", "dev", "--cpu", "0"],
      "usage",
      '--cpu must be a whole number of at least 1, not "0"',
    ],
    [
      "half a GB",
      ["--name", "dev", "--memory", "0.5"],
      "usage",
      '--memory must be a whole number of at least 1, not "0.5"',
    ],
    [
      "a hexadecimal size",
      ["--name", "dev", "--storage", "0x10"],
      "usage",
      '--storage must be a whole number of at least 0, not "0x10"',
    ],
    [
      "an empty tag",
      ["--name", "dev", "--tags", "a,,b"],
      "usage",
      '--tags has an empty entry: "a,,b"',
    ],
    [
      "a tag that is none",
      ["--name", "dev", "--tags", "a b:c"],
      "validation",
      'Cannot use the tag "a b:c": its key is not a label\'s',
    ],
    [
      "an unknown group",
      ["--name", "dev", "--cluster-group-name", "nest"],
      "not-found",
      'Cluster Group "nest" not found in project "dev-team"',
    ],
    [
      "a time without a unit",
      ["--name", "dev", "--wait", "--timeout", "15"],
      "usage",
      '--timeout must be a time like 90s, 15m or 1h30m, not "15"',
    ],
    [
      "a name that is taken",
      ["--name", "taken"],
      "conflict",
      "Palette refused it: Cluster taken already exists",
    ],
    [
      "more than the quota",
      ["--name", "dev", "--cpu", "9"],
      "quota",
      "Palette refused it, a quota is used up: The cpu quota of the user is exceeded",
    ],
  ] as const
) {
  Deno.test(`virtual-cluster create refuses ${title}`, async () => {
    await using it = await make(runningCluster("taken"));
    const result = await it.run(["create", ...args, "-o", "json"]);
    assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
    const error = errorOf(result);
    assertEquals(error["code"], code);
    assertStringIncludes(String(error["message"]), message);
    assertEquals(it.palette.state.clusters.length, 1);
  });
}

Deno.test("a creation that fails ends the wait with its reason", async () => {
  await using it = await make();
  const clock = new FakeClock();
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (ms, signal) => {
    const [cluster] = it.palette.state.clusters;
    if (cluster !== undefined) Object.assign(cluster, { states: ["Error"], message: "no host" });
    return sleep(ms, signal);
  };
  const result = await it.run(["create", "--name", "dev", "--wait", "-o", "json"], { clock });
  assertEquals(result.status, 1);
  assertEquals(errorOf(result)["code"], "api");
  assertEquals(errorOf(result)["message"], 'Virtual Cluster "dev" failed: no host');
});

Deno.test("a wait that takes too long ends with timeout, and says that it goes on", async () => {
  await using it = await make(runningCluster("dev", { states: ["Provisioning"] }));
  const clock = new FakeClock();
  const args = ["download-kubeconfig", "--name", "dev", "--wait", "--timeout", "1m"];
  const result = await it.run([...args, "-o", "json"], { clock });
  assertEquals(errorOf(result)["code"], "timeout");
  assertEquals(
    errorOf(result)["message"],
    'Virtual Cluster "dev" is not ready after 1m (status Provisioning)',
  );
  assertEquals(clock.sleeps.length, 6);
});

Deno.test("Ctrl+C stops waiting and says that the operation goes on", async () => {
  await using it = await make();
  let stop: (signal: "SIGINT") => void = () => {};
  const clock = new FakeClock();
  clock.sleep = (_, signal) => {
    stop("SIGINT");
    return Promise.reject(signal?.reason ?? new Interrupted("SIGINT"));
  };
  const result = await it.run(["create", "--name", "dev", "--wait"], {
    clock,
    onSignals: (given) => stop = given,
  });
  assertEquals(result.status, 130);
  assertStringIncludes(
    result.stderr,
    'Note: stopped waiting; Virtual Cluster "dev" goes on in Palette\n',
  );
  assertEquals(it.palette.state.clusters.length, 1);
});

Deno.test("a wait outlives a network that is gone for a while", async () => {
  await using it = await make(runningCluster("dev"));
  const path = `/v1/spectroclusters/${it.palette.state.clusters[0]?.uid}`;
  // Four tries are one look that fails.
  it.palette.inject({ kind: "reset", method: "GET", path, times: 8 });
  const result = await it.run(["delete", "--name", "dev", "--wait"]);
  assertEquals({ status: result.status, stdout: result.stdout }, {
    status: 0,
    stdout: "Deleted Virtual Cluster dev\n",
  });
  const looks = it.palette.requests.filter((request) =>
    request.method === "GET" && request.path === path
  );
  assertEquals(looks.length, 10);
});

Deno.test("virtual-cluster delete deletes unattended, and asks at a terminal", async () => {
  await using it = await make(runningCluster("dev"), runningCluster("web"));
  const unattended = await it.run(["delete", "--name", "dev", "-o", "json"]);
  assertEquals(JSON.parse(unattended.stdout).status, "Deleting");
  const label = "Delete Virtual Cluster web?";
  const refused = await it.run(["delete", "--name", "web"], {
    answers: [{ kind: "confirm", label, answer: false }],
  });
  assertEquals(refused.status, 1);
  assertStringIncludes(refused.stderr, "the answer was no");
  assertEquals(it.changes().length, 1);
  await it.run(["delete", "--name", "web"], {
    answers: [{ kind: "confirm", label, answer: true }],
  });
  const sure = await it.run(["delete", "--name", "web", "--yes", "--force"], { answers: [] });
  assertEquals(sure.stdout, "Deleted Virtual Cluster web\n");
  const last = it.palette.requests.filter(({ method }) => method === "DELETE").at(-1);
  assertEquals(last?.query.get("forceDelete"), "true");
});

Deno.test("virtual-cluster delete --uid, and near names for a slip", async () => {
  await using it = await make(runningCluster("dev-one"), runningCluster("other"));
  const slip = await it.run(["delete", "--name", "dev-on", "-o", "json"]);
  assertEquals(errorOf(slip)["code"], "not-found");
  assertEquals(
    errorOf(slip)["message"],
    'Virtual Cluster "dev-on" not found in project "dev-team"',
  );
  assertEquals(errorOf(slip)["hint"], 'Did you mean "dev-one"?');
  const { uid } = runningCluster("other");
  const result = await it.run(["delete", "--uid", uid]);
  assertEquals(result.stdout, "Deleted Virtual Cluster other\n");
});

Deno.test("several clusters of one name are told apart by uid", async () => {
  await using it = await make(
    runningCluster("dev", { uid: uidAt(1) }),
    runningCluster("dev", { uid: uidAt(2), states: ["Deleting"] }),
  );
  const result = await it.run(["delete", "--name", "dev", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "ambiguous");
  assertEquals(
    errorOf(result)["hint"],
    `Give --uid with one of ${uidAt(1)} (Running), ${uidAt(2)} (Deleting)`,
  );
  assertEquals(it.changes(), []);
});

Deno.test("a name is compared with its case", async () => {
  await using it = await make(runningCluster("DEV", { uid: uidAt(1) }));
  const result = await it.run(["delete", "--name", "dev"]);
  assertStringIncludes(result.stderr, 'Virtual Cluster "dev" not found');
});

Deno.test("virtual-cluster lifecycle pauses and resumes, and waits when told", async () => {
  await using it = await make(runningCluster("dev"));
  const pause = ["lifecycle", "--name", "dev", "--action", "pause"];
  const paused = await it.run([...pause, "--wait", "-o", "json"]);
  assertEquals(JSON.parse(paused.stdout), {
    name: "dev",
    uid: runningCluster("dev").uid,
    action: "pause",
    status: "Paused",
  });
  const again = await it.run(pause);
  assertEquals({ stdout: again.stdout, status: again.status }, {
    stdout: "Virtual Cluster dev is Paused already\n",
    status: 0,
  });
  const resumed = await it.run(["lifecycle", "--name", "dev", "--action", "resume"]);
  assertEquals(resumed.stdout, "Resumed Virtual Cluster dev\n");
  assertEquals(it.changes().map(({ body }) => body), [
    { lifecycleConfig: { pause: true } },
    { lifecycleConfig: { pause: false } },
  ]);
});

Deno.test("virtual-cluster lifecycle refuses a cluster that is not ready for it", async () => {
  await using it = await make(runningCluster("dev", { states: ["Provisioning"] }));
  const args = ["lifecycle", "--name", "dev", "--action", "pause", "-o", "json"];
  const result = await it.run(args);
  assertEquals(errorOf(result)["code"], "conflict");
  assertEquals(
    errorOf(result)["message"],
    'Cannot pause Virtual Cluster "dev": its status is Provisioning, not Running',
  );
  const bare = await it.run(["lifecycle"]);
  assertStringIncludes(
    bare.stderr,
    "--name and --action are required when not running interactively",
  );
});

Deno.test("virtual-cluster resize keeps what is not given", async () => {
  await using it = await make(runningCluster("dev"));
  const { stdout } = await it.run(["resize", "--name", "dev", "--memory", "8", "-o", "json"]);
  const from = { cpu: 4, memoryGb: 4, storageGb: 4 };
  assertEquals(JSON.parse(stdout), {
    name: "dev",
    uid: runningCluster("dev").uid,
    from,
    to: { ...from, memoryGb: 8 },
  });
  const [change] = it.changes();
  assertEquals(
    change?.path,
    `/v1/cloudconfigs/virtual/c${runningCluster("dev").uid.slice(1)}/resize`,
  );
  assertEquals(change?.body, {
    instanceType: {
      maxCPU: 4,
      maxMemInMiB: 8192,
      maxStorageGiB: 4,
      minCPU: 0,
      minMemInMiB: 0,
      minStorageGiB: 0,
    },
  });
});

Deno.test("virtual-cluster resize shrinks storage only when that is meant", async () => {
  await using it = await make(runningCluster("dev"));
  const args = ["resize", "--name", "dev", "--storage", "2"];
  const refused = await it.run([...args, "-o", "json"]);
  assertEquals(errorOf(refused)["code"], "usage");
  assertEquals(errorOf(refused)["message"], "--yes is required to shrink storage from 4 to 2 GB");
  assertEquals(it.changes(), []);
  const asked = await it.run(args, {
    answers: [{ kind: "confirm", label: /^Shrink storage from 4 to 2 GB/, answer: false }],
  });
  assertEquals(asked.status, 1);
  assertEquals(it.changes(), []);
  const sure = await it.run([...args, "--yes", "--wait"]);
  assertEquals(sure.stdout, "Resized Virtual Cluster dev\n");
});

Deno.test("virtual-cluster resize needs a size, a cluster that runs, and the quota", async () => {
  await using it = await make(
    runningCluster("dev"),
    runningCluster("night", { lifecycles: ["Paused"] }),
  );
  const none = await it.run(["resize", "--name", "dev"]);
  assertStringIncludes(none.stderr, "at least one of --cpu, --memory and --storage is required");
  const paused = await it.run(["resize", "--name", "night", "--cpu", "2", "-o", "json"]);
  assertEquals(errorOf(paused)["code"], "conflict");
  const quota = await it.run(["resize", "--name", "dev", "--cpu", "64", "-o", "json"]);
  assertEquals(errorOf(quota)["code"], "quota");
});

Deno.test("virtual-cluster events shows the newest five, filtered when told", async () => {
  await using it = await make(runningCluster("dev"));
  const { uid } = runningCluster("dev");
  it.palette.state.events = Array.from({ length: 120 }, (_, at) => ({
    clusterUid: uid,
    time: new Date(Date.UTC(2026, 0, 2, 15, 0) - at * 60_000).toISOString(),
    severity: at % 50 === 0 ? "Error" : "Normal",
    reason: `Reason${at}`,
    component: "palette",
    message: `message ${at}\nsecond line`,
  }));
  const { stdout } = await it.run(["events", "--name", "dev"]);
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.length, 6);
  assertEquals(
    lines[1],
    "2026-01-02T15:00:00.000Z  Error     Reason0  palette    message 0 second line",
  );
  const errors = await it.run(["events", "--name", "dev", "--severity", "ERROR", "-o", "json"]);
  assertEquals(
    JSON.parse(errors.stdout).items.map(({ reason }: { reason: string }) => reason),
    ["Reason0", "Reason50", "Reason100"],
  );
  const recent = await it.run([
    ...["events", "--name", "dev", "--max-age", "6", "--limit", "50", "-o", "json"],
  ]);
  assertEquals(JSON.parse(recent.stdout).count, 2);
  const before = it.palette.requests.length;
  await it.run(["events", "--name", "dev", "--limit", "2"]);
  const pages = it.palette.requests.slice(before).filter(({ path }) => path.includes("/events/"));
  assertEquals(pages.length, 1);
});

for (
  const [args, message] of [
    [["--limit", "0"], '--limit must be a whole number of at least 1, not "0"'],
    [["--max-age", "-2"], '--max-age must be a whole number of at least -1, not "-2"'],
    [["--severity", "fatal"], '--severity must be of normal, warning, error, not "fatal"'],
  ] as const
) {
  Deno.test(`virtual-cluster events refuses ${args.join(" ")}`, async () => {
    await using it = await make(runningCluster("dev"));
    const result = await it.run(["events", "--name", "dev", ...args, "-o", "json"]);
    assertEquals(errorOf(result)["code"], "usage");
    assertEquals(errorOf(result)["message"], message);
  });
}

Deno.test("virtual-cluster describe shows one cluster", async () => {
  await using it = await make(runningCluster("dev", { labels: { env: "dev" } }));
  const { stdout } = await it.run(["describe", "--name", "dev"]);
  assertMatch(stdout, /^Name: +dev\nUid: +6465/);
  assertMatch(stdout, /\nStatus: +Running\n/);
  const json = JSON.parse((await it.run(["describe", "--name", "dev", "-o", "json"])).stdout);
  assertEquals(json.tags, ["env:dev"]);
  assertEquals(json.memoryGb, 4);
});
