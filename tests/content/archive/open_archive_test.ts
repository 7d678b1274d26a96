import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { UserError } from "../../../lib/errors.ts";
import { openArchive } from "../../../lib/content/archive/open_archive.ts";
import { readTable, type TableEntry } from "../../../lib/content/archive/member_table.ts";
import { checksumOf, formatTarHeader } from "../../../lib/content/archive/tar_header.ts";
import { writeArchive } from "../../../lib/content/archive/write_archive.ts";
import { formatSkippable } from "../../../lib/content/archive/zstd_frame.ts";
import { readVerified } from "../../../lib/oci/verified.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { FileError, systemFiles } from "../../../lib/runtime/files.ts";
import { concatBytes } from "../../../lib/runtime/streams.ts";
import { hasProgram, outputOf } from "../../support/programs.ts";
import { sampleBundle, sha256 } from "../../support/sample_bundle.ts";
import { inTempFolder, namesIn } from "../../support/temp_folder.ts";

const files = systemFiles();
const crypto = systemCrypto();
const bundle = sampleBundle({ layerBytes: 100_000, plainBytes: 1_500_000 });
type Bytes = Uint8Array<ArrayBuffer>;

function open(path: string, spoolFolder = `${path}.spool`) {
  return openArchive(path, { files, crypto, spoolFolder });
}

async function writeOurs(path: string, level = 3): Promise<Bytes> {
  async function* members() {
    yield* bundle.members;
  }
  await writeArchive(path, members(), { level, mtimeSeconds: 0, files, crypto });
  return await Deno.readFile(path);
}

/** The layout in a folder, for other programs to pack. */
async function writeFolder(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/blobs/sha256`, { recursive: true });
  for (const { name, open } of bundle.members) {
    await Deno.writeFile(`${folder}/${name}`, concatBytes(await Array.fromAsync(open())));
  }
}

/** Opens an archive and reads all of it. */
async function assertWhole(path: string): Promise<void> {
  const opened = await open(path);
  try {
    assertEquals([opened.name, opened.place], ["edge-site", path]);
    assertEquals(opened.items.map(({ descriptor }) => descriptor), bundle.items);
    for (const [digest, bytes] of bundle.blobs) {
      const descriptor = { mediaType: "", digest, size: bytes.length };
      assertEquals(await opened.source.has(descriptor), true);
      const [whole, rest] = await Promise.all([
        readVerified(opened.source, descriptor, digest, { crypto, limitBytes: 1e8 }),
        Array.fromAsync(await opened.source.open(descriptor, 77)),
      ]);
      assertEquals(whole.length, bytes.length);
      assertEquals(sha256(concatBytes(rest)), sha256(bytes.subarray(77)));
    }
  } finally {
    opened.close();
  }
}

/** One line that says why an archive cannot be opened. */
async function refusal(path: string): Promise<string> {
  const error = await assertRejects(() => open(path), UserError);
  assertEquals(error.code, "integrity");
  assertEquals(error.message.includes("\n"), false);
  return error.message.replace(`Cannot open "${path}": `, "");
}

const FOREIGN: Record<string, (from: string, to: string) => Promise<unknown>> = {
  "a plain tar": (from, to) => outputOf("tar", "-cf", to, "-C", from, "."),
  "a plain tar by pax, one folder deep": (from, to) =>
    outputOf("tar", "--format=pax", "-cf", to, "-C", `${from}/..`, "bundle-pkg"),
  "a tar of the seventies": (from, to) =>
    outputOf("tar", "--format=v7", "-cf", to, "-C", from, "oci-layout", "blobs", "index.json"),
  "a tar by zstd": (from, to) =>
    outputOf("tar", "--use-compress-program=zstd -q", "-cf", to, "-C", from, "."),
  "a tar by zstd, one folder deep": (from, to) =>
    outputOf(
      "tar",
      "--use-compress-program=zstd -q -19",
      "-cf",
      to,
      "-C",
      `${from}/..`,
      "bundle-pkg",
    ),
  "a tar by gzip": (from, to) => outputOf("tar", "-czf", to, "-C", from, "."),
};

for (const [what, pack] of Object.entries(FOREIGN)) {
  Deno.test({
    name: `openArchive() reads ${what}`,
    ignore: !hasProgram("tar") || !hasProgram("zstd"),
    fn: () =>
      inTempFolder(async (folder) => {
        await writeFolder(`${folder}/in/bundle-pkg`);
        // Names say nothing.
        await pack(`${folder}/in/bundle-pkg`, `${folder}/b.zip`);
        await assertWhole(`${folder}/b.zip`);
        assertEquals(await files.info(`${folder}/b.zip.spool`), null);
      }),
  });
}

Deno.test("openArchive() reads several frames and several gzip members one after another", () =>
  inTempFolder(async (folder) => {
    const tar = await writeOurs(`${folder}/b.tar`, 0);
    await assertWhole(`${folder}/b.tar`);
    const cuts = [0, 100, 512, 700_001, tar.length];
    const pieces = cuts.slice(1).map((end, at) => tar.subarray(cuts[at], end));
    const note = formatSkippable(new Uint8Array([1, 2, 3]));
    await Deno.writeFile(
      `${folder}/b.zst`,
      concatBytes([note, ...pieces.map((piece) => new Uint8Array(zstdCompressSync(piece))), note]),
    );
    await assertWhole(`${folder}/b.zst`);
    await Deno.writeFile(
      `${folder}/b.gz`,
      concatBytes(pieces.map((piece) => new Uint8Array(gzipSync(piece)))),
    );
    await assertWhole(`${folder}/b.gz`);
  }));

Deno.test("openArchive() reads our archive without its table", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const bytes = await writeOurs(path);
    await assertWhole(path);
    const { reader, close } = await readerOf(path);
    const table = readTable(reader) ?? [];
    close();
    assertEquals(table.map(({ name }) => name), bundle.members.map(({ name }) => name));
    await Deno.writeFile(path, bytes.subarray(0, tableStart(bytes)));
    await assertWhole(path);
  }));

Deno.test({
  name: "openArchive() reads what skopeo packed",
  ignore: !hasProgram("skopeo"),
  fn: () =>
    inTempFolder(async (folder) => {
      await writeFolder(`${folder}/in`);
      await outputOf(
        ...["skopeo", "copy", "-q", "--all", "--insecure-policy"] as const,
        `oci:${folder}/in:us-docker.pkg.dev/p/both:v1`,
        `oci-archive:${folder}/b.tar:us-docker.pkg.dev/p/both:v1`,
      );
      const opened = await open(`${folder}/b.tar`);
      assertEquals(
        opened.items.map(({ ref, descriptor }) => [ref, descriptor.digest]),
        [["us-docker.pkg.dev/p/both:v1", bundle.items[2]?.digest]],
      );
      opened.close();
    }),
});

async function readerOf(path: string) {
  const reader = await files.openReader(path);
  return { reader, close: () => reader.close() };
}

function tableStart(bytes: Bytes): number {
  const view = new DataView(bytes.buffer);
  return bytes.length - 16 - view.getUint32(bytes.length - 8, true);
}

Deno.test("an archive that is cut short anywhere is refused", () =>
  inTempFolder(async (folder) => {
    const ours = await writeOurs(`${folder}/b.tar.zst`);
    const { reader, close } = await readerOf(`${folder}/b.tar.zst`);
    const table = readTable(reader) ?? [];
    close();
    const tar = await writeOurs(`${folder}/b.tar`, 0);
    const one = new Uint8Array(zstdCompressSync(tar));
    const gzip = new Uint8Array(gzipSync(tar));
    const boundaries = table.flatMap(({ offset, csize }) => [offset, offset + csize]);
    const shares = (bytes: Bytes) =>
      [0.1, 0.5, 0.9].map((share) => Math.floor(bytes.length * share));
    for (
      const [bytes, cuts] of [
        [ours, [...new Set(boundaries)].filter((cut) => cut > 0 && cut < tableStart(ours))],
        [ours, shares(ours)],
        [ours, [tableStart(ours) + 1, tableStart(ours) + 8, ours.length - 1]],
        [tar, [...shares(tar), tar.length - 512, tar.length - 1024, 700]],
        [one, [...shares(one), one.length - 1, one.length - 5, 20, 7]],
        [gzip, [...shares(gzip), gzip.length - 9, 20]],
      ] as const
    ) {
      for (const cut of cuts) {
        const path = `${folder}/cut-${cut}`;
        await Deno.writeFile(path, bytes.subarray(0, cut));
        if (bytes === tar && cut === tar.length - 512) await assertWhole(path);
        else assertStringIncludes(await refusal(path), "cut short");
        assertEquals(await files.info(`${path}.spool`), null);
      }
    }
  }));

/** A tar of one member with a header as it is given, and a whole layout behind it. */
async function tarWith(folder: string, header: Bytes, body: Bytes = new Uint8Array()) {
  return concatBytes([header, body, await writeOurs(`${folder}/rest.tar`, 0)]);
}

/** A header with a type and a link that our own headers never have. */
function headerOf(name: string, type: string, size = 0, link = ""): Bytes {
  const block = formatTarHeader({ name, size, mtimeSeconds: 0 });
  block[156] = type.charCodeAt(0);
  block.set(new TextEncoder().encode(link), 157);
  const sum = checksumOf(block).toString(8).padStart(6, "0");
  block.set(new TextEncoder().encode(`${sum}\0 `), 148);
  return block;
}

const MALFORMED: [string, Bytes, string][] = [
  ["..", headerOf("../evil", "0"), 'it has a member named "../evil", outside its folder'],
  ["inner ..", headerOf("a/../../e", "0"), 'it has a member named "a/../../e", outside its folder'],
  ["absolute", headerOf("/etc/evil", "0"), 'it has a member named "/etc/evil", outside its folder'],
  ["a drive", headerOf("C:/evil", "0"), 'it has a member named "C:/evil", outside its folder'],
  ["a folder above", headerOf("../", "5"), 'it has a member named "../", outside its folder'],
  ["a symbolic link", headerOf("x", "2", 0, "/etc/passwd"), 'its member "x" is a link'],
  ["a hard link", headerOf("x", "1", 0, "/etc/passwd"), 'its member "x" is a link'],
  ["a character device", headerOf("x", "3"), 'its member "x" is a device'],
  ["a block device", headerOf("x", "4"), 'its member "x" is a device'],
  ["a pipe", headerOf("x", "6"), 'its member "x" is a device'],
  ["a sparse file", headerOf("x", "S"), 'its member "x" is a sparse file'],
  ["something new", headerOf("x", "Q"), 'its member "x" is of an unknown kind'],
  [
    "an index of 1 GiB",
    headerOf("index.json", "0", 2 ** 30),
    "its index.json has 1073741824 bytes, more than 4194304",
  ],
  [
    "an index of 1 GiB, one folder deep",
    headerOf("bundle-pkg/index.json", "0", 2 ** 30),
    "its bundle-pkg/index.json has 1073741824 bytes, more than 4194304",
  ],
  ["a long name of 1 GiB", headerOf("x", "L", 2 ** 30), "an extended header is too large"],
];

for (const [what, header, message] of MALFORMED) {
  Deno.test(`a tar with ${what} is refused, compressed or not, and nothing is unpacked`, () =>
    inTempFolder(async (folder) => {
      const tar = await tarWith(folder, header);
      await Deno.remove(`${folder}/rest.tar`);
      for (
        const bytes of [tar, new Uint8Array(gzipSync(tar)), new Uint8Array(zstdCompressSync(tar))]
      ) {
        await Deno.writeFile(`${folder}/b`, bytes);
        assertEquals(await refusal(`${folder}/b`), message);
        assertEquals(namesIn(folder), ["b"]);
      }
    }));
}

Deno.test("a name in an extended header is checked as any other", () =>
  inTempFolder(async (folder) => {
    const record = new TextEncoder().encode("16 path=../evil\n".padEnd(512, "\0"));
    const long = new TextEncoder().encode("../evil\0".padEnd(512, "\0"));
    for (const [type, body, size] of [["x", record, 16], ["L", long, 8]] as const) {
      const tar = await tarWith(
        folder,
        headerOf("ext", type, size),
        concatBytes([body, headerOf("x", "0")]),
      );
      await Deno.writeFile(`${folder}/b`, tar);
      assertEquals(
        await refusal(`${folder}/b`),
        'it has a member named "../evil", outside its folder',
      );
    }
    for (const text of ["99 path=x\n", "x path=x\n", "5 p=x\n6 a=b\n"]) {
      const body = new TextEncoder().encode(text.padEnd(512, "\0"));
      const tar = await tarWith(folder, headerOf("ext", "x", text.length), body);
      await Deno.writeFile(`${folder}/b`, tar);
      assertEquals(await refusal(`${folder}/b`), "an extended header is damaged");
    }
  }));

Deno.test("what is no archive, or one of something else, is refused", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b`;
    const tarOfText = concatBytes([headerOf("x", "0"), new Uint8Array(1024)]);
    const two = concatBytes([
      headerOf("a/index.json", "0"),
      headerOf("b/index.json", "0"),
      new Uint8Array(1024),
    ]);
    const noIndex = concatBytes([
      headerOf("index.json", "0", 2),
      new TextEncoder().encode("{}".padEnd(512, "\0")),
      new Uint8Array(1024),
    ]);
    for (
      const [bytes, message] of [
        [new Uint8Array(), "it is cut short"],
        [new Uint8Array(600).fill(65), "it is no tar"],
        [new Uint8Array(zstdCompressSync(new Uint8Array(600).fill(65))), "it is no tar"],
        [new Uint8Array(gzipSync(new Uint8Array(600).fill(65))), "it is no tar"],
        [formatSkippable(new Uint8Array(5)), "it is cut short"],
        [tarOfText, "no OCI layout is in it"],
        [two, "more than one OCI layout is in it"],
        [noIndex, "its index.json is no index"],
      ] as const
    ) {
      await Deno.writeFile(path, bytes);
      assertEquals(await refusal(path), message);
    }
    const error = await assertRejects(() => open(`${folder}/none`), UserError);
    assertEquals(
      [error.code, error.message],
      ["not-found", `Cannot open "${folder}/none": no such file or folder`],
    );
  }));

Deno.test("one flipped byte is found, wherever it is", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const bytes = await writeOurs(path);
    const end = tableStart(bytes);
    let found = 0;
    for (let at = 5; at < end; at += 9973) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await Deno.writeFile(path, flipped);
      const error = await assertRejects(() => readAll(path), UserError, undefined, `at ${at}`);
      assertEquals(error.code, "integrity");
      found++;
    }
    assertEquals(found > 20, true);
  }));

async function readAll(path: string): Promise<void> {
  const opened = await open(path);
  try {
    for (const [digest, bytes] of bundle.blobs) {
      const descriptor = { mediaType: "", digest, size: bytes.length };
      await readVerified(opened.source, descriptor, digest, { crypto, limitBytes: 1e8 });
    }
  } finally {
    opened.close();
  }
}

Deno.test("a blob that is not what its name says names itself", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar`;
    const bytes = await writeOurs(path, 0);
    const layer = bundle.layers[0];
    if (layer === undefined) throw new Error("no layer");
    const content = bundle.blobs.get(layer.digest) ?? new Uint8Array();
    const at = indexOfBytes(bytes, content.subarray(0, 64)) + 1000;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await Deno.writeFile(path, bytes);
    const opened = await open(path);
    const error = await assertRejects(
      () => readVerified(opened.source, layer, layer.digest, { crypto, limitBytes: 1e8 }),
      UserError,
      `Cannot use ${layer.digest} of "${path}": digest sha256:`,
    );
    assertEquals(error.code, "integrity");
    opened.close();
  }));

function indexOfBytes(bytes: Bytes, wanted: Uint8Array): number {
  for (let at = 0;; at++) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
}

Deno.test("a table that lies is refused", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const bytes = await writeOurs(path);
    const start = tableStart(bytes);
    const { reader, close } = await readerOf(path);
    const table = readTable(reader) ?? [];
    close();
    const at = table.findIndex(({ name }) => name === "index.json");
    const withTable = async (text: string) => {
      const json = new TextEncoder().encode(text);
      const footer = new Uint8Array(8);
      new DataView(footer.buffer).setUint32(0, json.length, true);
      footer.set(new TextEncoder().encode("PLTB"), 4);
      const frame = formatSkippable(concatBytes([json, footer]));
      await Deno.writeFile(path, concatBytes([bytes.subarray(0, start), frame]));
      return await refusal(path);
    };
    const withEntry = (change: Partial<TableEntry>) =>
      withTable(JSON.stringify({
        version: 1,
        members: table.map((entry, index) => index === at ? { ...entry, ...change } : entry),
      }));
    const entry = table[at];
    if (entry === undefined) throw new Error("no entry");
    const damaged = "its table of members is damaged";
    const differ = "index.json: its table and its tar differ";
    assertEquals(await withTable("{"), damaged);
    assertEquals(await withTable("null"), damaged);
    assertEquals(await withTable('{"version":1,"members":[null]}'), damaged);
    assertEquals(await withTable('{"version":2}'), "a newer version of palette wrote it");
    assertEquals(await withEntry({ offset: -1 }), damaged);
    assertEquals(await withEntry({ offset: start }), damaged);
    assertEquals(await withEntry({ csize: 2 ** 53 }), damaged);
    assertEquals(await withEntry({ at: 0.5 }), damaged);
    assertEquals(await withEntry({ at: 0 }), `index.json: ${damaged}`);
    assertEquals(await withEntry({ at: entry.at + 512 }), differ);
    assertEquals(await withEntry({ size: entry.size - 1 }), differ);
    assertEquals(
      await withEntry({ offset: entry.offset + 1 }),
      "index.json: there is no Zstandard frame",
    );
    assertEquals(
      await withEntry({ raw: true }),
      "index.json: a frame has another size than it should",
    );
    assertEquals(
      await withEntry({ size: 2 ** 30 }),
      "its index.json has 1073741824 bytes, more than 4194304",
    );
    assertEquals(await withEntry({ name: "../evil" }), 'it has a member named "../evil"');
    assertEquals(await withEntry({ name: "index" }), "no OCI layout is in it");
    assertEquals(
      await withEntry({ name: "b/index.json" }),
      "b/index.json: its table and its tar differ",
    );
    // The mark alone: a length that leads nowhere.
    bytes.set(new Uint8Array([255, 255, 255, 255]), bytes.length - 8);
    await Deno.writeFile(path, bytes);
    assertEquals(await refusal(path), damaged);
  }));

Deno.test("an archive that needs unpacking says so when the disk is full, and leaves nothing", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.gz`;
    await Deno.writeFile(path, gzipSync(await writeOurs(`${folder}/b.tar`, 0)));
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
    const error = await assertRejects(
      () => openArchive(path, { files: full, crypto, spoolFolder: `${folder}/spool` }),
      UserError,
      `Cannot unpack "${path}": no space left on device`,
    );
    assertEquals(
      [error.code, error.hint],
      ["io", "Free some space: an archive of another program has to be unpacked"],
    );
    assertEquals(namesIn(folder), ["b.tar", "b.tar.gz"]);
  }));
