import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readDefinition } from "../../../lib/content/definition/read_definition.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { errorOf } from "../../support/home.ts";
import { packFiles, tarGzipOf, writeFolder } from "../../support/pack_folder.ts";
import {
  clusterProfile,
  definitionArchive,
  profilePack,
} from "../../support/palette/content_state.ts";
import { DEV_PROJECT, type PaletteState, STAGING_PROJECT } from "../../support/palette/state.ts";
import { World } from "../../support/world.ts";

const INFRA = clusterProfile("edge-infra", {
  uid: "infra",
  type: "infra",
  packs: [profilePack("edge-k3s", {
    layer: "k8s",
    version: "1.30.4",
    values: "pack: {content: {images: [{image: 'rancher/k3s:v1'}]}}",
  })],
});
const WEB = clusterProfile("web", {
  uid: "web",
  packs: [profilePack("web", {
    values: "pack: {content: {images: ['{{.spectro.var.host}}/web:1', rancher/k3s:v1]}}",
    manifests: [{ name: "pod", content: "spec: {containers: [{image: 'busybox:1.37'}]}\n" }],
  })],
});

function make(state: Partial<PaletteState> = {}): Promise<World> {
  return World.make(["content", "build"], {
    clusterProfiles: [INFRA, WEB],
    services: new Map([["stylus", {
      version: "4.6.1",
      manifests: { resources: ["image: us-docker.pkg.dev/palette-images/edge/stylus:v4.6.1"] },
    }]]),
    ...state,
  });
}

/** Files below the home folder that a build made. */
async function made({ home }: World): Promise<string[]> {
  return (await home.files()).filter((path) => !path.startsWith(".palette/"));
}

Deno.test("build --metadata-only writes the definition, and says where", async () => {
  await using it = await make();
  const out = `${it.home.root}/out`;
  const { status, stdout, stderr } = await it.run([
    ...["--profiles", "infra, web", "--set", "spectro.var.host=r.example.com", "--arch", "arm64"],
    ...["--metadata-only", "--output", `${out}/./`, "--name", "edge-1"],
    ...["--application-release-name", "shop", "--application-release-version", "1.10"],
  ]);
  const path = `${out}/bundle-definition.yaml`;
  assertEquals(
    stderr,
    "Warning: docker.io/library/busybox:1.37 of manifest:web/pod is not declared in " +
      "pack.content; it is taken along\n",
  );
  assertEquals(stdout, `Writing flattened bundle definition file at path ${path}\n`);
  assertEquals(status, 0);
  assertEquals(await made(it), ["out/bundle-definition.yaml"]);
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o644);
  assertEquals(
    await Deno.readTextFile(path),
    `apiVersion: content.palette.dev/v1
kind: BundleDefinition
metadata:
  name: edge-1
  projectId: "${DEV_PROJECT.uid}"
application:
  name: shop
  version: "1.10"
  notes: ""
spec:
  arch:
    - arm64
  fips: false
  profiles:
    - uid: infra
      name: edge-infra
      version: "1.0.0"
      type: infra
    - uid: web
      name: web
      version: "1.0.0"
      type: add-on
  images:
    - image: docker.io/library/busybox:1.37
      from:
        - manifest:web/pod
    - image: docker.io/rancher/k3s:v1
      from:
        - pack:edge-k3s
        - pack:web
    - image: r.example.com/web:1
      from:
        - pack:web
    - image: us-docker.pkg.dev/palette-images/edge/stylus:v4.6.1
      type: stylus
      from:
        - service:stylus
  charts: []
  packs: []
  rawFiles:
    - path: manifests/web/pod.yaml
      digest: sha256:dd6c0fcb0b0ff94c9f08f1a9b4fe6a47c75e6f92c07625edd5b4aedaa8def1ee
      size: 46
      from:
        - manifest:web/pod
      content: "spec: {containers: [{image: 'busybox:1.37'}]}\\n"
`,
  );
});

Deno.test("build --metadata-only of a definition that was edited keeps what was written", async () => {
  await using it = await make();
  const out = `${it.home.root}/out`;
  const first = ["--profiles", "infra", "--metadata-only", "--output", out, "--name", "edge-1"];
  assertEquals((await it.run(first)).status, 0);
  const path = `${out}/bundle-definition.yaml`;
  const edited = (await Deno.readTextFile(path)).replace("kind: B", "mine: true\nkind: B");
  await Deno.writeTextFile(path, edited);
  const args = ["--metadata-file", path, "--metadata-only", "--output", `${out}/2`, "--name", "b2"];
  const requests = it.palette.requests.length;
  const { status, stderr } = await it.run(args);
  assertEquals({ status, stderr }, {
    status: 0,
    stderr: `Warning: "${path}" has the unknown key mine; it is kept\n`,
  });
  assertEquals(it.palette.requests.length, requests);
  const text = await Deno.readTextFile(`${out}/2/bundle-definition.yaml`);
  assertEquals(readDefinition(text, "x").definition, {
    ...readDefinition(edited, "x").definition,
    name: "b2",
  });
});

Deno.test("build of packs needs no login, and has a name that is not unique", async () => {
  await using it = await make();
  await Deno.remove(it.home.workspace, { recursive: true });
  const folder = await writeFolder(`${it.home.root}/pack`, packFiles());
  const archive = `${it.home.root}/p.tar.gz`;
  await Deno.writeFile(
    archive,
    await tarGzipOf(packFiles({
      "pack.json": '{"name":"b","displayName":"B","version":"1.0.0","layer":"addon"}',
      "values.yaml": "pack: {content: {images: [nginx]}}",
    })),
  );
  const { status, stdout, stderr } = await it.run([
    ...["--packs", folder, "--packs", archive, "--metadata-only"],
    ...["-o", `${it.home.root}/out`, "--format", "json"],
  ]);
  assertEquals({ status, stderr }, { status: 0, stderr: "" });
  assertEquals(JSON.parse(stdout), {
    file: `${it.home.root}/out/bundle-definition.yaml`,
    name: "bundle",
    images: 2,
    charts: 1,
    packs: 2,
    rawFiles: 0,
    excluded: 0,
    undeclared: [],
  });
  assertEquals(it.palette.requests, []);
});

Deno.test("build refuses a definition whose pack is another one by now", async () => {
  await using it = await make();
  const folder = await writeFolder(`${it.home.root}/pack`, packFiles());
  const out = `${it.home.root}/out`;
  const first = await it.run(["--packs", folder, "--metadata-only", "-n", "b", "-o", out]);
  assertEquals(first.status, 0);
  const path = `${out}/bundle-definition.yaml`;
  const again = ["-f", path, "--metadata-only", "-o", `${out}/2`, "--format", "json"];
  assertEquals(JSON.parse((await it.run(again)).stdout)["packs"], 1);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace('"2.12.1"', '"2.12.2"'));
  const result = await it.run(again);
  assertEquals(
    errorOf(result)["message"],
    `Pack "${folder}" is elastic-operator 2.12.1, not elastic-operator 2.12.2`,
  );
});

Deno.test("build names the bundle of a project by it", async () => {
  await using it = await make();
  const args = ["--profiles", "infra", "--metadata-only", "-o", `${it.home.root}/out`];
  const { stderr } = await it.run(args);
  assertEquals(
    stderr,
    `Warning: the name bundle-${DEV_PROJECT.uid} is not unique: hosts replace a bundle by ` +
      "another of its name\n",
  );
});

Deno.test("build takes profiles of another project, and leaves out what others need", async () => {
  const state = {
    clusterProfiles: [INFRA, WEB].map((profile) => ({
      ...profile,
      projectUid: STAGING_PROJECT.uid,
    })),
  };
  await using it = await make(state);
  const { stdout, stderr, status } = await it.run([
    ...["--profiles", "web", "--exclude-profiles", "infra", "--project-id", STAGING_PROJECT.uid],
    ...["--set", "spectro.var.host=r.example.com", "--declared-only", "--metadata-only", "-n", "b"],
    ...["-o", `${it.home.root}/out`],
  ]);
  assertEquals(status, 0);
  assertStringIncludes(
    stderr,
    "Note: 2 items are left out: excluded profiles need them, too\n",
  );
  const path = stdout.trim().split(" ").at(-1) ?? "";
  const { definition } = readDefinition(await Deno.readTextFile(path), path);
  assertEquals(definition.images.map(({ image }) => image), ["r.example.com/web:1"]);
  assertEquals(definition.projectId, STAGING_PROJECT.uid);
});

for (
  const [flags, services] of [
    [[], true],
    [["--include-service-images=true"], true],
    [["--include-service-images=false"], false],
    [["--no-include-service-images"], false],
    [["--include-all-palette-images"], true],
    [["--include-all-palette-images=false"], false],
  ] as [string[], boolean][]
) {
  Deno.test(`build takes ${services ? "" : "no "}service images with ${flags.join(" ") || "no flag"}`, async () => {
    await using it = await make();
    const out = `${it.home.root}/out`;
    const args = ["--profiles", "infra", "--metadata-only", "-o", out, "-n", "b", ...flags];
    const { stderr } = await it.run(args);
    const text = await Deno.readTextFile(`${out}/bundle-definition.yaml`);
    assertEquals(text.includes("edge/stylus"), services);
    const asked = it.palette.requests.filter(({ path }) => path.startsWith("/v1/services/"));
    assertEquals(asked.length > 0, services);
    assertEquals(
      stderr,
      flags.join().includes("include-all")
        ? "Warning: --include-all-palette-images is gone; use --include-service-images\n"
        : "",
    );
  });
}

Deno.test("build --metadata-only names cluster definition and custom UI", async () => {
  await using it = await make();
  await Deno.writeFile(`${it.home.root}/ui.tar`, await tarGzipOf({ "index.html": "<p>" }));
  const out = `${it.home.root}/out`;
  const { status } = await it.run([
    ...["--cluster-definition-name", "edge.tgz", "--cluster-definition-profile-ids", "infra,web"],
    ...["--custom-ui", `${it.home.root}/ui.tar`, "--set", "spectro.var.host=a.example.com"],
    ...["--metadata-only", "-o", out, "-n", "b"],
  ]);
  assertEquals(status, 0);
  const text = await Deno.readTextFile(`${out}/bundle-definition.yaml`);
  assertStringIncludes(text, "  clusterDefinition:\n    file: edge.tgz\n");
  assertStringIncludes(text, "  customUI:\n    file: ui.tar\n");
  assertStringIncludes(text, "image: a.example.com/web:1\n");
  assertEquals(await made(it), ["out/bundle-definition.yaml", "ui.tar"]);
});

const DEFINITION = [
  ...["--cluster-definition-name", "edge", "--cluster-definition-profile-ids", "infra,web"],
  "--download-cluster-config-only",
];

Deno.test("build --download-cluster-config-only writes what Palette sends, private", async () => {
  await using it = await make();
  const out = `${it.home.root}/out`;
  const { status, stdout, stderr } = await it.run([...DEFINITION, "-o", out]);
  assertEquals({ status, stderr }, { status: 0, stderr: "" });
  assertEquals(stdout, `Downloaded cluster config at ${out}/edge.tgz\n`);
  assertEquals(
    await Deno.readFile(`${out}/edge.tgz`),
    definitionArchive('["edge-infra","web"]'),
  );
  assertEquals(((await Deno.stat(`${out}/edge.tgz`)).mode ?? 0) & 0o777, 0o600);
  assertEquals(it.changes(), [{
    method: "POST",
    path: "/v1/spectroclusters/spc/download",
    body: {
      metadata: { name: "cluster-profiles" },
      spec: { cloudType: "edge-native", profiles: [{ uid: "infra" }, { uid: "web" }] },
    },
  }]);
  const headers = it.palette.requests.at(-1)?.headers;
  assertEquals(headers?.get("projectuid"), DEV_PROJECT.uid);
  // Again, over the one that is there.
  const again = await it.run([...DEFINITION, "-o", out, "--format", "json"]);
  const size = definitionArchive('["edge-infra","web"]').length;
  assertEquals(JSON.parse(again.stdout), {
    file: `${out}/edge.tgz`,
    profiles: ["infra", "web"],
    size,
  });
  assertEquals(await made(it), ["out/edge.tgz"]);
});

Deno.test("build --download-cluster-config-only keeps no error as an archive", async () => {
  await using it = await make({
    clusterDefinition: new TextEncoder().encode('{"message":"it has no layers"}'),
  });
  const out = `${it.home.root}/out`;
  const result = await it.run([...DEFINITION, "-o", out, "--format", "json"]);
  assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
  assertEquals(errorOf(result)["code"], "api");
  assertEquals(
    errorOf(result)["message"],
    "Palette sent no cluster definition: it is an error in JSON: it has no layers",
  );
  assertEquals(await made(it), []);
});

const METADATA = ["--metadata-only"];
for (
  const [title, args, code, message] of [
    ["no source", METADATA, "usage", "There is nothing to build from"],
    [
      "a definition and profiles",
      ["-f", "x", "--profiles", "a", ...METADATA],
      "usage",
      "--metadata-file and --profiles cannot be used together",
    ],
    [
      "a definition and packs",
      ["-f", "x", "--packs", "a", ...METADATA],
      "usage",
      "--metadata-file and --packs cannot be used together",
    ],
    [
      "a name without profiles",
      ["--profiles", "a", "--cluster-definition-name", "x"],
      "usage",
      "--cluster-definition-name needs --cluster-definition-profile-ids",
    ],
    [
      "profiles without a name",
      ["--cluster-definition-profile-ids", "x"],
      "usage",
      "--cluster-definition-profile-ids needs --cluster-definition-name",
    ],
    [
      "a custom UI beside the cluster definition alone",
      [...DEFINITION, "--custom-ui", "x"],
      "usage",
      "--download-cluster-config-only and --custom-ui cannot be used together",
    ],
    [
      "--images-only without packs",
      ["--profiles", "a", "--images-only"],
      "usage",
      "--images-only needs --packs",
    ],
    [
      "--include-packs without profiles",
      ["--packs", "a", "--include-packs"],
      "usage",
      "--include-packs needs --profiles",
    ],
    ["--push without a registry", ["--packs", "a", "-p"], "usage", "--push needs --registry"],
    [
      "a remote build without a registry",
      ["--packs", "a", "--build-type", "remote"],
      "usage",
      "--build-type remote needs --registry",
    ],
    [
      "another build type",
      ["--packs", "a", "--build-type", "cloud"],
      "usage",
      '--build-type must be one of local, remote, not "cloud"',
    ],
    [
      "another architecture",
      ["--packs", "a", "--arch", "s390x"],
      "usage",
      'Unsupported architecture "s390x": use amd64 or arm64',
    ],
    [
      "a compression level that is none",
      ["--packs", "a", "--compression-level", "20"],
      "usage",
      "--compression-level must be from 0 to 19",
    ],
    [
      "a size that is none",
      ["--packs", "a", "--split-size", "4T"],
      "usage",
      '--split-size must be a size like 512M or 4G, not "4T"',
    ],
    [
      "a macro that is none",
      ["--packs", "a", "--set", "host=a"],
      "usage",
      '--set must be spectro.PATH=VALUE, not "host=a"',
    ],
    [
      "a name that is none",
      ["--packs", "a", "--name", "a/b"],
      "usage",
      '"a/b" cannot be the name of a bundle',
    ],
    [
      "a name of a definition that leads out",
      ["--cluster-definition-name", "../x", ...DEFINITION.slice(2)],
      "usage",
      '"../x" cannot be the name of a cluster definition',
    ],
    [
      "a pack that is not there",
      ["--packs", "/nowhere", ...METADATA],
      "io",
      'Cannot read pack "/nowhere": no such file or folder',
    ],
    [
      "a definition that is not there",
      ["-f", "/nowhere", ...METADATA],
      "io",
      'Cannot read "/nowhere": no such file or folder',
    ],
    [
      "a custom UI that is not there",
      ["--profiles", "infra", "--custom-ui", "/nowhere", ...METADATA],
      "io",
      'Cannot read "/nowhere" of --custom-ui: no such file',
    ],
    [
      "a profile that is not there",
      ["--profiles", "gone", ...METADATA],
      "not-found",
      'Cluster profiles not found in project "dev-team": "gone"',
    ],
    [
      "a project that is not there",
      ["--profiles", "infra", "--project-id", "gone", ...METADATA],
      "not-found",
      'Project "gone" of --project-id not found',
    ],
    [
      "a macro that nobody gives",
      ["--profiles", "web", ...METADATA],
      "validation",
      'Cannot tell what macros stand for: {{.spectro.var.host}} (pack "web", line 1)',
    ],
    [
      "a cluster definition without infrastructure",
      [
        "--cluster-definition-name",
        "x",
        "--cluster-definition-profile-ids",
        "web",
        "--download-cluster-config-only",
      ],
      "validation",
      "The cluster definition has no infrastructure layer",
    ],
  ] as [string, string[], string, string][]
) {
  Deno.test(`build refuses ${title}, and writes nothing`, async () => {
    await using it = await make();
    const out = `${it.home.root}/out`;
    const result = await it.run([...args, "-o", out, "--format", "json"]);
    assertEquals({ status: result.status, stdout: result.stdout }, { status: 1, stdout: "" });
    assertEquals(
      { code: errorOf(result)["code"], message: errorOf(result)["message"] },
      { code, message },
    );
    assertEquals(await made(it), []);
  });
}

Deno.test("build without a login says so", async () => {
  await using it = await make();
  await Deno.remove(it.home.workspace, { recursive: true });
  const result = await it.run(["--profiles", "infra", "--metadata-only", "--format", "json"]);
  assertEquals(errorOf(result)["code"], "not-logged-in");
});

Deno.test("build names the folder that cannot be written", async () => {
  await using it = await make();
  await Deno.writeTextFile(`${it.home.root}/out`, "a file");
  const args = ["--profiles", "infra", "--metadata-only", "-n", "b", "-o", `${it.home.root}/out`];
  const result = await it.run([...args, "--format", "json"]);
  assertEquals(errorOf(result)["code"], "io");
  assertStringIncludes(
    String(errorOf(result)["message"]),
    `Cannot write "${it.home.root}/out/bundle-definition.yaml": `,
  );
  assertEquals(await made(it), ["out"]);
});

Deno.test("build writes below output/ of the current folder by default", async () => {
  await using it = await make();
  const folder = await writeFolder(`${it.home.root}/pack`, packFiles());
  const command = new Deno.Command(Deno.execPath(), {
    args: denoRunArgs(
      ["-A"],
      new URL("../../../main.ts", import.meta.url).pathname,
      ...["content", "build", "--packs", "pack", "--metadata-only", "-n", "b"],
    ),
    cwd: it.home.root,
    env: { HOME: it.home.root },
  });
  const { code, stdout } = await command.output();
  assertEquals(code, 0);
  assertEquals(
    new TextDecoder().decode(stdout),
    "Writing flattened bundle definition file at path " +
      `${it.home.root}/output/content-bundle/bundle-definition.yaml\n`,
  );
  assert((await made(it)).includes("output/content-bundle/bundle-definition.yaml"));
  assertEquals(folder, `${it.home.root}/pack`);
});
