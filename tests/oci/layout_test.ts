import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import { openArchive } from "../../lib/content/archive/open_archive.ts";
import type { Descriptor } from "../../lib/oci/descriptor.ts";
import { Layout } from "../../lib/oci/layout.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { FileError, systemFiles } from "../../lib/runtime/files.ts";
import { concatBytes } from "../../lib/runtime/streams.ts";
import { hasProgram, outputOf } from "../support/programs.ts";
import { manyImages, noise, sampleBundle, sha256 } from "../support/sample_bundle.ts";
import { inTempFolder, namesIn } from "../support/temp_folder.ts";

const files = systemFiles();
const crypto = systemCrypto();
const parts = { files, crypto };
const bundle = sampleBundle({ layerBytes: 5000, plainBytes: 5000 });

function descriptorOf(bytes: Uint8Array): Descriptor {
  return { mediaType: "application/octet-stream", digest: sha256(bytes), size: bytes.length };
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 999) {
    yield await Promise.resolve(bytes.subarray(at, at + 999));
  }
}

async function fill(folder: string): Promise<Layout> {
  const layout = await Layout.make(folder, parts);
  for (const bytes of bundle.blobs.values()) {
    assertEquals(
      await layout.putBlob(descriptorOf(bytes), () => piecesOf(bytes), "a blob"),
      "written",
    );
  }
  await layout.list(bundle.items, { "palette.bundle.name": "edge-site" });
  return layout;
}

async function refusal(work: () => Promise<unknown>): Promise<[string, string]> {
  const { code, message } = await assertRejects(work, UserError);
  return [code, message];
}

Deno.test("a layout that was filled is a bundle, and has every blob once", () =>
  inTempFolder(async (root) => {
    const folder = `${root}/new/layout`;
    const layout = await fill(folder);
    assertEquals(namesIn(folder), ["blobs", "index.json", "oci-layout"]);
    assertEquals(
      await Deno.readTextFile(`${folder}/oci-layout`),
      '{"imageLayoutVersion":"1.0.0"}',
    );
    assertEquals(
      namesIn(`${folder}/blobs/sha256`),
      [...bundle.blobs.keys()].map((digest) => digest.slice(7)).sort(),
    );
    const again = () => Promise.reject(new Error("read again"));
    const [first = new Uint8Array()] = bundle.blobs.values();
    assertEquals(await layout.putBlob(descriptorOf(first), again, "a blob"), "there");
    const opened = await openArchive(folder, { ...parts, spoolFolder: `${root}/never` });
    assertEquals([opened.name, opened.place, opened.items.length], ["edge-site", folder, 3]);
    for (const bytes of bundle.blobs.values()) {
      const pieces = await Array.fromAsync(await opened.source.open(descriptorOf(bytes), 11));
      assertEquals(sha256(concatBytes(pieces)), sha256(bytes.subarray(11)));
    }
    const oneDeep = await openArchive(`${root}/new`, { ...parts, spoolFolder: `${root}/never` });
    assertEquals([oneDeep.name, oneDeep.place], ["edge-site", `${root}/new`]);
  }));

Deno.test({
  name: "skopeo reads a layout that was filled, and we read one that skopeo filled",
  ignore: !hasProgram("skopeo"),
  fn: () =>
    inTempFolder(async (root) => {
      await fill(`${root}/ours`);
      const ref = "us-docker.pkg.dev/p/both:v1";
      await outputOf(
        ...["skopeo", "copy", "-q", "--all", "--insecure-policy"] as const,
        `oci:${root}/ours:${ref}`,
        `oci:${root}/theirs:${ref}`,
      );
      const opened = await openArchive(`${root}/theirs`, { ...parts, spoolFolder: root });
      assertEquals(opened.name, "bundle");
      assertEquals(
        opened.items.map(({ ref, type, descriptor }) => [ref, type, descriptor.digest]),
        [[ref, "image", bundle.items[2]?.digest]],
      );
      const copied = await Layout.make(`${root}/theirs`, parts);
      await copied.list(bundle.items.slice(0, 1));
      assertEquals(
        JSON.parse(await outputOf("skopeo", "inspect", "--raw", `oci:${root}/theirs:${ref}`))
          .manifests.length,
        2,
      );
    }),
});

Deno.test("merging puts a reference in the place of the one that had it, and keeps the others", () =>
  inTempFolder(async (folder) => {
    const layout = await fill(folder);
    const [definition, nginx, both] = bundle.items;
    if (definition === undefined || nginx === undefined || both === undefined) throw new Error();
    const moved = { ...both, ...descriptorOf(noise(10)), mediaType: both.mediaType };
    const signature = { ...descriptorOf(noise(20)), artifactType: "application/x" };
    await Promise.all([
      layout.list([moved], { "palette.bundle.arch": "multi" }),
      layout.list([signature]),
      layout.list([signature]),
    ]);
    const read = await Layout.open(folder, parts);
    assertEquals(read.index.manifests, [definition, nginx, moved, signature]);
    assertEquals(layout.index.manifests, read.index.manifests);
    assertEquals(read.index.annotations, {
      "palette.bundle.arch": "multi",
      "palette.bundle.name": "edge-site",
    });
    await layout.unlist(({ digest }) => digest === nginx.digest);
    assertEquals((await Layout.open(folder, parts)).index.manifests, [
      definition,
      moved,
      signature,
    ]);
  }));

Deno.test("putBlob() takes nothing in that is not what it was announced as", () =>
  inTempFolder(async (folder) => {
    const layout = await Layout.make(folder, parts);
    const bytes = noise(5000);
    const wrong = { ...descriptorOf(bytes), digest: sha256(noise(3)) };
    assertEquals(
      await refusal(() => layout.putBlob(wrong, () => piecesOf(bytes), "layer x")),
      [
        "integrity",
        `Cannot use layer x: digest ${sha256(bytes)}, not what it was announced as`,
      ],
    );
    assertEquals(
      await refusal(() =>
        layout.putBlob(descriptorOf(bytes), () => piecesOf(bytes.subarray(1)), "layer x")
      ),
      [
        "integrity",
        "Cannot use layer x: 4999 of 5000 bytes, not what it was announced as",
      ],
    );
    assertEquals(namesIn(`${folder}/blobs/sha256`), []);
    assertEquals(await layout.has(wrong), false);
    await Deno.writeFile(`${folder}/blobs/sha256/${sha256(bytes).slice(7)}`, bytes.subarray(1));
    assertEquals(await layout.has(descriptorOf(bytes)), false);
    assertEquals(
      await layout.putBlob(descriptorOf(bytes), () => piecesOf(bytes), "layer x"),
      "written",
    );
    assertEquals(await layout.has(descriptorOf(bytes)), true);
  }));

Deno.test("a layout is not made among other files", () =>
  inTempFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/thesis.txt`, "mine");
    assertEquals(await refusal(() => Layout.make(folder, parts)), [
      "conflict",
      `Cannot write a bundle into "${folder}": other files are in it`,
    ]);
    assertEquals(namesIn(folder), ["thesis.txt"]);
    assertEquals(await refusal(() => Layout.open(folder, parts)), [
      "not-found",
      `Cannot open "${folder}": there is no OCI layout in it`,
    ]);
  }));

Deno.test("a layout of another kind, or a damaged one, is refused", () =>
  inTempFolder(async (folder) => {
    await fill(folder);
    const open = () => refusal(() => openArchive(folder, { ...parts, spoolFolder: folder }));
    const index = await Deno.readFile(`${folder}/index.json`);
    for (
      const [name, content, message] of [
        [
          "oci-layout",
          '{"imageLayoutVersion":"2.0.0"}',
          `Cannot open "${folder}": its oci-layout is of version 2.0.0, not 1.0.0`,
        ],
        ["oci-layout", "null", `Cannot open "${folder}": its oci-layout has no version, not 1.0.0`],
        ["index.json", "[]", `Cannot use the manifest of "${folder}": it is no object`],
        [
          "index.json",
          '{"config":{"digest":"sha256:' + "0".repeat(64) + '","size":1}}',
          `Cannot open "${folder}": its index.json is no index`,
        ],
        [
          "index.json",
          '{"manifests":[{"digest":"sha256:../../etc/passwd","size":1}]}',
          `Cannot use the manifest of "${folder}": an entry of manifests`,
        ],
        [
          "index.json",
          '{"manifests":[],"annotations":{"palette.bundle.name":"../x"}}',
          `Cannot open "${folder}": "../x" is no bundle name`,
        ],
        [
          "index.json",
          " ".repeat(4 * 1024 * 1024 + 1),
          `Cannot open "${folder}": its index.json has 4194305 bytes, more than 4194304`,
        ],
      ] as const
    ) {
      await Deno.writeTextFile(`${folder}/${name}`, content);
      assertEquals(await open(), ["integrity", message]);
      await Deno.writeFile(`${folder}/index.json`, index);
      await Deno.writeTextFile(`${folder}/oci-layout`, '{"imageLayoutVersion":"1.1.0"}');
    }
    assertEquals((await Layout.open(folder, parts)).index.manifests.length, 3);
  }));

Deno.test("a full disk is told of, and the blob is not there", () =>
  inTempFolder(async (folder) => {
    const full = {
      ...files,
      async openWriter(path: string, start: "new" | "end", mode: number) {
        const writer = await files.openWriter(path, start, mode);
        return {
          size: 0,
          write: () => Promise.reject(new FileError("no-space", "no space left on device")),
          flush: () => writer.flush(),
          close: () => writer.close(),
        };
      },
    };
    const layout = await Layout.make(folder, { files: full, crypto });
    const bytes = noise(5000);
    assertEquals(
      await refusal(() => layout.putBlob(descriptorOf(bytes), () => piecesOf(bytes), "layer x")),
      ["io", `Cannot write "${folder}": no space left on device`],
    );
    assertEquals(namesIn(`${folder}/blobs/sha256`), []);
  }));

Deno.test("a layout takes no more than its readers do", () =>
  inTempFolder(async (root) => {
    const layout = await fill(root);
    const before = await Deno.readFile(`${root}/index.json`);
    const many = manyImages(14_000);
    const [code, message] = await refusal(() => layout.list(many));
    assertEquals([code, message.replace(/ \d{7} /, " N ")], [
      "validation",
      `Cannot write a bundle of ${many.length + bundle.items.length} items: ` +
      "its index.json has N bytes, more than 4194304",
    ]);
    assertEquals(await Deno.readFile(`${root}/index.json`), before);
    assertEquals((await Layout.open(root, parts)).index.manifests.length, bundle.items.length);
  }));
