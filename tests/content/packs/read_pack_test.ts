import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { digestOf } from "../../../lib/oci/digest.ts";
import { measureArchive } from "../../../lib/content/packs/pack.ts";
import { readPack } from "../../../lib/content/packs/read_pack.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import {
  packFiles,
  type TarEntries,
  tarGzipOf,
  tarGzipOfEntries,
  writeFolder,
} from "../../support/pack_folder.ts";

const files = systemFiles();

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "palette-pack-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Bytes of an archive as a whole. */
async function bytesOf(path: string): Promise<Uint8Array> {
  const { archive } = await readPack(path, path, files);
  return new Uint8Array(await new Response(await archive.open()).arrayBuffer());
}

const CHART = {
  "eck/Chart.yaml": "name: eck\nversion: 1.0.0\nappVersion: 9.9.9\n",
  "eck/values.yaml":
    "image:\n  repository: elastic/eck\n  tag: ''\nside: {registry: quay.io, repository: a/b, tag: 1}\n",
  "eck/templates/pod.yaml":
    "{{ if .Values.x }}\n  - image: busybox:1.37 # plain\n    image: {{ .Values.image }}\n{{ end }}\n",
  "eck/charts/sub/values.yaml": "image: redis:7\n",
};

const MANIFEST = "kind: Pod\nspec:\n  containers:\n  - {name: a, image: nginx:1.27}\n";

for (const isArchive of [false, true]) {
  const how = isArchive ? "an archive" : "a folder";

  const make = async (folder: string, given: Parameters<typeof packFiles>[0] = {}) => {
    const contents = packFiles(given);
    if (!isArchive) return await writeFolder(`${folder}/elastic`, contents);
    const path = `${folder}/elastic.tar.gz`;
    await Deno.writeFile(
      path,
      await tarGzipOf(
        Object.fromEntries(
          Object.entries(contents).map(([name, content]) => [`./top/${name}`, content]),
        ),
      ),
    );
    return path;
  };

  Deno.test(`readPack() reads ${how}`, () =>
    withFolder(async (folder) => {
      const path = await make(folder, {
        "pack.json": JSON.stringify({
          name: "elastic-operator",
          displayName: "Elastic",
          version: "2.12.1",
          layer: "addon",
          charts: ["charts/eck.tgz"],
          KubeManifests: ["./deploy/pod.yaml"],
        }),
        "charts/eck.tgz": await tarGzipOf(CHART),
        "deploy/pod.yaml": MANIFEST,
        "manifests/other.yaml": "kind: Namespace\n",
        "other/ignored.yaml": "kind: Namespace\n",
      });
      const { archive, values, ...pack } = await readPack(path, "given", files);
      assertEquals(pack, {
        name: "elastic-operator",
        displayName: "Elastic",
        version: "2.12.1",
        layer: "addon",
        place: "given",
        manifests: [
          { path: "deploy/pod.yaml", text: MANIFEST },
          { path: "manifests/other.yaml", text: "kind: Namespace\n" },
        ],
        charts: [{
          path: "charts/eck.tgz",
          images: [
            "docker.io/elastic/eck:9.9.9",
            "docker.io/library/busybox:1.37",
            "docker.io/library/redis:7",
            "quay.io/a/b:1",
          ],
        }],
        warnings: [],
      });
      assertEquals(values, packFiles()["values.yaml"]);
      assertEquals(archive.fileName, "elastic-operator-2.12.1.tar.gz");
    }));

  Deno.test(`readPack() warns of ${how} without a logo`, () =>
    withFolder(async (folder) => {
      const path = await make(folder, { "logo.png": null });
      const { warnings } = await readPack(path, "given", files);
      assertEquals(warnings, ['pack "given" has no logo.png']);
    }));

  const json = (given: Record<string, unknown>) => ({
    "pack.json": JSON.stringify({
      name: "a",
      displayName: "A",
      version: "1.0.0",
      layer: "addon",
      ...given,
    }),
  });
  for (
    const [title, given, reason] of [
      ["no pack.json", { "pack.json": null }, "it has no pack.json"],
      ["no values", { "values.yaml": null }, "it has no values.yaml"],
      ["a pack.json that is none", { "pack.json": "{" }, "pack.json is no JSON"],
      ["a list for pack.json", { "pack.json": "[]" }, "pack.json is no object"],
      [
        "keys missing",
        json({ displayName: undefined, layer: undefined }),
        "pack.json has no displayName, layer",
      ],
      [
        "an unknown layer",
        json({ layer: "top" }),
        'its layer must be one of kernel, os, k8s, cni, csi, addon, not "top"',
      ],
      [
        "a name that is none",
        json({ name: "../a" }),
        'its name "../a" must be made of a-z, 0-9 and single . _ -',
      ],
      ["a version that is none", json({ version: "1/2" }), 'its version "1/2" cannot be a tag'],
      [
        "a chart outside",
        json({ charts: ["../x.tgz"] }),
        'charts of pack.json has "../x.tgz", which is no path in the pack',
      ],
      [
        "a manifest that is not there",
        json({ kubeManifests: ["a.yaml"] }),
        'pack.json lists "a.yaml", which is not there',
      ],
      [
        "values that are no text",
        { "values.yaml": new Uint8Array([0xff, 0xfe]) },
        '"values.yaml" is not UTF-8 text',
      ],
    ] as [string, Parameters<typeof packFiles>[0], string][]
  ) {
    Deno.test(`readPack() refuses ${how} with ${title}`, () =>
      withFolder(async (folder) => {
        const path = await make(folder, given);
        const error = await assertRejects(() => readPack(path, "given", files), UserError);
        const message = error.message.replace('"top/', '"');
        assertEquals(message, `Cannot use pack "given": ${reason}`);
      }));
  }
}

const TAR: [string, TarEntries, string][] = [
  [
    "a path that leads out",
    [{ header: { name: "a/../../etc", size: 1 }, body: "x" }],
    '"a/../../etc" leads out of it',
  ],
  [
    "an absolute path",
    [{ header: { name: "/etc/x", size: 1 }, body: "x" }],
    '"/etc/x" leads out of it',
  ],
  [
    "a folder that leads out",
    [{ header: { name: "../x/", size: 0, type: "directory" } }],
    '"../x/" leads out of it',
  ],
  [
    "a symbolic link",
    [{ header: { name: "a", size: 0, type: "symlink", linkname: "/etc/passwd" } }],
    '"a" is a symlink',
  ],
  [
    "a hard link",
    [{ header: { name: "a", size: 0, type: "link", linkname: "b" } }],
    '"a" is a link',
  ],
  [
    "a device",
    [{ header: { name: "a", size: 0, type: "character-device" } }],
    '"a" is a character device',
  ],
  ["nothing", [], "there is nothing in it"],
  [
    "several packs",
    [
      { header: { name: "b/pack.json", size: 2 }, body: "{}" },
      { header: { name: "a/pack.json", size: 2 }, body: "{}" },
    ],
    "it has several packs: a, b",
  ],
];
for (const [title, entries, reason] of TAR) {
  Deno.test(`readPack() refuses an archive with ${title}`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/p.tar.gz`;
      await Deno.writeFile(path, await tarGzipOfEntries(entries));
      const error = await assertRejects(() => readPack(path, "p.tar.gz", files), UserError);
      assertEquals(error.code, "validation");
      assertEquals(error.message, `Cannot use pack "p.tar.gz": ${reason}`);
    }));
}

for (
  const [title, change, reason] of [
    ["is cut short", (bytes: Uint8Array) => bytes.slice(0, -20), "it is damaged or cut short"],
    [
      "is no archive",
      () => new TextEncoder().encode("hello"),
      "it is no tar.gz archive, or a damaged one",
    ],
    [
      "has a flipped byte",
      (bytes: Uint8Array) => bytes.with(bytes.length - 6, (bytes.at(-6) ?? 0) ^ 1),
      "it is no tar.gz archive, or a damaged one",
    ],
  ] as const
) {
  Deno.test(`readPack() refuses an archive that ${title}`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/p.tar.gz`;
      await Deno.writeFile(path, change(await tarGzipOf(packFiles())));
      const error = await assertRejects(() => readPack(path, "p.tar.gz", files), UserError);
      assertEquals(error.message, `Cannot use pack "p.tar.gz": ${reason}`);
    }));
}

Deno.test("readPack() refuses a folder with links, and says what is missing", () =>
  withFolder(async (folder) => {
    await writeFolder(folder, packFiles());
    await Deno.symlink("/etc/passwd", `${folder}/users.yaml`);
    const link = await assertRejects(() => readPack(folder, folder, files), UserError);
    assertEquals(link.message, `Cannot use pack "${folder}": "users.yaml" is a link`);
    const gone = await assertRejects(() => readPack(`${folder}/x`, "x", files), UserError);
    assertEquals(gone.code, "io");
    assertEquals(gone.message, 'Cannot read pack "x": no such file or folder');
  }));

Deno.test("a folder is packed to the same bytes wherever and whenever", () =>
  withFolder(async (folder) => {
    const long = `ansible-roles/${"deep".repeat(30)}/${"name".repeat(30)}.txt`;
    const contents = packFiles({ [long]: "x".repeat(70_000), "run.sh": "#!/bin/sh\n" });
    const one = await writeFolder(`${folder}/one`, contents);
    const reversed = Object.fromEntries(Object.entries(contents).reverse());
    const other = await writeFolder(`${folder}/other`, reversed);
    for (const path of [one, other]) await Deno.chmod(`${path}/run.sh`, 0o700);
    await Deno.utime(`${one}/run.sh`, new Date(1e12), new Date(1e12));
    const bytes = await bytesOf(one);
    assertEquals(await bytesOf(other), bytes);
    assertEquals([...bytes.slice(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    const { archive } = await readPack(one, one, files);
    const { size, digest } = await measureArchive(archive, systemCrypto());
    assertEquals({ size, digest }, {
      size: bytes.length,
      digest: await digestOf(bytes, systemCrypto()),
    });
    // Other versions of zlib may compress better; what is in it stays.
    const { gunzipSync } = await import("node:zlib");
    assertEquals(
      await digestOf(gunzipSync(bytes), systemCrypto()),
      "sha256:a41a7f02e57065c3a434beaef58c4bb406b3d74eed73ce9b902171a2bfdda957",
    );

    // What is packed is itself a pack, and tar takes it.
    await Deno.writeFile(`${folder}/p.tar.gz`, bytes);
    assertEquals((await readPack(`${folder}/p.tar.gz`, "p", files)).name, "elastic-operator");
    const tar = await new Deno.Command("tar", {
      args: ["-tvzf", `${folder}/p.tar.gz`, "--full-time", "--numeric-owner"],
      env: { TZ: "UTC" },
    }).output();
    const lines = new TextDecoder().decode(tar.stdout).trim().split("\n");
    assert(
      lines.every((line) =>
        / 0\/0 +\d+ 1970-01-01 00:00:00 elastic-operator-2\.12\.1\//.test(line)
      ),
    );
    assertEquals(lines.map((line) => line.slice(0, 10)), [
      "drwxr-xr-x",
      "drwxr-xr-x",
      "drwxr-xr-x",
      "-rw-r--r--",
      "-rw-r--r--",
      "-rw-r--r--",
      "-rwxr-xr-x",
      "-rw-r--r--",
    ]);
  }));

Deno.test("an archive of several gzip members is read as a whole", () =>
  withFolder(async (folder) => {
    const { gunzipSync, gzipSync } = await import("node:zlib");
    const tar = gunzipSync(await tarGzipOf(packFiles()));
    const path = `${folder}/p.tar.gz`;
    const halves = [tar.subarray(0, 700), tar.subarray(700)].map((half) => [...gzipSync(half)]);
    await Deno.writeFile(path, new Uint8Array(halves.flat()));
    assertEquals((await readPack(path, "p", files)).name, "elastic-operator");
  }));
