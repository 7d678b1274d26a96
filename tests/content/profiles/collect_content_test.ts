import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { documentOf } from "../../../lib/content/definition/format_definition.ts";
import { readPack } from "../../../lib/content/packs/read_pack.ts";
import { checkDefinitionProfiles } from "../../../lib/content/profiles/check_profiles.ts";
import {
  collectContent,
  type CollectParts,
  type CollectRequest,
} from "../../../lib/content/profiles/collect_content.ts";
import { loadProfiles } from "../../../lib/content/profiles/load_profiles.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { testClient } from "../../support/api_client.ts";
import { packFiles, tarGzipOf, writeFolder } from "../../support/pack_folder.ts";
import {
  clusterProfile,
  type PaletteContent,
  profilePack,
} from "../../support/palette/content_state.ts";
import { startFakePalette } from "../../support/palette/fake_palette.ts";
import { DEV_PROJECT } from "../../support/palette/state.ts";

const PUBLIC_REPO = "645669ba4583891d109fe6a0";
const BITNAMI = "645669ba4583891d109fe6a1";

const REQUEST: Omit<CollectRequest, "profiles" | "excluded" | "packs"> = {
  name: "b",
  arch: [],
  isFips: false,
  macros: new Map(),
  includesPacks: false,
  imagesOnly: false,
  declaredOnly: false,
  includesServices: false,
  coreServicesOnly: false,
  withCompliance: false,
};

interface Given extends Partial<Omit<CollectRequest, "profiles" | "excluded" | "packs">> {
  profiles?: string[];
  excluded?: string[];
  /** Folders. */
  packs?: string[];
  imageExists?: CollectParts["imageExists"];
}

/** Collects from a Palette that knows some content. */
async function collect(state: Partial<PaletteContent>, given: Given) {
  await using palette = await startFakePalette();
  Object.assign(palette.state, state);
  using it = await testClient(palette.url, { project: DEV_PROJECT });
  const { profiles = [], excluded = [], packs = [], imageExists = null, ...rest } = given;
  const load = (uids: string[]) => loadProfiles(it.client, uids, 'project "dev-team"');
  const collected = await collectContent({
    ...REQUEST,
    ...rest,
    profiles: await load(profiles),
    excluded: await load(excluded),
    packs: await Promise.all(packs.map((path) => readPack(path, path, systemFiles()))),
  }, {
    crypto: systemCrypto(),
    palette: { client: it.client, project: DEV_PROJECT },
    imageExists,
  });
  const { spec } = documentOf(collected.definition) as { spec: Record<string, unknown> };
  const requests = palette.requests.map(({ method, path, query }) =>
    `${method} ${path}${query.size === 0 ? "" : `?${query}`}`
  );
  return { ...collected, spec, requests };
}

/** Images with who asks for them. */
function imagesOf(spec: Record<string, unknown>): string[] {
  return (spec["images"] as { image: string; from: string[] }[])
    .map(({ image, from }) => `${image} ${from.join(" ")}`);
}

async function refusal(state: Partial<PaletteContent>, given: Given): Promise<UserError> {
  return await assertRejects(() => collect(state, given), UserError);
}

function content(...images: string[]): string {
  return `pack:\n  content:\n    images:\n${
    images.map((image) => `    - image: ${image}\n`).join("")
  }`;
}

const INFRA = clusterProfile("edge-infra", {
  type: "infra",
  packs: [
    profilePack("edge-native-byoi", {
      layer: "os",
      values: `${content('"{{.spectro.pack.edge-native-byoi.options.system.uri}}"')}options:
  system.uri: "{{.spectro.var.host}}/os:{{.spectro.system.kubernetes.version}}-{{.spectro.macro.flavor}}"
`,
    }),
    profilePack("edge-k3s", { layer: "k8s", version: "1.30.4", values: content("rancher/k3s:v1") }),
  ],
  variables: [
    { name: "host", defaultValue: "ttl.sh" },
    { name: "secret", defaultValue: "x", isSensitive: true },
  ],
});
const MANIFEST = "kind: Pod\nspec:\n  containers:\n  - image: busybox:1.37\n";
const WEB = clusterProfile("web", {
  packs: [
    profilePack("nginx", {
      type: "helm",
      version: "15.0.0",
      registryUid: BITNAMI,
      values: content("rancher/k3s:v1", "nginx:1.27"),
    }),
    profilePack("extras", {
      type: "manifest",
      manifests: [{ name: "../../pod", content: MANIFEST }],
    }),
  ],
});

Deno.test("what profiles need is found by their packs, in the tenant's and the project's words", async () => {
  const { spec, undeclared, rawFiles, warnings, requests } = await collect({
    clusterProfiles: [INFRA, WEB],
    macros: new Map([
      ["40b8a9a7f724831be814e5734ea744ed", [{ name: "flavor", value: "tenant" }]],
      [DEV_PROJECT.uid, [{ name: "flavor", value: "ubuntu" }]],
    ]),
    contentRegistries: [{
      uid: BITNAMI,
      kind: "helm",
      endpoint: "https://charts.example.com/bitnami",
    }],
  }, { profiles: [INFRA.uid, WEB.uid] });
  assertEquals(spec, {
    arch: [],
    fips: false,
    profiles: [
      { uid: INFRA.uid, name: "edge-infra", version: "1.0.0", type: "infra" },
      { uid: WEB.uid, name: "web", version: "1.0.0", type: "add-on" },
    ],
    images: [
      { image: "docker.io/library/busybox:1.37", from: ["manifest:extras/../../pod"] },
      { image: "docker.io/library/nginx:1.27", from: ["pack:nginx"] },
      { image: "docker.io/rancher/k3s:v1", from: ["pack:edge-k3s", "pack:nginx"] },
      { image: "ttl.sh/os:1.30.4-ubuntu", from: ["pack:edge-native-byoi"] },
    ],
    charts: [
      {
        repo: "https://charts.example.com/bitnami",
        name: "nginx",
        version: "15.0.0",
        from: ["pack:nginx"],
      },
    ],
    packs: [],
    rawFiles: [{
      path: "manifests/extras/pod.yaml",
      digest: "sha256:9a301865c4cf27af1be6fa6f5a058291313598426bf2295745b5471e6f8138ad",
      size: 54,
      from: ["manifest:extras/../../pod"],
      content: MANIFEST,
    }],
  });
  assertEquals(undeclared, [{
    image: "docker.io/library/busybox:1.37",
    usedBy: ["manifest:extras/../../pod"],
    isIncluded: true,
  }]);
  assertEquals([...rawFiles].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]), [
    ["manifests/extras/pod.yaml", MANIFEST],
  ]);
  assertEquals(warnings, []);
  assertEquals(requests.sort(), [
    "GET /v1/clusterprofiles/macros",
    "GET /v1/clusterprofiles/uid-of-edge-infra",
    "GET /v1/clusterprofiles/uid-of-edge-infra/packs",
    "GET /v1/clusterprofiles/uid-of-edge-infra/packs/manifests",
    "GET /v1/clusterprofiles/uid-of-edge-infra/variables",
    "GET /v1/clusterprofiles/uid-of-web",
    "GET /v1/clusterprofiles/uid-of-web/packs",
    "GET /v1/clusterprofiles/uid-of-web/packs/manifests",
    `GET /v1/projects/${DEV_PROJECT.uid}/macros`,
    "GET /v1/registries/helm/645669ba4583891d109fe6a1",
    "GET /v1/registries/metadata",
    "GET /v1/registries/oci/image",
    "GET /v1/tenants/40b8a9a7f724831be814e5734ea744ed/macros",
    "GET /v1/users/info",
  ]);
});

Deno.test("--declared-only reports what manifests use and leaves it out", async () => {
  const { spec, undeclared } = await collect({
    clusterProfiles: [{ ...WEB, packs: WEB.packs.slice(1) }],
  }, { profiles: [WEB.uid], declaredOnly: true });
  assertEquals(spec["images"], []);
  assertEquals(undeclared.map(({ image, isIncluded }) => [image, isIncluded]), [
    ["docker.io/library/busybox:1.37", false],
  ]);
});

Deno.test("macros that nobody gives are named all at once, and --set gives them", async () => {
  const state = { clusterProfiles: [INFRA] };
  const error = await refusal(state, { profiles: [INFRA.uid] });
  assertEquals(
    error.message,
    'Cannot tell what macros stand for: {{.spectro.macro.flavor}} (pack "edge-native-byoi", line 6)',
  );
  assertEquals(error.hint, "Pass --set spectro.macro.flavor=VALUE");
  const { spec } = await collect(state, {
    profiles: [INFRA.uid],
    macros: new Map([["spectro.macro.flavor", "x"], ["spectro.var.host", "h.example.com"]]),
  });
  assertEquals(imagesOf(spec)[1], "h.example.com/os:1.30.4-x pack:edge-native-byoi");
});

Deno.test("images keep their name and come from where Palette takes them", async () => {
  const profile = clusterProfile("a", {
    packs: [profilePack("a", { values: content("nginx", "gcr.io/a/b:1", "quay.io/a/b:1") })],
  });
  const { spec } = await collect({
    clusterProfiles: [profile],
    imageMirrors:
      "docker.io::images.example.com:5000/v2/mirror/, gcr.io::https://m.example.com,odd",
  }, { profiles: [profile.uid] });
  const images = spec["images"] as { image: string; source?: string }[];
  assertEquals(images.map(({ image, source }) => [image, source]), [
    ["docker.io/library/nginx:latest", "images.example.com:5000/mirror/library/nginx:latest"],
    ["gcr.io/a/b:1", "m.example.com/a/b:1"],
    ["quay.io/a/b:1", undefined],
  ]);
});

Deno.test("secret variables are no values", async () => {
  const pack = profilePack("a", { values: content("x/{{.spectro.var.secret}}:1") });
  const profile = clusterProfile("a", { packs: [pack], variables: INFRA.variables });
  const error = await refusal({ clusterProfiles: [profile] }, { profiles: [profile.uid] });
  assertEquals(error.hint, "Pass --set spectro.var.secret=VALUE");
});

Deno.test("profiles that are not in the project are named all at once", async () => {
  const other = clusterProfile("other", { projectUid: "6342eab2faa0813ead9082e2" });
  const error = await refusal({ clusterProfiles: [INFRA, other] }, {
    profiles: ["gone", INFRA.uid, other.uid],
  });
  assertEquals(error.code, "not-found");
  assertEquals(
    error.message,
    'Cluster profiles not found in project "dev-team": "gone", "uid-of-other"',
  );
});

for (
  const [title, given, message] of [
    [
      "two infrastructure layers",
      [clusterProfile("one", { type: "infra" }), clusterProfile("two", { type: "cluster" })],
      'There is more than one infrastructure layer: profile "one" 1.0.0, profile "two" 1.0.0',
    ],
    [
      "the pack whose place Registry Connect has taken",
      [clusterProfile("one", {
        packs: [profilePack("x", { displayName: "Harbor Edge-Native Config" })],
      })],
      'Cannot bundle profile "one" 1.0.0: its pack "x" is not supported here',
    ],
    ["nothing in them", [clusterProfile("one")], "There is nothing to bundle"],
    [
      "values that are no YAML",
      [clusterProfile("one", { packs: [profilePack("x", { values: "a: [" })] })],
      null,
    ],
  ] as const
) {
  Deno.test(`profiles are refused with ${title}`, async () => {
    const error = await refusal({ clusterProfiles: [...given] }, {
      profiles: given.map(({ uid }) => uid),
    });
    assertEquals(error.code, "validation");
    if (message !== null) assertEquals(error.message, message);
    else assertEquals(error.message.startsWith('Cannot read the values of pack "x": '), true);
  });
}

Deno.test("drafts and profiles for other clouds are worth a warning", async () => {
  const profile = clusterProfile("a", {
    cloudType: "aws",
    isPublished: false,
    packs: [profilePack("a", { values: content("nginx") })],
  });
  const { warnings } = await collect({ clusterProfiles: [profile] }, { profiles: [profile.uid] });
  assertEquals(warnings, [
    'profile "a" 1.0.0 is not published; its draft is used',
    'profile "a" 1.0.0 is for aws, not for edge-native',
  ]);
});

Deno.test("a cluster definition has one infrastructure layer and no pack twice", async () => {
  await using palette = await startFakePalette();
  const twice = clusterProfile("twice", { packs: [profilePack("nginx")] });
  palette.state.clusterProfiles = [INFRA, WEB, twice];
  using it = await testClient(palette.url, { project: DEV_PROJECT });
  const check = async (...uids: string[]) =>
    checkDefinitionProfiles(await loadProfiles(it.client, uids, "p"));
  await check(INFRA.uid, WEB.uid);
  const none = await assertRejects(() => check(WEB.uid), UserError);
  assertEquals(none.message, "The cluster definition has no infrastructure layer");
  const pack = await assertRejects(() => check(INFRA.uid, WEB.uid, twice.uid), UserError);
  assertEquals(
    pack.message,
    'The cluster definition has the pack "nginx" twice: in profile "web" 1.0.0 and profile ' +
      '"twice" 1.0.0',
  );
});

Deno.test("packs of profiles are taken from OCI registries on request, charts too", async () => {
  const packs = [
    profilePack("a", { values: content("nginx") }),
    profilePack("b", { type: "oci", registryUid: "r1", version: "1.0.0+x" }),
    profilePack("c", { type: "helm", registryUid: "r1" }),
    profilePack("d", { registryUid: "r2" }),
    profilePack("e", { type: "helm", registryUid: "r2" }),
    profilePack("f", { type: "helm", registryUid: "gone" }),
    profilePack("g", { registryUid: "r3" }),
    profilePack("h", { version: "1 of 2" }),
  ];
  const profile = clusterProfile("x", { packs });
  const { spec, warnings } = await collect({
    clusterProfiles: [profile],
    contentRegistries: [
      { uid: PUBLIC_REPO, kind: "basic", endpoint: "https://r.example.com/", basePath: "/prod" },
      { uid: "r1", kind: "ecr", endpoint: "1.dkr.ecr.example.com", basePath: "a/spectro-packs" },
      { uid: "r2", kind: "pack", endpoint: "https://old.example.com" },
      { uid: "r3", kind: "helm", endpoint: "https://charts.example.com" },
    ],
  }, { profiles: [profile.uid], includesPacks: true });
  assertEquals(spec["packs"], [
    {
      name: "a",
      version: "1.0.0",
      registryUid: PUBLIC_REPO,
      source: "r.example.com/prod/spectro-packs/archive/a:1.0.0",
      from: ["pack:a"],
    },
    {
      name: "b",
      version: "1.0.0+x",
      registryUid: "r1",
      source: "1.dkr.ecr.example.com/a/spectro-packs/archive/b:1.0.0_x",
      from: ["pack:b"],
    },
  ]);
  assertEquals(spec["charts"], [{
    repo: "oci://1.dkr.ecr.example.com/a/spectro-packs",
    name: "c",
    version: "1.0.0",
    from: ["pack:c"],
  }]);
  const why = "only Palette can read its registry, https://old.example.com; " +
    "with the pack on this machine, name it in --packs";
  assertEquals(warnings, [
    `pack "d" is left out: ${why}`,
    `the chart of pack "e" is left out: ${why}`,
    'the chart of pack "f" is left out: you may not read its registry',
    'pack "g" is left out: its registry, https://charts.example.com, has only charts',
    'pack "h" is left out: no registry can have its version as a tag',
  ]);
});

const SERVICES: PaletteContent["services"] = new Map([
  ["stylus", {
    version: "4.6.1",
    manifests: {
      resources: ["image: us-docker.pkg.dev/palette-images/edge/stylus:v4.6.1"],
      apply: ["image: us-docker.pkg.dev/palette-images/edge/stylus:v4.6.1\nother: {image: 5}"],
    },
  }],
  ["provider-k3s", {
    version: "1",
    manifests: { apply: ["image: gcr.io/spectro-images-public/k3s:1"] },
  }],
  ["provider-rke2", { version: "1", manifests: { apply: ["image: gcr.io/a/rke2:1"] } }],
  ["tick", {
    version: "1",
    manifests: {
      resources: [
        "image: docker.io/third/party:1",
        "image: us-docker.pkg.dev/palette-images/kube-bench:1",
      ],
    },
  }],
]);
const SERVICE_STATE = {
  clusterProfiles: [{ ...INFRA, packs: INFRA.packs.slice(1) }],
  services: SERVICES,
};

for (
  const [title, given, images] of [
    ["all", {}, [
      "docker.io/rancher/k3s:v1 pack:edge-k3s",
      "docker.io/third/party:1 service:tick",
      "gcr.io/spectro-images-public/k3s:1 service:provider-k3s",
      "us-docker.pkg.dev/palette-images/edge/stylus:v4.6.1 service:stylus",
    ]],
    ["only those of the core", { coreServicesOnly: true }, [
      "docker.io/rancher/k3s:v1 pack:edge-k3s",
      "gcr.io/spectro-images-public/k3s:1 service:provider-k3s",
      "us-docker.pkg.dev/palette-images/edge/stylus:v4.6.1 service:stylus",
    ]],
    ["those for compliance scans", { withCompliance: true, coreServicesOnly: false }, [
      "docker.io/rancher/k3s:v1 pack:edge-k3s",
      "docker.io/third/party:1 service:tick",
      "gcr.io/spectro-images-public/k3s:1 service:provider-k3s",
      "us-docker.pkg.dev/palette-images/edge/stylus:v4.6.1 service:stylus",
      "us-docker.pkg.dev/palette-images/kube-bench:1 service:tick",
    ]],
    ["only those built for FIPS 140", {
      isFips: true,
      imageExists: (image: string) => Promise.resolve(image.includes("stylus")),
    }, [
      "docker.io/rancher/k3s:v1 pack:edge-k3s",
      "us-docker.pkg.dev/palette-images-fips/edge/stylus:v4.6.1 service:stylus",
    ]],
  ] as [string, Given, string[]][]
) {
  Deno.test(`images of Palette's services: ${title}`, async () => {
    const { spec } = await collect(SERVICE_STATE, {
      profiles: [INFRA.uid],
      includesServices: true,
      ...given,
    });
    assertEquals(imagesOf(spec), images);
    const types = (spec["images"] as { image: string; type?: string }[])
      .filter(({ type }) => type === "stylus").map(({ image }) => image.includes("/stylus:"));
    assertEquals(types, [true]);
  });
}

Deno.test("images for FIPS 140 that could not be looked up are named", async () => {
  const { warnings } = await collect(SERVICE_STATE, {
    profiles: [INFRA.uid],
    includesServices: true,
    isFips: true,
  });
  assertEquals(warnings.sort(), [
    "docker.io/third/party:1 of tick is left out: there is none for FIPS 140",
    "gcr.io/spectro-images-fips/k3s:1 takes the place of gcr.io/spectro-images-public/k3s:1; " +
    "whether it exists was not checked",
    "us-docker.pkg.dev/palette-images-fips/edge/stylus:v4.6.1 takes the place of " +
    "us-docker.pkg.dev/palette-images/edge/stylus:v4.6.1; whether it exists was not checked",
  ]);
});

Deno.test("a Palette that tells no service images is worth a warning", async () => {
  const { warnings } = await collect({ ...SERVICE_STATE, services: new Map() }, {
    profiles: [INFRA.uid],
    includesServices: true,
    withCompliance: true,
  });
  assertEquals(warnings, [
    "Palette tells no image of its services; none is taken along",
    "Palette tells no image for compliance scans; none is taken along",
  ]);
});

Deno.test("what excluded profiles need is left out", async () => {
  const base = { ...INFRA, packs: INFRA.packs.slice(1) };
  const state = {
    clusterProfiles: [base, WEB, { ...WEB, uid: "again", packs: WEB.packs.slice(1) }],
    services: SERVICES,
    contentRegistries: [{ uid: BITNAMI, kind: "helm", endpoint: "https://c.example.com" } as const],
  };
  const { spec, excludedCount } = await collect(state, {
    profiles: [WEB.uid],
    excluded: [base.uid, "again"],
    includesServices: true,
  });
  assertEquals(imagesOf(spec), ["docker.io/library/nginx:1.27 pack:nginx"]);
  assertEquals((spec["charts"] as unknown[]).length, 1);
  assertEquals(spec["rawFiles"], []);
  assertEquals(excludedCount, 5);
  const error = await refusal(state, { profiles: [base.uid], excluded: [base.uid] });
  assertEquals(error.message, "There is nothing to bundle");
  assertEquals(error.hint, "The profiles of --exclude-profiles need all of it, too");
});

Deno.test("packs on this machine give images, charts and themselves", async () => {
  const folder = await Deno.makeTempDir({ prefix: "palette-pack-" });
  try {
    const chart = await tarGzipOf({ "c/values.yaml": "image: redis:7\n", "c/Chart.yaml": "a: b" });
    await writeFolder(
      folder,
      packFiles({
        "charts/c.tgz": chart,
        "manifests/pod.yaml": MANIFEST,
        "values.yaml": `${packFiles()["values.yaml"]}tag: "2.0"\n`.replace(
          "images:",
          "images:\n      - image: elastic/x:{{.spectro.pack.elastic-operator.tag}}",
        ),
      }),
    );
    const { spec, undeclared, packs, rawFiles } = await collect({}, { packs: [folder] });
    assertEquals(imagesOf(spec), [
      "docker.elastic.co/eck/eck-operator:2.12.1 pack:elastic-operator",
      "docker.io/elastic/x:2.0 pack:elastic-operator",
      "docker.io/library/busybox:1.37 manifest:elastic-operator/manifests/pod.yaml",
    ]);
    assertEquals(spec["charts"], [{
      repo: "https://helm.elastic.co/",
      name: "eck-operator",
      version: "2.10",
      from: ["pack:elastic-operator"],
    }]);
    assertEquals(spec["packs"], [{
      name: "elastic-operator",
      version: "2.12.1",
      path: folder,
      from: ["pack:elastic-operator"],
    }]);
    assertEquals(undeclared, [
      {
        image: "docker.io/library/busybox:1.37",
        usedBy: ["manifest:elastic-operator/manifests/pod.yaml"],
        isIncluded: true,
      },
      {
        image: "docker.io/library/redis:7",
        usedBy: ["chart:elastic-operator/charts/c.tgz"],
        isIncluded: false,
      },
    ]);
    assertEquals([...packs.keys()], ["spectro-packs/archive/elastic-operator:2.12.1"]);
    assertEquals(rawFiles.size, 0);
    const only = await collect({}, { packs: [folder], imagesOnly: true, declaredOnly: true });
    assertEquals(imagesOf(only.spec).length, 2);
    assertEquals([only.spec["charts"], only.spec["packs"]], [[], []]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
