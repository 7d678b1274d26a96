import { assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { writeArchive } from "../../../lib/content/archive/write_archive.ts";
import type { ArchiveMember } from "../../../lib/content/archive/write_archive.ts";
import { Layout } from "../../../lib/oci/layout.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { errorOf, Home } from "../../support/home.ts";
import { hasProgram } from "../../support/programs.ts";
import { DEFINITION_YAML, memberOf, sampleBundle } from "../../support/sample_bundle.ts";

const files = systemFiles();
const crypto = systemCrypto();
const bundle = sampleBundle({ layerBytes: 5000, plainBytes: 5000 });

async function write(
  path: string,
  { level = 3, splitBytes, members = bundle.members }: {
    level?: number;
    splitBytes?: number;
    members?: ArchiveMember[];
  } = {},
): Promise<void> {
  async function* each() {
    yield* members;
  }
  await writeArchive(path, each(), {
    level,
    mtimeSeconds: 0,
    files,
    crypto,
    ...(splitBytes === undefined ? {} : { splitBytes }),
  });
}

async function homeWithBundles(): Promise<Home> {
  const home = await Home.make();
  await write(`${home.root}/b.tar.zst`);
  await write(`${home.root}/b.tar`, { level: 0 });
  await Deno.writeFile(`${home.root}/b.tgz`, gzipSync(await Deno.readFile(`${home.root}/b.tar`)));
  await write(`${home.root}/parts.tar.zst`, { splitBytes: 5000 });
  const layout = await Layout.make(`${home.root}/my layout`, { files, crypto });
  for (const bytes of bundle.blobs.values()) {
    const { digest, size } = await descriptorOf(bytes);
    await layout.putBlob({ mediaType: "", digest, size }, () => each(bytes), "a blob");
  }
  await layout.list(bundle.items);
  await Deno.writeTextFile(`${home.root}/bundle-definition.yaml`, DEFINITION_YAML);
  return home;
}

async function* each(bytes: Uint8Array) {
  yield await Promise.resolve(bytes);
}

async function descriptorOf(bytes: Uint8Array) {
  const { digestOf } = await import("../../../lib/oci/digest.ts");
  return { digest: await digestOf(bytes, crypto), size: bytes.length };
}

Deno.test("content definition prints the definition as it stands, whatever holds it", async () => {
  await using home = await homeWithBundles();
  const before = await home.files();
  for (
    const source of [
      ...["~/b.tar.zst", "~/b.tar", "~/b.tgz", "~/parts.tar.zst", "~/parts.tar.zst.001"],
      ...["~/parts.tar.zst.parts.json", "~/my layout", "~/bundle-definition.yaml"],
      `file://${home.root}/b.tar.zst`,
      `file://${home.root}/my%20layout`,
      `${home.root}/b.tar.zst`,
    ]
  ) {
    const { status, stdout, stderr } = await home.run(["content", "definition", source]);
    assertEquals([status, stdout, stderr], [0, DEFINITION_YAML, ""], source);
  }
  assertEquals(await home.files(), before);
});

Deno.test("content definition -o json gives the definition as data", async () => {
  await using home = await homeWithBundles();
  for (const source of ["~/b.tar.zst", "~/bundle-definition.yaml"]) {
    const { status, stdout, stderr } = await home.run([
      ...["content", "definition", source, "-o", "json"],
    ]);
    assertEquals([status, stderr], [0, ""]);
    const { kind, metadata, spec } = JSON.parse(stdout);
    assertEquals([kind, metadata], ["BundleDefinition", { name: "edge-site" }]);
    assertEquals(spec.images.map(({ image }: { image: string }) => image), [
      "docker.io/library/nginx:1.27",
      "us-docker.pkg.dev/p/both:v1",
    ]);
  }
});

/** Where the bundle of the home is after a push. */
async function pushBundle(home: Home, host: string): Promise<string> {
  const base = `${host}/base`;
  const push = await home.run(["content", "push", "-f", "~/b.tar.zst", "-r", base]);
  assertEquals(push.status, 0);
  return base;
}

Deno.test({
  name: "content definition of a bundle in a registry is the text that was pushed " +
    "(needs docker-registry)",
  ignore: !hasProgram("docker-registry"),
  async fn() {
    await using registry = await startDockerRegistry();
    await using home = await homeWithBundles();
    const base = await pushBundle(home, registry.host);
    for (const end of ["/bundle-definition:edge-site", ":edge-site", "/edge-site.tar.zst", ""]) {
      const { status, stdout, stderr } = await home.run(["content", "definition", `${base}${end}`]);
      assertEquals([status, stdout, stderr], [0, DEFINITION_YAML, ""], end);
    }
    const json = await home.run(["content", "definition", base, "-o", "json"]);
    assertEquals(JSON.parse(json.stdout).metadata.name, "edge-site");

    const at = `http://${registry.host}/v2/base/bundle-definition/manifests`;
    const accept = "application/vnd.oci.image.manifest.v1+json";
    const manifest = await fetch(`${at}/edge-site`, { headers: { accept } });
    const put = await fetch(`${at}/other`, {
      method: "PUT",
      headers: { "content-type": accept },
      body: await manifest.arrayBuffer(),
    });
    await put.body?.cancel();
    for (
      const [reference, code, message] of [
        [
          base,
          "ambiguous",
          `Cannot tell which bundle of ${base}/bundle-definition is meant: it has several`,
        ],
        [
          `${registry.host}/x/y`,
          "not-found",
          `No bundles found in ${registry.host}/x/y/bundle-definition`,
        ],
      ] as const
    ) {
      const refused = await home.run(["content", "definition", reference, "-o", "json"]);
      assertEquals([errorOf(refused)["code"], errorOf(refused)["message"]], [code, message]);
    }
    const several = await home.run(["content", "definition", base]);
    assertStringIncludes(several.stderr, "Hint: Add one of these: :edge-site, :other\n");
    const none = await home.run(["content", "definition", `${base}:none`]);
    assertEquals([none.status, none.stderr], [
      1,
      `Error: cannot find a bundle at ${base}/bundle-definition:none\n` +
      `Hint: palette content list -r ${base} tells what there is\n`,
    ]);
  },
});

Deno.test("content definition --arch leaves out what is for another architecture", async () => {
  await using home = await homeWithBundles();
  const imagesOf = async (...args: string[]) => {
    const { status, stdout } = await home.run(["content", "definition", ...args]);
    assertEquals(status, 0);
    return [...stdout.matchAll(/image: "?([^"\n]+)/g)].map(([, image]) => image);
  };
  const nginx = "docker.io/library/nginx:1.27";
  const both = "us-docker.pkg.dev/p/both:v1";
  assertEquals(await imagesOf("~/b.tar.zst", "--arch", "amd64"), [nginx, both]);
  assertEquals(await imagesOf("~/b.tar.zst", "-a", "arm64"), [both]);
  // A file says only what all of the bundle is for.
  assertEquals(await imagesOf("~/bundle-definition.yaml", "-a", "arm64"), [nginx, both]);
  const amd64 = DEFINITION_YAML.replace("arch: []", "arch: [amd64]");
  await Deno.writeTextFile(`${home.root}/amd64.yaml`, amd64);
  assertEquals(await imagesOf("~/amd64.yaml", "-a", "arm64"), []);
  assertEquals(await imagesOf("~/amd64.yaml", "-a", "amd64"), [nginx, both]);
  const odd = await home.run(["content", "definition", "~/b.tar.zst", "-a", "mips"]);
  assertEquals([odd.status, odd.stdout, odd.stderr], [
    1,
    "",
    'Error: unsupported architecture "mips": use amd64 or arm64\n',
  ]);
});

Deno.test("content definition --arch looks into the config of an image that is for one platform", async () => {
  await using home = await Home.make();
  const silent = sampleBundle({ layerBytes: 5000, plainBytes: 5000, tellsPlatforms: false });
  await write(`${home.root}/b.tar.zst`, { members: silent.members });
  const both = "us-docker.pkg.dev/p/both:v1";
  for (
    const [arch, images] of [
      ["amd64", ["docker.io/library/nginx:1.27", both]],
      ["arm64", [both]],
    ] as const
  ) {
    const result = await home.run(["content", "definition", "~/b.tar.zst", "-a", arch]);
    assertEquals([result.status, result.stderr], [0, ""]);
    const shown = [...result.stdout.matchAll(/- image: (.*)/g)].map(([, image]) => image);
    assertEquals(shown, [...images]);
  }
});

Deno.test({
  name: "content definition --arch of a bundle in a registry leaves out what push leaves out " +
    "(needs docker-registry)",
  ignore: !hasProgram("docker-registry"),
  async fn() {
    await using registry = await startDockerRegistry();
    await using home = await homeWithBundles();
    const base = await pushBundle(home, registry.host);
    const { status, stdout, stderr } = await home.run([
      "content",
      "definition",
      base,
      "-a",
      "arm64",
    ]);
    assertEquals([status, stderr], [0, ""]);
    assertEquals([...stdout.matchAll(/- image: (.*)/g)].map(([, image]) => image), [
      "us-docker.pkg.dev/p/both:v1",
    ]);
  },
});

Deno.test("content definition does not let a bundle command the terminal", async () => {
  await using home = await Home.make();
  await Deno.writeTextFile(`${home.root}/d.yaml`, `# \x1b]0;evil\x07\n${DEFINITION_YAML}`);
  const shown = await home.run(["content", "definition", "~/d.yaml"], { isTerminal: true });
  assertEquals(shown.stdout, `# ^[]0;evil^G\n${DEFINITION_YAML}`);
  const piped = await home.run(["content", "definition", "~/d.yaml"]);
  assertEquals(piped.stdout, `# \x1b]0;evil\x07\n${DEFINITION_YAML}`);
});

Deno.test("content definition tells in one line what is wrong", async () => {
  await using home = await homeWithBundles();
  const { root } = home;
  const foreign = bundle.members.filter(({ name }) => name !== "index.json");
  const index = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
  await write(`${root}/foreign.tar.zst`, { members: [...foreign, memberOf("index.json", index)] });
  const definition = bundle.items[0]?.digest.slice(7) ?? "";
  await write(`${root}/thin.tar.zst`, {
    members: bundle.members.filter(({ name }) => !name.includes(definition)),
  });
  const bytes = await Deno.readFile(`${root}/b.tar.zst`);
  await Deno.writeFile(`${root}/cut.tar.zst`, bytes.subarray(0, bytes.length / 2));
  await Deno.writeTextFile(`${root}/list.yaml`, "- a\n");
  await Deno.mkdir(`${root}/empty`);
  const again = "Hint: Copy it again from where it came from, or build it again\n";
  for (
    const [args, code, stderr] of [
      [
        [`${root}/none.tar.zst`],
        "not-found",
        `Error: cannot open "${root}/none.tar.zst": no such file or folder\n` +
        `Hint: palette content list --repo "${root}" tells which bundles are there\n`,
      ],
      [
        [`file://${root}/none`],
        "not-found",
        `Error: cannot open "${root}/none": no such file or folder\n` +
        `Hint: palette content list --repo "${root}" tells which bundles are there\n`,
      ],
      [
        [`${root}/empty`],
        "not-found",
        `Error: cannot open "${root}/empty": there is no OCI layout in it\n` +
        "Hint: A layout has index.json and blobs in it\n",
      ],
      [
        [`${root}/cut.tar.zst`],
        "integrity",
        `Error: cannot open "${root}/cut.tar.zst": it is cut short\n${again}`,
      ],
      [
        [`${root}/foreign.tar.zst`],
        "not-found",
        `Error: cannot find a definition in "${root}/foreign.tar.zst"\n` +
        "Hint: Only bundles made by palette content build carry one; copy, push, serve and verify take any OCI layout\n",
      ],
      [
        [`${root}/thin.tar.zst`],
        "not-found",
        `Error: cannot read sha256:${definition}: it is not in "${root}/thin.tar.zst"\n`,
      ],
      [
        ["example.com/bundle:a b"],
        "validation",
        'Error: cannot use "example.com/bundle:a b" of PATH: "a b" is no tag\n' +
        "Hint: Write it as HOST/PATH/bundle-definition:NAME\n",
      ],
    ] as const
  ) {
    const plain = await home.run(["content", "definition", ...args]);
    assertEquals([plain.status, plain.stdout, plain.stderr], [1, "", stderr]);
    const json = await home.run(["content", "definition", ...args, "-o", "json"]);
    assertEquals([json.status, json.stdout, errorOf(json)["code"]], [1, "", code]);
  }
  const list = await home.run(["content", "definition", `${root}/list.yaml`, "-o", "json"]);
  assertEquals([list.status, errorOf(list)["code"]], [1, "validation"]);
  const nothing = await home.run(["content", "definition"]);
  assertEquals(nothing.status, 1);
  assertStringIncludes(nothing.stderr, "path");
});

Deno.test("content definition refuses a file that is neither a bundle nor a definition", async () => {
  await using home = await Home.make();
  const pem = "-----BEGIN PUBLIC KEY-----\nMFkw: yes\n-----END PUBLIC KEY-----\n";
  const contents: [string, Uint8Array][] = [
    ["garbage.tar.zst", new Uint8Array(5000).fill(0xff)],
    ["key.pem", new TextEncoder().encode(pem)],
    ["empty.yaml", new Uint8Array()],
    ["prose.txt", new TextEncoder().encode("a kind: of text\n")],
  ];
  for (const [name, bytes] of contents) {
    const path = `${home.root}/${name}`;
    await Deno.writeFile(path, bytes);
    const result = await home.run(["content", "definition", path]);
    assertEquals([result.status, result.stdout, result.stderr], [
      1,
      "",
      `Error: cannot read "${path}": it is neither a bundle nor a definition\n` +
      "Hint: Name an archive or layout that palette content build made, or its definition in YAML\n",
    ]);
    const json = await home.run(["content", "definition", path, "-o", "json"]);
    assertEquals([json.status, errorOf(json)["code"]], [1, "validation"]);
  }
});

Deno.test("content definition prints definitions that begin with other lines", async () => {
  await using home = await Home.make();
  const path = `${home.root}/d`;
  for (
    const text of [
      "# ours\r\n---\r\nmetadata:\r\n  name: a\r\n",
      "\uFEFFkind: BundleDefinition\n",
      '\n{"metadata": {"name": "a"}}\n',
    ]
  ) {
    await Deno.writeTextFile(path, text);
    const result = await home.run(["content", "definition", path]);
    assertEquals([result.status, result.stdout], [0, text], result.stderr);
  }
});
