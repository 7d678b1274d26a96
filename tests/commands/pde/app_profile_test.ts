import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { appProfileOf, runningCluster } from "../../support/palette/state.ts";
import { deployedApp, type PaletteState } from "../../support/palette/state.ts";
import { errorOf } from "../../support/home.ts";
import { World } from "../../support/world.ts";

const SECRET = "S3cret-of-the-database";

const FILE = `# everything at once
name: web
version: 1.2.0
description: three tiers
tags: ["team:dev", demo]
tiers:
  - name: db
    type: operator-instance
    registry: Public Repo
    pack: postgresql-operator
    packVersion: 1.8.1
    properties:
      dbUserName: pguser
      dbPassword: "${SECRET}" # of the tests
  - name: api
    type: container
    installOrder: 1
    container:
      image: ghcr.io/acme/api:1.0.8
      ports: ["3000"]
      replicas: 2
      env: [{ name: MODE, value: demo }]
      volume: { name: data, size: 2, mountPath: /data }
      access: private
    imageRegistry: private-images
  - name: kafka
    type: helm
    registry: Bitnami
    pack: kafka
    packVersion: 20.0.0
    values: |

      replicaCount: 1
  - name: extras
    type: manifest
    manifests:
      - { name: nginx, content: "kind: Namespace" }
`;

function make(state: Partial<PaletteState> = {}): Promise<World> {
  return World.make(["pde", "app-profile"], state);
}

async function withFile(it: World, text: string): Promise<string> {
  const path = `${it.home.root}/web.yaml`;
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  return path;
}

const FROM_CONFIG = ["create", "from-config", "--config-file"];

Deno.test("from-config resolves names, expands containers and encodes secrets", async () => {
  await using it = await make();
  const result = await it.run([...FROM_CONFIG, await withFile(it, FILE)]);
  assertEquals(result.stdout, "Created App Profile web version 1.2.0\n");
  const [change, ...rest] = it.changes();
  assertEquals(rest, []);
  assertEquals({ method: change?.method, path: change?.path }, {
    method: "POST",
    path: "/v1/appProfiles",
  });
  const body = change?.body as {
    metadata: unknown;
    spec: { version: string; template: { appTiers: Record<string, unknown>[] } };
  };
  assertEquals(body.metadata, {
    name: "web",
    labels: { team: "dev", demo: "spectro__tag" },
    annotations: { description: "three tiers" },
  });
  assertEquals(body.spec.version, "1.2.0");
  const [db, api, kafka, extras] = body.spec.template.appTiers;
  assertEquals(db, {
    name: "db",
    type: "operator-instance",
    installOrder: 0,
    registryUid: "645669ba4583891d109fe6a0",
    sourceAppTierUid: "655669ba4583891d109fe6b2",
    version: "1.8.1",
    properties: [
      { name: "dbUserName", value: "pguser" },
      { name: "dbPassword", value: btoa(SECRET) },
    ],
  });
  assertEquals(api?.["containerRegistryUid"], "645669ba4583891d109fe6a2");
  assertEquals(api?.["sourceAppTierUid"], "655669ba4583891d109fe6b0");
  assertEquals(
    api?.["values"],
    `pack:
  namespace: ns # of the tier
containerService:
  serviceName: "{{.spectro.system.appdeployment.tiername}}-svc"
  registryUrl: ""
  image: ghcr.io/acme/api:1.0.8
  access: private
  replicas: 2
  ports:
    - "3000"
  serviceType: LoadBalancer
  env:
    - name: MODE
      value: demo
  volumeName: data
  volumeSize: 2
  pathToMount: /data`,
  );
  assertEquals(kafka, {
    name: "kafka",
    type: "helm",
    installOrder: 0,
    registryUid: "645669ba4583891d109fe6a1",
    sourceAppTierUid: "655669ba4583891d109fe6b3",
    version: "20.0.0",
    values: "replicaCount: 1",
  });
  assertEquals(extras, {
    name: "extras",
    type: "manifest",
    installOrder: 0,
    manifests: [{ name: "nginx", content: "kind: Namespace" }],
  });
});

Deno.test("from-config adds a version to a profile, and refuses one that is there", async () => {
  await using it = await make({ appProfiles: [appProfileOf("web", "1.0.0")] });
  const path = await withFile(it, FILE);
  assertEquals((await it.run([...FROM_CONFIG, path])).status, 0);
  const again = await it.run([...FROM_CONFIG, path, "--format", "json"]);
  assertEquals({ code: errorOf(again)["code"], message: errorOf(again)["message"] }, {
    code: "conflict",
    message: 'App Profile "web" has a version 1.2.0 already',
  });
  assertEquals(it.changes().length, 1);
});

Deno.test("from-config --update replaces the content of a version", async () => {
  const profile = appProfileOf("web", "1.2.0");
  await using it = await make({ appProfiles: [profile] });
  const result = await it.run([...FROM_CONFIG, await withFile(it, FILE), "--update"]);
  assertEquals(result.stdout, "Updated App Profile web version 1.2.0\n");
  const [change] = it.changes();
  assertEquals({ method: change?.method, path: change?.path }, {
    method: "PUT",
    path: `/v1/appProfiles/${profile.uid}`,
  });
});

Deno.test("from-config --dry-run shows the request without its secrets, and changes nothing", async () => {
  await using it = await make();
  const path = await withFile(it, FILE);
  const { stdout } = await it.run([...FROM_CONFIG, path, "--dry-run", "--encrypt"]);
  assertStringIncludes(stdout, "method: POST\npath: /v1/appProfiles\n");
  assertStringIncludes(stdout, "value: '[secret]'");
  assert(!stdout.includes(SECRET) && !stdout.includes(btoa(SECRET)));
  assertEquals(it.changes(), []);
  assertEquals(await Deno.readTextFile(path), FILE);
});

Deno.test("from-config takes -f and the documented -o for the file", async () => {
  await using it = await make();
  const path = await withFile(it, FILE);
  for (const flag of ["-f", "-o"]) {
    const result = await it.run(["create", "from-config", flag, path, "--dry-run"]);
    assertEquals(result.status, 0, result.stderr);
  }
});

Deno.test("from-config --encrypt encrypts the secrets of the file and nothing else", async () => {
  await using it = await make();
  const path = await withFile(it, FILE);
  const result = await it.run([...FROM_CONFIG, path, "--encrypt"]);
  assertEquals(result.status, 0, result.stderr);
  const text = await Deno.readTextFile(path);
  assert(!text.includes(SECRET));
  assertMatch(text, /dbPassword: "enc:v1:[\w-]+" # of the tests\n/);
  const [head = "", block = ""] = text.split(/^encryption:$/m);
  assertEquals(head.replace(/enc:v1:[\w-]+/, SECRET), FILE);
  assertMatch(block, /verifier: /);
  const body = JSON.stringify(it.changes()[0]?.body);
  assertStringIncludes(body, btoa(SECRET));
  it.palette.state.appProfiles = [];
  const again = await it.run([...FROM_CONFIG, path]);
  assertEquals(again.status, 0, again.stderr);
  assertEquals(JSON.stringify(it.changes()[1]?.body), body);
  const wrong = await it.run([...FROM_CONFIG, path, "--format", "json", "-k", "Wrong-Pass-1"]);
  assertEquals(errorOf(wrong)["code"], "decrypt-failed");
});

for (
  const [title, change, message] of [
    ["an unknown key", ["name: web", "nmae: web"], '"nmae" is not known here', 2, 1],
    ["an unknown key of a tier", ["    packVersion: 1.8.1", "    packversion: 1.8.1"], [
      '"packversion" is not known here',
    ]],
    ["a key of another type of tier", ["    values: |", "    manifests: |"], [
      '"manifests" is not known here',
    ]],
    ["a missing name", ["name: web\n", ""], ["name is required"]],
    ["a name that is none", ["name: web\n", "name: Web_1\n"], ['"Web_1" must be made of a-z']],
    ["a bad version", ["version: 1.2.0", "version: v1"], [
      'version must be three numbers like 1.0.0, not "v1"',
    ]],
    ["two tiers of one name", ["name: kafka", "name: api"], [
      'there are two tiers with the name "api"',
    ]],
    ["no tiers", [/tiers:[\s\S]*$/, "tiers: []\n"], ["there must be at least one tier"]],
    ["a bad type", ["type: helm", "type: chart"], [
      'tiers.2.type must be one of container, helm, manifest, operator-instance, not "chart"',
    ]],
    ["both a name and a uid", ["pack: kafka", "pack: kafka\n    packUid: x"], [
      "pack and packUid cannot be used together",
    ]],
    ["too many replicas", ["replicas: 2", "replicas: 11"], [
      'tiers.1.container.replicas must be a whole number from 1 to 10, not "11"',
    ]],
    ["a bad port", ['ports: ["3000"]', 'ports: ["http"]'], ["tiers.1.container.ports.0 must be"]],
    ["a missing pack", ["    pack: kafka\n", ""], ["pack is required in a tier of type helm"]],
    ["another kind", ["name: web\n", "name: web\nkind: Deployment\n"], [
      'kind must be one of AppProfile, not "Deployment"',
    ]],
  ] as [string, [string | RegExp, string], string | string[]][]
) {
  Deno.test(`from-config refuses ${title}, with line and column`, async () => {
    await using it = await make();
    const path = await withFile(it, FILE.replace(...change));
    const result = await it.run([...FROM_CONFIG, path, "--format", "json"]);
    assertEquals(result.status, 1);
    const error = errorOf(result);
    assertEquals(error["code"], "validation");
    assertStringIncludes(String(error["message"]), [message].flat()[0] ?? "");
    assertMatch(String(error["message"]), /at line \d+, column \d+$/);
    assertEquals(it.changes(), []);
  });
}

Deno.test("an error of the file names the place", async () => {
  await using it = await make();
  const path = await withFile(it, FILE.replace("replicas: 2", "replicas: many"));
  const result = await it.run([...FROM_CONFIG, path, "--format", "json"]);
  const line = FILE.split("\n").findIndex((text) => text.includes("replicas: 2")) + 1;
  assertStringIncludes(String(errorOf(result)["message"]), `at line ${line}, column 17`);
});

for (
  const [title, change, code, message, hint] of [
    [
      "an unknown registry",
      ["registry: Bitnami", "registry: Bitnomi"],
      "not-found",
      'Registry "Bitnomi" of tier "kafka" not found',
      "There are Public Repo, Bitnami, private-images",
    ],
    [
      "an unknown pack",
      ["pack: kafka", "pack: kafkaesque"],
      "not-found",
      'Pack "kafkaesque" of tier "kafka" not found in registry "Bitnami"',
      "Check the names",
    ],
    [
      "an unknown version",
      ["packVersion: 1.8.1", "packVersion: 9.9.9"],
      "not-found",
      'Pack "postgresql-operator" of tier "db" has no version "9.9.9"',
      "There are 1.8.2, 1.8.1",
    ],
    [
      "a property that the pack does not know",
      ["dbUserName: pguser", "user: pguser"],
      "validation",
      'Property "user" of tier "db" is not known to its pack',
      "There are dbUserName, dbPassword, databaseVolumeSize, version",
    ],
    [
      "a tag that is none",
      ['"team:dev"', '"a b"'],
      "validation",
      'Cannot use the tag "a b"',
      "Write key",
    ],
  ] as [string, [string, string], string, string, string][]
) {
  Deno.test(`from-config refuses ${title}`, async () => {
    await using it = await make();
    const path = await withFile(it, FILE.replace(...change));
    const result = await it.run([...FROM_CONFIG, path, "--format", "json"]);
    assertEquals(errorOf(result)["code"], code);
    assertStringIncludes(String(errorOf(result)["message"]), message);
    assertStringIncludes(String(errorOf(result)["hint"]), hint);
    assertEquals(it.changes(), []);
  });
}

Deno.test("from-config without a file, or with one that is not there", async () => {
  await using it = await make();
  const bare = await it.run(["create", "from-config", "--format", "json"]);
  assertEquals(
    errorOf(bare)["message"],
    "--config-file is required when not running interactively",
  );
  const absent = await it.run([...FROM_CONFIG, "/nowhere/web.yaml", "--format", "json"]);
  assertEquals(errorOf(absent)["code"], "io");
  assertStringIncludes(String(errorOf(absent)["message"]), '"/nowhere/web.yaml"');
});

Deno.test("a profile of the tenant is made without a project in the request", async () => {
  await using it = await make();
  const text = FILE.replace("name: web\n", "name: web\ncontext: tenant\n");
  await it.run([...FROM_CONFIG, await withFile(it, text)]);
  const request = it.palette.requests.find(({ path }) => path === "/v1/appProfiles");
  assertEquals(request?.headers.get("projectuid"), null);
});

Deno.test("app-profile list shows the latest version, filtered by name", async () => {
  await using it = await make({
    appProfiles: [
      appProfileOf("web", "1.9.0"),
      appProfileOf("web", "1.10.0"),
      appProfileOf("Mail", "2.0.0", { scope: "tenant" }),
    ],
  });
  const { stdout } = await it.run(["list"]);
  assertEquals(
    stdout,
    "NAME  VERSIONS  LATEST  SCOPE    TIERS  AGE\n" +
      "Mail  1         2.0.0   tenant   1      1d\n" +
      "web   2         1.10.0  project  1      1d\n",
  );
  const json = JSON.parse((await it.run(["list", "--name-filter", "MA", "-o", "json"])).stdout);
  assertEquals(json.items.map(({ name, latest }: Record<string, string>) => [name, latest]), [
    ["Mail", "2.0.0"],
  ]);
  const none = await it.run(["list", "--name-filter", "zzz"]);
  assertEquals(none.stderr, "Note: No App Profiles found\n");
});

Deno.test("app-profile versions lists the highest first", async () => {
  await using it = await make({
    appProfiles: [appProfileOf("web", "1.9.0"), appProfileOf("web", "1.10.0")],
  });
  const { stdout } = await it.run(["versions", "--name", "web", "-o", "json"]);
  assertEquals(JSON.parse(stdout), {
    items: ["1.10.0", "1.9.0"].map((version) => ({
      version,
      uid: appProfileOf("web", version).uid,
      createdAt: "2026-01-01T15:04:05Z",
    })),
    count: 2,
  });
});

Deno.test("app-profile describe hides secrets, and its YAML makes the profile again", async () => {
  await using it = await make();
  await it.run([...FROM_CONFIG, await withFile(it, FILE)]);
  const { stdout } = await it.run(["describe", "--name", "web"]);
  assertMatch(stdout, /\nDescription: +three tiers\n/);
  assertMatch(stdout, /\ndb +operator-instance +postgresql-operator +1\.8\.1 +Public Repo +0\n/);
  assertMatch(stdout, /\ndb +dbPassword +\*\*\*\*\n/);
  const yaml = (await it.run(["describe", "--name", "web", "-o", "yaml"])).stdout;
  for (const text of [SECRET, btoa(SECRET), "dbPassword"]) assert(!yaml.includes(text));
  const [first] = it.changes();
  it.palette.state.appProfiles = [];
  const again = await it.run([...FROM_CONFIG, await withFile(it, yaml)]);
  assertEquals(again.status, 0, again.stderr);
  // The secret properties are all that is lost.
  const without = (body: unknown) =>
    JSON.parse(JSON.stringify(body), (key, value) => key === "properties" ? [] : value);
  assertEquals(without(it.changes()[1]?.body), without(first?.body));
});

Deno.test("app-profile export names the secrets that it leaves out", async () => {
  await using it = await make();
  await it.run([...FROM_CONFIG, await withFile(it, FILE)]);
  const { stdout, stderr } = await it.run(["export", "--name", "web", "--version", "1.2.0"]);
  assertMatch(stdout, /^name: web\nversion: 1\.2\.0\n/);
  assertEquals(stderr, "Note: left out, for you to add: dbPassword of tier db\n");
});

Deno.test("app-profile delete deletes one version, in the scope it belongs to", async () => {
  await using it = await make({
    appProfiles: [
      appProfileOf("web", "1.0.0"),
      appProfileOf("web", "2.0.0"),
      appProfileOf("mail", "1.0.0", { scope: "tenant" }),
    ],
  });
  const args = ["delete", "--name", "web", "--version", "1.0.0"];
  assertEquals((await it.run(args)).stdout, "Deleted App Profile web version 1.0.0\n");
  const tenant = await it.run(["delete", "--name", "mail", "--version", "1.0.0", "-o", "json"]);
  assertEquals(JSON.parse(tenant.stdout), { name: "mail", version: "1.0.0", deleted: true });
  assertEquals(it.palette.state.appProfiles.map(({ version }) => version), ["2.0.0"]);
  const missing = await it.run(["delete", "-o", "json"]);
  assertEquals(
    errorOf(missing)["message"],
    "--name and --version are required when not running interactively",
  );
  const unknown = await it.run(["delete", "--name", "web", "--version", "2.0.1", "-o", "json"]);
  assertEquals(errorOf(unknown)["message"], 'App Profile "web" has no version "2.0.1"');
});

Deno.test("app-profile delete names the apps that use it", async () => {
  const profile = appProfileOf("web", "1.0.0");
  const cluster = runningCluster("dev");
  await using it = await make({
    appProfiles: [profile],
    clusters: [cluster],
    apps: [deployedApp("shop", profile, cluster)],
  });
  const result = await it.run(["delete", "--name", "web", "--version", "1.0.0", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "conflict");
  assertStringIncludes(String(errorOf(result)["message"]), "it is used by shop");
  assertEquals(it.changes(), []);
});

const ANSWERS = [
  { kind: "input", label: "App profile name", answer: "web" },
  { kind: "input", label: "Version", answer: "" },
  { kind: "input", label: "Description (optional)", answer: "asked" },
  { kind: "input", label: "Tags (optional, separated by commas)", answer: "env:dev" },
  { kind: "select", label: "Service type", answer: "service" },
  { kind: "input", label: "Tier name", answer: "db" },
  { kind: "input", label: /^Pack/, answer: "postgresql-operator" },
  { kind: "select", label: "Version", answer: "655669ba4583891d109fe6b1" },
  { kind: "input", label: "dbUserName", answer: "" },
  { kind: "secret", label: /^dbPassword/, answer: SECRET },
  { kind: "input", label: "databaseVolumeSize", answer: "2" },
  { kind: "select", label: "version", answer: "15" },
  { kind: "confirm", label: "Add another tier?", answer: true },
  { kind: "select", label: "Service type", answer: "container" },
  { kind: "input", label: "Tier name", answer: "api" },
  { kind: "input", label: "Image", answer: "nginx:1" },
  { kind: "input", label: "Registry URL (optional)", answer: "" },
  { kind: "input", label: "Replicas", answer: "" },
  { kind: "select", label: "Access", answer: "public" },
  { kind: "input", label: /^Ports/, answer: "80, 443" },
  { kind: "input", label: /^Environment/, answer: "A=1,B=x=y" },
  { kind: "input", label: /^Volume/, answer: "data:2:/data" },
  { kind: "input", label: /^Command/, answer: "" },
  { kind: "input", label: /^Arguments/, answer: "-v now" },
  { kind: "confirm", label: "Add another tier?", answer: false },
] as const;

Deno.test("create interactive --config-only writes what from-config reads, secrets encrypted", async () => {
  await using it = await make();
  const result = await it.run(["create", "interactive", "-o"], { answers: [...ANSWERS] });
  const path = `${it.home.workspace}/pde/app-profiles/web-1.0.0.yaml`;
  assertEquals(result.stdout, `==== App Profile config saved ====\nLocation: ${path}\n`);
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  const text = await Deno.readTextFile(path);
  assert(!text.includes(SECRET));
  assertMatch(text, /dbPassword: "enc:v1:/);
  assertEquals(it.changes(), []);
  const verified = await it.home.run(["config", "verify"]);
  assertEquals(verified.status, 0, verified.stdout + verified.stderr);
  assertStringIncludes(verified.stdout, "/tiers/0/properties/dbPassword");
  const created = await it.run([...FROM_CONFIG, path]);
  assertEquals(created.stdout, "Created App Profile web version 1.0.0\n", created.stderr);
  const body = JSON.stringify(it.changes()[0]?.body);
  assertStringIncludes(body, btoa(SECRET));
  assertStringIncludes(body, "pathToMount: /data");
  const second = await it.run(["create", "interactive", "-o"], { answers: [...ANSWERS] });
  assertMatch(second.stdout, /web-1\.0\.0-\d{14}\.yaml\n$/);
});

Deno.test("create interactive asks once more before it makes the profile", async () => {
  await using it = await make();
  const label = "Create web version 1.0.0 with the tiers db (operator-instance), api (container)?";
  const refused = await it.run(["create", "interactive"], {
    answers: [...ANSWERS, { kind: "confirm", label, answer: false }],
  });
  assertEquals(refused.status, 1);
  assertEquals(it.changes(), []);
  assert(!(await it.home.files()).some((file) => file.includes("app-profiles")));
  const made = await it.run(["create", "interactive"], {
    answers: [...ANSWERS, { kind: "confirm", label, answer: true }],
  });
  assertEquals(made.stdout, "Created App Profile web version 1.0.0\n");
  assertStringIncludes(JSON.stringify(it.changes()[0]?.body), btoa(SECRET));
});

Deno.test("create interactive needs a terminal", async () => {
  await using it = await make();
  const result = await it.run(["create", "interactive", "--format", "json"]);
  assertEquals(errorOf(result)["code"], "usage");
  assertStringIncludes(String(errorOf(result)["hint"]), "from-config");
});
