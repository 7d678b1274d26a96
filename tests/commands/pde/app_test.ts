import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FakeClock } from "../../support/fake_clock.ts";
import {
  appProfileOf,
  deployedApp,
  type PaletteState,
  runningCluster,
} from "../../support/palette/state.ts";
import { errorOf } from "../../support/home.ts";
import { SYSTEM_GROUP, World } from "../../support/world.ts";

const OLD = appProfileOf("web", "1.9.0");
const NEW = appProfileOf("web", "1.10.0");

function make(state: Partial<PaletteState> = {}): Promise<World> {
  return World.make(["pde", "app"], {
    appProfiles: [structuredClone(OLD), structuredClone(NEW)],
    clusters: [runningCluster("dev")],
    ...state,
  });
}

const ON_CLUSTER = [
  ...["create", "virtual-cluster", "--name", "shop", "--app-profile-name", "web"],
  ...["--virtual-cluster-name", "dev"],
];
const IN_GROUP = [
  ...["create", "cluster-group", "--name", "shop", "--app-profile-name", "web"],
  ...["--virtual-cluster-name", "shop-vc"],
];

Deno.test("app create virtual-cluster deploys the highest version on a cluster that runs", async () => {
  await using it = await make();
  const { stdout } = await it.run([...ON_CLUSTER, "--tags", "env:dev"]);
  assertEquals(stdout, "Created App shop\nVirtual Cluster: dev\n");
  assertEquals(it.changes(), [{
    method: "POST",
    path: "/v1/appDeployments",
    body: {
      metadata: { name: "shop", labels: { env: "dev" } },
      spec: {
        config: { targetSpec: { clusterUid: runningCluster("dev").uid } },
        profile: { appProfileUid: NEW.uid },
      },
    },
  }]);
});

Deno.test("app create virtual-cluster --wait waits until every tier is deployed", async () => {
  await using it = await make();
  const clock = new FakeClock();
  const args = [...ON_CLUSTER, "--app-profile-version", "1.9.0", "--wait", "-o", "json"];
  const { stdout } = await it.run(args, { clock });
  assertEquals(clock.sleeps, [10_000, 10_000]);
  const [app] = it.palette.state.apps;
  assertEquals(JSON.parse(stdout), {
    app: { name: "shop", uid: app?.uid },
    virtualCluster: { name: "dev", uid: runningCluster("dev").uid },
    appProfile: { name: "web", version: "1.9.0", uid: OLD.uid },
  });
});

Deno.test("an app whose tier stays in error fails after some looks", async () => {
  await using it = await make();
  const clock = new FakeClock();
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (ms, signal) => {
    for (const app of it.palette.state.apps) app.error = "image not found";
    return sleep(ms, signal);
  };
  const result = await it.run([...ON_CLUSTER, "--wait", "-o", "json"], { clock });
  assertEquals(errorOf(result)["code"], "api");
  assertEquals(errorOf(result)["message"], 'App "shop" failed: extras: image not found');
  assertEquals(clock.sleeps.length, 6);
});

Deno.test("app create cluster-group makes the virtual cluster, too", async () => {
  await using it = await make();
  const { stdout } = await it.run([...IN_GROUP, "--cpu", "2", "--memory", "3", "--storage", "0"]);
  assertEquals(stdout, "Created App shop\nVirtual Cluster: shop-vc\n");
  assertEquals(it.changes(), [{
    method: "POST",
    path: "/v1/appDeployments/clusterGroup",
    body: {
      metadata: { name: "shop" },
      spec: {
        config: {
          targetSpec: {
            clusterGroupUid: SYSTEM_GROUP.uid,
            clusterName: "shop-vc",
            clusterLimits: { cpu: 2, memoryMiB: 3072, storageGiB: 0 },
          },
        },
        profile: { appProfileUid: NEW.uid },
      },
    },
  }]);
});

for (
  const [title, args, code, message] of [
    [
      "without names",
      ["create", "virtual-cluster"],
      "usage",
      "--name and --app-profile-name and --virtual-cluster-name are required when not running interactively",
    ],
    [
      "with a name that is none",
      [...ON_CLUSTER.slice(0, 2), "--name", "Shop", ...ON_CLUSTER.slice(4)],
      "validation",
      'Cannot use "Shop" as the name of the App',
    ],
    [
      "of an unknown profile",
      [...ON_CLUSTER.slice(0, 4), "--app-profile-name", "wbe", ...ON_CLUSTER.slice(6)],
      "not-found",
      'App Profile "wbe" not found in project "dev-team"',
    ],
    [
      "of an unknown version",
      [...ON_CLUSTER, "--app-profile-version", "3.0.0"],
      "not-found",
      'App Profile "web" has no version "3.0.0"',
    ],
    [
      "on an unknown cluster",
      [...ON_CLUSTER.slice(0, 6), "--virtual-cluster-name", "prod"],
      "not-found",
      'Virtual Cluster "prod" not found in project "dev-team"',
    ],
    [
      "beyond the quota",
      [...IN_GROUP, "--cpu", "64"],
      "quota",
      "Palette refused it, a quota is used up",
    ],
    [
      "in an unknown group",
      [...IN_GROUP, "--cluster-group-name", "hive"],
      "not-found",
      'Cluster Group "hive" not found',
    ],
  ] as const
) {
  Deno.test(`app create refuses one ${title}`, async () => {
    await using it = await make();
    const result = await it.run([...args, "-o", "json"]);
    assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
    assertEquals(errorOf(result)["code"], code);
    assertStringIncludes(String(errorOf(result)["message"]), message);
    assertEquals(it.palette.state.apps, []);
  });
}

Deno.test("no app is deployed on a paused cluster", async () => {
  await using it = await make({ clusters: [runningCluster("dev", { lifecycles: ["Paused"] })] });
  const result = await it.run([...ON_CLUSTER, "-o", "json"]);
  assertEquals(errorOf(result), {
    ...errorOf(result),
    code: "conflict",
    message: 'Cannot deploy on Virtual Cluster "dev": its status is Paused, not Running',
    hint: "Run palette pde virtual-cluster lifecycle --name dev --action resume",
  });
  assertEquals(it.changes(), []);
});

const QUESTIONS = [
  { kind: "input", label: "App name", answer: "shop" },
  { kind: "select", label: "App Profile", answer: NEW.uid },
  { kind: "select", label: "App profile version", answer: OLD.uid },
] as const;

Deno.test("app create interactive deploys in a new cluster, step by step", async () => {
  await using it = await make();
  const { stdout, prompter } = await it.run(["create", "interactive"], {
    answers: [
      ...QUESTIONS,
      { kind: "select", label: "Deploy in", answer: "new" },
      { kind: "select", label: "Cluster Group", answer: SYSTEM_GROUP.uid },
      { kind: "input", label: "Virtual cluster name", answer: "shop-vc" },
      { kind: "input", label: "CPU", answer: "" },
      { kind: "input", label: "Memory (GB)", answer: "8" },
      { kind: "input", label: "Storage (GB)", answer: "0" },
      { kind: "input", label: /^Tags/, answer: "env:dev" },
      {
        kind: "confirm",
        label: "Create shop (web 1.9.0) on the new shop-vc (4 cores, 8 and 0 GB)?",
        answer: true,
      },
    ],
  });
  assertEquals(stdout, "Created App shop\nVirtual Cluster: shop-vc\n");
  const group = prompter.questions.find(({ label }) => label === "Cluster Group");
  assertEquals(group?.kind === "select" && group.default, SYSTEM_GROUP.uid);
});

Deno.test("app create interactive deploys on a cluster that runs, or stops at a no", async () => {
  await using it = await make({
    clusters: [runningCluster("dev"), runningCluster("night", { lifecycles: ["Paused"] })],
  });
  const answers = [
    ...QUESTIONS,
    { kind: "select" as const, label: "Deploy in", answer: "existing" },
    { kind: "select" as const, label: "Virtual Cluster", answer: runningCluster("dev").uid },
    { kind: "input" as const, label: /^Tags/, answer: "" },
  ];
  const label = "Create shop (web 1.9.0) on dev?";
  const no = await it.run(["create", "interactive"], {
    answers: [...answers, { kind: "confirm", label, answer: false }],
  });
  assertEquals(no.status, 1);
  assertEquals(it.changes(), []);
  const clusters = no.prompter.questions.find((asked) => asked.label === "Virtual Cluster");
  assertEquals(clusters?.kind === "select" && clusters.options.length, 1);
  const yes = await it.run(["create", "interactive"], {
    answers: [...answers, { kind: "confirm", label, answer: true }],
  });
  assertEquals(yes.stdout, "Created App shop\nVirtual Cluster: dev\n");
});

Deno.test("app create interactive names its siblings where there is no terminal", async () => {
  await using it = await make();
  const result = await it.run(["create", "interactive", "-o", "json"]);
  assertEquals(
    errorOf(result)["hint"],
    "Without one, use palette pde app create cluster-group or virtual-cluster",
  );
});

function withApps() {
  const cluster = runningCluster("dev");
  return make({
    clusters: [cluster],
    apps: [
      deployedApp("shop", OLD, cluster, { isUpdateAvailable: true }),
      deployedApp("mail", NEW, cluster, { states: ["Deploying"], labels: { env: "dev" } }),
    ],
  });
}

Deno.test("app list prints a table that scripts can read", async () => {
  await using it = await withApps();
  const { stdout } = await it.run(["list"]);
  assertEquals(
    stdout,
    "NAME  PROJECT   PROFILE  PROFILE-VERSION  VIRTUAL-CLUSTER  STATUS     UPDATE-AVAILABLE  AGE\n" +
      "mail  dev-team  web      1.10.0           dev              Deploying  no                3h\n" +
      "shop  dev-team  web      1.9.0            dev              Deployed   yes               3h\n",
  );
  const filtered = await it.run(["list", "--name", "ho"]);
  assertEquals(filtered.stdout.trimEnd().split("\n").length, 2);
  const none = await it.run(["list", "--name", "zzz"]);
  assertEquals(none.stderr, "Note: No Apps found\n");
});

Deno.test("app list -o json has services", async () => {
  await using it = await withApps();
  const { items } = JSON.parse((await it.run(["list", "-o", "json"])).stdout);
  assertEquals(items[1], {
    name: "shop",
    uid: it.palette.state.apps[0]?.uid,
    project: "dev-team",
    appProfile: { name: "web", version: "1.9.0", uid: OLD.uid },
    virtualCluster: { name: "dev", uid: runningCluster("dev").uid },
    status: "Deployed",
    updateAvailable: true,
    services: [{ name: "web", host: "web.example.com", ports: [8080] }],
    createdAt: "2026-01-02T12:04:05Z",
    tags: [],
  });
});

Deno.test("app describe shows where the services are", async () => {
  await using it = await withApps();
  const { stdout } = await it.run(["describe", "--name", "shop"]);
  assertMatch(stdout, /\nServices: +web web\.example\.com:8080\n/);
  const json = JSON.parse((await it.run(["describe", "--name", "shop", "-o", "json"])).stdout);
  assertEquals(json.services[0].ports, [8080]);
});

Deno.test("app delete leaves the virtual cluster, and says so", async () => {
  await using it = await withApps();
  const result = await it.run(["delete", "--name", "shop", "--wait"]);
  assertEquals(result.stdout, "Deleted App shop\n");
  assertEquals(result.stderr.split("\n").at(-2), "Note: Virtual Cluster dev stays");
  assertEquals(it.palette.state.apps.map(({ name }) => name), ["mail"]);
  assertEquals(it.palette.state.clusters.length, 1);
  const asked = await it.run(["delete", "--name", "mail"], {
    answers: [{ kind: "confirm", label: "Delete App mail?", answer: false }],
  });
  assertEquals(asked.status, 1);
  assertEquals(it.palette.state.apps.length, 1);
});

Deno.test("app update applies what is pending, and says when nothing is", async () => {
  await using it = await withApps();
  const { uid } = it.palette.state.apps[0] ?? {};
  const updated = await it.run(["update", "--name", "shop", "--wait", "-o", "json"]);
  assertEquals(JSON.parse(updated.stdout), {
    name: "shop",
    uid,
    from: { version: "1.9.0" },
    to: { version: "1.9.0" },
    updated: true,
  });
  assertEquals(it.changes(), [{
    method: "PATCH",
    path: `/v1/appDeployments/${uid}/profile/apply`,
    body: null,
  }]);
  const again = await it.run(["update", "--name", "shop"]);
  assertEquals({ stdout: again.stdout, status: again.status }, {
    stdout: "App shop has no pending update\n",
    status: 0,
  });
});

Deno.test("app update shows the tiers that change, and asks", async () => {
  await using it = await withApps();
  const label = "Update App shop (tiers extras)?";
  const no = await it.run(["update", "--name", "shop"], {
    answers: [{ kind: "confirm", label, answer: false }],
  });
  assertEquals(no.status, 1);
  assertEquals(it.changes(), []);
  const yes = await it.run(["update", "--name", "shop"], {
    answers: [{ kind: "confirm", label, answer: true }],
  });
  assertEquals(yes.stdout, "Updated App shop\n");
});

Deno.test("app update moves to another version", async () => {
  await using it = await withApps();
  const args = ["update", "--name", "shop", "--app-profile-version", "1.10.0", "-o", "json"];
  const { to, updated } = JSON.parse((await it.run(args)).stdout);
  assertEquals({ to, updated }, { to: { version: "1.10.0" }, updated: true });
  assertEquals(it.changes()[0]?.body, { appProfileUid: NEW.uid });
});
