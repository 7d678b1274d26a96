import { assertEquals, assertThrows } from "@std/assert";
import { parse } from "@std/yaml";
import { UserError } from "../../../lib/errors.ts";
import {
  emptyDefinition,
  emptyEntry,
  imageEntry,
} from "../../../lib/content/definition/bundle_definition.ts";
import { documentOf, formatDefinition } from "../../../lib/content/definition/format_definition.ts";
import { chartRef, packRef, rawRef } from "../../../lib/content/definition/item_refs.ts";
import { readDefinition } from "../../../lib/content/definition/read_definition.ts";
import { isSafePath } from "../../../lib/content/safe_path.ts";

const DIGEST = `sha256:${"ab".repeat(32)}` as const;

const WHOLE = `apiVersion: content.palette.dev/v1
kind: BundleDefinition
metadata:
  name: example-bundle
  projectId: "1617181929"
  annotations:
    app: example
    version: "1.0.0"
application:
  name: shop
  version: "1.10"
  notes: "two\\nlines"
spec:
  arch:
    - amd64
  fips: false
  profiles:
    - uid: "12345678910"
      name: edge-infra
      version: "1.2.0"
      type: infra
  images:
    - image: docker.io/library/nginx:latest
      source: mirror.example.com/nginx:1
      digest: ${DIGEST}
      from:
        - pack:web
      annotations:
        tier: front
    - image: us-docker.pkg.dev/palette-images/edge/stylus:v4.10.4
      type: stylus
      from:
        - service:stylus
  charts:
    - repo: https://helm.elastic.co/
      name: eck-operator
      version: "2.12.1"
      digest: ${DIGEST}
  packs:
    - name: elastic-operator
      version: "2.12.1"
      registryUid: "64a"
  rawFiles:
    - path: manifests/x.yaml
      digest: ${DIGEST}
      size: 123
  clusterDefinition:
    file: example-definition.tgz
    digest: ${DIGEST}
  customUI:
    file: ui.tar.zst
  signing:
    algorithm: RSA-PKCS1v15-SHA256
    keyId: ${DIGEST}
`;

function problemOf(text: string): string {
  return assertThrows(() => readDefinition(text, "d.yaml"), UserError).message;
}

Deno.test("a definition that was written is read and written again the same", () => {
  const { definition, warnings } = readDefinition(WHOLE, "d.yaml");
  assertEquals(warnings, []);
  assertEquals(definition.application.version, "1.10");
  assertEquals(definition.images.map(({ type }) => type), ["image", "stylus"]);
  assertEquals(formatDefinition(definition), WHOLE);
  assertEquals(documentOf(definition), parse(WHOLE) as ReturnType<typeof documentOf>);
});

Deno.test("formatDefinition() sorts lists and keys, whatever their order was", () => {
  const entries = ["z.example.com/z:1", "a.example.com/b:1", "a.example.com/B:1"]
    .map((image) => imageEntry(image, ["pack:b", "pack:a", "pack:b"]));
  const one = { ...emptyDefinition("x"), images: entries, annotations: { b: "1", a: "2" } };
  const other = {
    ...emptyDefinition("x"),
    images: entries.toReversed(),
    annotations: { a: "2", b: "1" },
  };
  assertEquals(formatDefinition(one), formatDefinition(other));
  assertEquals(
    formatDefinition(one),
    `apiVersion: content.palette.dev/v1
kind: BundleDefinition
metadata:
  name: x
  annotations:
    a: "2"
    b: "1"
spec:
  arch: []
  fips: false
  profiles: []
  images:
    - image: a.example.com/B:1
      from:
        - pack:a
        - pack:b
    - image: a.example.com/b:1
      from:
        - pack:a
        - pack:b
    - image: z.example.com/z:1
      from:
        - pack:a
        - pack:b
  charts: []
  packs: []
  rawFiles: []
`,
  );
});

Deno.test("readDefinition() tells of keys that are nearly known ones", () => {
  const misspelt = (spec: string) =>
    readDefinition(`kind: BundleDefinition\nspec: ${spec}\n`, "d.yaml").misspelt;
  for (
    const [spec, place, near] of [
      ["{images: [{image: nginx, digets: x}]}", "spec.images[0].digets", "digest"],
      ["{images: [{image: nginx, sorce: x}]}", "spec.images[0].sorce", "source"],
      ["{imags: []}", "spec.imags", "images"],
      ["{rawfiles: []}", "spec.rawfiles", "rawFiles"],
      [
        "{charts: [{repo: oci://a/b, name: c, version: 1, form: x}]}",
        "spec.charts[0].form",
        "from",
      ],
    ] as const
  ) {
    const error = misspelt(spec);
    assertEquals([error?.code, error?.message, error?.hint], [
      "validation",
      `Cannot use "d.yaml" as a bundle definition: there is no key ${place}`,
      `Did you mean ${near}?`,
    ]);
  }
  for (const key of ["note", "mode", "date", "owner", "size", "hash", "imageNote"]) {
    assertEquals(misspelt(`{images: [{image: nginx, ${key}: x}]}`), null, key);
  }
});

Deno.test("readDefinition() keeps what it does not know, types and all, and warns", () => {
  const text = `kind: BundleDefinition
zulu: [1, "1", true, 1.5, null]
metadata: {name: x, owner: me}
spec:
  extra: {b: 1}
  images:
  - {image: nginx, note: "007"}
`;
  const { definition, warnings } = readDefinition(text, "d.yaml");
  assertEquals(warnings, [
    '"d.yaml" has the unknown key spec.images[0].note; it is kept',
    '"d.yaml" has the unknown key zulu; it is kept',
    '"d.yaml" has the unknown key metadata.owner; it is kept',
    '"d.yaml" has the unknown key spec.extra; it is kept',
  ]);
  const written = documentOf(definition) as Record<string, Record<string, unknown>>;
  assertEquals(written["zulu"] as unknown, [1, "1", true, 1.5, null]);
  assertEquals(written["metadata"]?.["owner"], "me");
  assertEquals(written["spec"]?.["extra"], { b: 1 });
  const again = readDefinition(formatDefinition(definition), "d.yaml");
  assertEquals(again.definition, definition);
  assertEquals(again.warnings.length, 4);
});

Deno.test("readDefinition() takes items that are only their reference", () => {
  const { definition } = readDefinition(
    `spec:
  arch: arm64
  profiles: ["123"]
  images: [nginx, "registry:5000/a/stylus@${DIGEST}"]
  charts: ["https://helm.elastic.co/stable/eck:2.1.0", "oci://ghcr.io/org/charts/eck:2.10"]
  packs: ["elastic:2.10"]
  rawFiles: [a/b.yaml]
  customUI: ui.tar
  clusterDefinition: ~
`,
    "d.yaml",
  );
  assertEquals(definition, {
    ...emptyDefinition(""),
    arch: ["arm64"],
    profiles: [{ uid: "123", name: "", version: "", type: "", extras: {} }],
    images: [
      imageEntry("docker.io/library/nginx:latest"),
      { ...imageEntry(`registry:5000/a/stylus@${DIGEST}`), type: "stylus" },
    ],
    charts: [
      { repo: "https://helm.elastic.co/stable", name: "eck", version: "2.1.0", ...emptyEntry() },
      { repo: "oci://ghcr.io/org/charts", name: "eck", version: "2.10", ...emptyEntry() },
    ],
    packs: [
      { name: "elastic", version: "2.10", registryUid: "", source: "", path: "", ...emptyEntry() },
    ],
    rawFiles: [{ path: "a/b.yaml", size: null, content: null, ...emptyEntry() }],
    customUi: { file: "ui.tar", digest: null, extras: {} },
  });
});

for (
  const [title, text, reason] of [
    ["nothing", "", "the file is no mapping"],
    ["a list", "- a\n", "the file is no mapping"],
    ["several documents", "spec: {}\n---\nspec: {}\n", "the file has several documents"],
    ["no spec", "kind: BundleDefinition\n", "spec is required"],
    ["another kind", "kind: Pod\nspec: {a: b}\n", "kind must be BundleDefinition"],
    [
      "another version",
      "apiVersion: content.palette.dev/v9\nspec: {a: b}\n",
      'apiVersion is "content.palette.dev/v9", not content.palette.dev/v1: another program or ' +
      "version wrote it",
    ],
    ["another architecture", "spec: {arch: [s390x]}", 'spec.arch has "s390x": use amd64 or arm64'],
    ["images that are no list", "spec: {images: {a: b}}", "spec.images must be a list"],
    [
      "an image without a name",
      "spec: {images: [{source: a}]}",
      "spec.images[0].image is required",
    ],
    [
      "an image that is none",
      'spec: {images: ["UPPER"]}',
      'spec.images[0] has "UPPER", no image reference: "UPPER" is no repository',
    ],
    [
      "a digest that is none",
      "spec: {images: [{image: a, digest: sha256:12}]}",
      'spec.images[0].digest must be sha256: and 64 digits, not "sha256:12"',
    ],
    [
      "an unknown type",
      "spec: {images: [{image: a, type: vm}]}",
      'spec.images[0].type must be image or stylus, not "vm"',
    ],
    [
      "an image twice",
      "spec: {images: [nginx, docker.io/nginx:latest]}",
      'spec.images has "docker.io/library/nginx:latest" twice',
    ],
    [
      "a chart that is none",
      "spec: {charts: [eck]}",
      'spec.charts[0] must be REPO/NAME:VERSION with https:// or oci://, not "eck"',
    ],
    ["a pack without version", "spec: {packs: [{name: a}]}", "spec.packs[0].version is required"],
    [
      "a path out of the bundle",
      "spec: {rawFiles: [a/../../b]}",
      'spec.rawFiles[0] has the path "a/../../b", which leads out of the bundle',
    ],
    [
      "a size that is none",
      "spec: {rawFiles: [{path: a, size: -1}]}",
      'spec.rawFiles[0].size must be a number of bytes, not "-1"',
    ],
    [
      "a file in another folder",
      "spec: {customUI: {file: ../ui.tar}}",
      'spec.customUI has the file "../ui.tar", which is no name of a file',
    ],
    ["no boolean", "spec: {fips: maybe}", 'spec.fips must be true or false, not "maybe"'],
  ] as const
) {
  Deno.test(`readDefinition() refuses ${title}`, () => {
    assertEquals(problemOf(text), `Cannot use "d.yaml" as a bundle definition: ${reason}`);
  });
}

Deno.test("readDefinition() names the line of what is no YAML", () => {
  const error = assertThrows(() => readDefinition("spec:\n  - a\n b: [\n", "d.yaml"), UserError);
  assertEquals(error.code, "validation");
  assertEquals(/^Cannot read "d\.yaml": .+, at line \d+, column \d+$/.test(error.message), true);
});

Deno.test("items have one name in every bundle", () => {
  const chart = { name: "eck", version: "2.1.0+b" };
  assertEquals(
    [
      chartRef({ ...chart, repo: "https://helm.elastic.co/" }),
      chartRef({ ...chart, repo: "https://h.example.com:8080/stable" }),
      chartRef({ ...chart, repo: "oci://ghcr.io/org/charts" }),
      chartRef({ ...chart, repo: "oci://ghcr.io/org/charts/eck" }),
      packRef({ name: "elastic", version: "1.0.0" }),
      rawRef({ path: "manifests/x.yaml" }),
    ],
    [
      "helm.elastic.co/eck:2.1.0_b",
      "h.example.com:8080/stable/eck:2.1.0_b",
      "ghcr.io/org/charts/eck:2.1.0_b",
      "ghcr.io/org/charts/eck:2.1.0_b",
      "spectro-packs/archive/elastic:1.0.0",
      "raw/manifests/x.yaml",
    ],
  );
});

Deno.test("isSafePath() takes what stays below its folder", () => {
  const paths = ["a", "a/b.c", "/a", "a//b", "./a", "a/..", "C:\\a", "c:a", "a\\b", "", "..a"];
  assertEquals(paths.filter(isSafePath), ["a", "a/b.c", "..a"]);
});
