import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import {
  imagesOfManifests,
  imagesOfService,
  imagesOfTemplate,
} from "../../../lib/content/packs/find_images.ts";
import { MacroScope, readPackValues } from "../../../lib/content/packs/macros.ts";
import { readPackContent } from "../../../lib/content/packs/pack_content.ts";

/** What a pack declares, and the macros that nobody gave. */
function read(text: string, given: Record<string, string> = {}, others: [string, string][] = []) {
  const values = readPackValues("p", text);
  const packs = [values, ...others.map(([name, other]) => readPackValues(name, other))];
  const scope = new MacroScope(packs, new Map(Object.entries(given)));
  const content = readPackContent(values, scope);
  const unresolved = scope.unresolved.map(({ owner, text, line }) => `${owner} ${line} ${text}`);
  return { ...content, unresolved };
}

Deno.test("readPackContent() takes images and charts of all documents", () => {
  assertEquals(
    read(`pack:
  namespace: x
  content:
    images:
    - image: docker.elastic.co/eck/eck-operator:2.12.1
    - busybox:1.37
    - {image: busybox:1.37}
    charts:
    - {repo: "oci://ghcr.io/org/charts/eck", name: eck, version: 1.10}
---
pack: {content: {images: ["quay.io/a/b@sha256:${"ab".repeat(32)}"], charts: null}}
---
alerts: "{{ $labels.pod }} is down"
`),
    {
      images: [
        "docker.elastic.co/eck/eck-operator:2.12.1",
        "docker.io/library/busybox:1.37",
        `quay.io/a/b@sha256:${"ab".repeat(32)}`,
      ],
      charts: [{ repo: "oci://ghcr.io/org/charts/eck", name: "eck", version: "1.10" }],
      unresolved: [],
    },
  );
});

Deno.test("readPackContent() takes empty values", () => {
  const nothing = { images: [], charts: [], unresolved: [] };
  assertEquals(read(""), nothing);
  assertEquals(read("# nothing\n"), nothing);
  assertEquals(read("pack:\n  content: {}\n"), nothing);
});

Deno.test("macros are put in, through each other, with keys that have dots", () => {
  const text = `pack:
  content:
    images:
    - image: "{{.spectro.pack.p.options.system.uri}}"
    - image: {{ .spectro.var.host }}/a:{{.spectro.pack.other-pack.tag}}
options:
  system.uri: "{{ .spectro.pack.p.options.system.registry }}/os:{{.spectro.system.kubernetes.version}}"
  system.registry: ttl.sh
`;
  const given = {
    "spectro.var.host": "registry.example.com:5000",
    "spectro.system.kubernetes.version": "1.30.4",
  };
  assertEquals(read(text, given, [["other-pack", "tag: v1.10\n"]]), {
    images: ["ttl.sh/os:1.30.4", "registry.example.com:5000/a:v1.10"],
    charts: [],
    unresolved: [],
  });
});

Deno.test("macros that nobody gives are noted with their line, once, and only where they matter", () => {
  const text = `unused: "{{.spectro.var.unused}}"
a: "{{.spectro.pack.p.b}}"
b: "{{.spectro.pack.p.a}}"
pack:
  content:
    images:
    - image: {{.spectro.var.one}}
    - image: "{{.spectro.pack.p.a}}"
    - image: "{{ .spectro.var.two | upper }}/x:1"
    - nginx
    charts:
    - {repo: "{{.spectro.var.one}}", name: a, version: "1"}
`;
  assertEquals(read(text), {
    images: ["docker.io/library/nginx:latest"],
    charts: [],
    unresolved: [
      'pack "p" 7 {{.spectro.var.one}}',
      'pack "p" 3 {{.spectro.pack.p.a}}',
      'pack "p" 9 {{ .spectro.var.two | upper }}',
      'pack "p" 12 {{.spectro.var.one}}',
    ],
  });
});

for (
  const [title, text, message] of [
    ["a mapping for a list", "pack: {content: {images: {a: b}}}", ": images is no list"],
    [
      "an entry without an image",
      "pack: {content: {images: [{name: a}]}}",
      ": an entry of images has no image",
    ],
    [
      "what is no reference",
      "pack:\n  content:\n    images:\n    - image: a b\n",
      ' at line 4: "a b" is no image reference',
    ],
    [
      "a template that is left",
      "pack:\n  content:\n    images:\n    - 'x/{{ .Values.tag }}'\n",
      ' at line 4: "x/{{ .Values.tag }}" is no image reference',
    ],
    [
      "a chart without a version",
      "pack: {content: {charts: [{repo: 'https://a', name: b}]}}",
      ": an entry of charts needs repo, name and version",
    ],
    [
      "a chart of no repository",
      "pack: {content: {charts: [{repo: a.example.com, name: b, version: 1}]}}",
      ' at line 1: "a.example.com" is no address of a chart repository',
    ],
  ] as const
) {
  Deno.test(`readPackContent() refuses ${title}`, () => {
    const error = assertThrows(() => read(text), UserError);
    assertEquals(error.message, `Cannot use pack.content of pack "p"${message}`);
  });
}

Deno.test("readPackValues() says which values are no YAML", () => {
  const error = assertThrows(() => read("a: [\n"), UserError);
  assertEquals(error.message.startsWith('Cannot read the values of pack "p": '), true);
});

const POD = `kind: Deployment
spec:
  template:
    spec:
      initContainers: [{image: "quay.io/a/init:1"}]
      containers: [{image: nginx}, {name: none}]
      ephemeralContainers: [{image: busybox:1}]
---
kind: Thing
spec: {image: "gcr.io/a/thing:1"}
`;

Deno.test("imagesOfManifests() takes images of containers, imagesOfService() all with a path", () => {
  const containers = [
    "docker.io/library/busybox:1",
    "docker.io/library/nginx:latest",
    "quay.io/a/init:1",
  ];
  assertEquals(imagesOfManifests(POD), containers);
  assertEquals(imagesOfService(POD), ["gcr.io/a/thing:1", "quay.io/a/init:1"]);
});

Deno.test("images of a template are its plain lines", () => {
  const text = `{{ if .Values.a }}
- image: "quay.io/a/b:1"
  image: {{ .Values.image }}
  image: quay.io/{{ .Values.x }}:1
  image: 'nginx' # web
  imagePullPolicy: Always
{{ end }}
`;
  const images = ["docker.io/library/nginx:latest", "quay.io/a/b:1"];
  assertEquals(imagesOfTemplate(text), images);
  assertEquals(imagesOfManifests(text), images);
});
