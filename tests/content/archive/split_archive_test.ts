import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { openArchive } from "../../../lib/content/archive/open_archive.ts";
import { openArchiveFile } from "../../../lib/content/archive/open_archive_file.ts";
import { writeArchive } from "../../../lib/content/archive/write_archive.ts";
import { readVerified } from "../../../lib/oci/verified.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { baseName, FileError, type Files, systemFiles } from "../../../lib/runtime/files.ts";
import { concatBytes } from "../../../lib/runtime/streams.ts";
import { sampleBundle, sha256 } from "../../support/sample_bundle.ts";
import { inTempFolder, namesIn } from "../../support/temp_folder.ts";

const files = systemFiles();
const crypto = systemCrypto();
const bundle = sampleBundle({ layerBytes: 400_000, plainBytes: 100_000 });

function write(path: string, splitBytes?: number, through = files) {
  async function* members() {
    yield* bundle.members;
  }
  return writeArchive(path, members(), {
    level: 3,
    mtimeSeconds: 0,
    files: through,
    crypto,
    ...(splitBytes === undefined ? {} : { splitBytes }),
  });
}

async function assertWhole(path: string, place = path): Promise<void> {
  const opened = await openArchive(path, { files, crypto, spoolFolder: `${path}.spool` });
  assertEquals([opened.name, opened.place], ["edge-site", place]);
  for (const [digest, bytes] of bundle.blobs) {
    const descriptor = { mediaType: "", digest, size: bytes.length };
    await readVerified(opened.source, descriptor, digest, { crypto });
  }
  opened.close();
}

async function refusal(path: string): Promise<[string, string]> {
  const { code, message } = await assertRejects(
    () => openArchive(path, { files, crypto, spoolFolder: `${path}.spool` }),
    UserError,
  );
  return [code, message];
}

Deno.test("parts joined are the archive, and the list tells all of them", () =>
  inTempFolder(async (folder) => {
    const whole = await write(`${folder}/whole`);
    const path = `${folder}/b.tar.zst`;
    const { paths, ...split } = await write(path, 300_000);
    assertEquals(split, { size: whole.size, digest: whole.digest });
    const names = ["b.tar.zst.001", "b.tar.zst.002", "b.tar.zst.003", "b.tar.zst.parts.json"];
    assertEquals(paths, names.map((name) => `${folder}/${name}`));
    assertEquals(namesIn(folder), [...names, "whole"]);
    const parts = await Promise.all(
      names.slice(0, 3).map((name) => Deno.readFile(`${folder}/${name}`)),
    );
    assertEquals(parts.map(({ length }) => length), [300_000, 300_000, whole.size - 600_000]);
    assertEquals(sha256(concatBytes(parts)), whole.digest);
    assertEquals(JSON.parse(await Deno.readTextFile(`${path}.parts.json`)), {
      version: 1,
      name: "b.tar.zst",
      size: whole.size,
      sha256: whole.digest?.slice(7),
      parts: parts.map((part, at) => ({
        name: names[at],
        size: part.length,
        sha256: sha256(part).slice(7),
      })),
    });
    assertEquals(await files.info(`${folder}/b.tar.zst`), null);
  }));

Deno.test("openArchive() reads parts by their list, the first of them or the name of the whole", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await write(path, 100_001);
    for (const name of [path, `${path}.001`, `${path}.parts.json`]) await assertWhole(name);
    await Deno.remove(`${path}.parts.json`);
    for (const name of [path, `${path}.001`]) await assertWhole(name);
    for (const name of namesIn(folder)) {
      const number = Number(name.slice(-3)) - 1;
      await Deno.rename(
        `${folder}/${name}`,
        `${folder}/c.zst_part${String(number).padStart(2, "0")}`,
      );
    }
    for (const name of ["c.zst", "c.zst_part00"]) await assertWhole(`${folder}/${name}`);
    const reader = await openArchiveFile(`${folder}/c.zst`, files);
    const bytes = new Uint8Array(reader.size + 10);
    assertEquals(reader.readAt(bytes, 0), reader.size);
    assertEquals(reader.readAt(new Uint8Array(10), reader.size - 3), 3);
    assertEquals(sha256(bytes.subarray(0, reader.size)), (await write(`${folder}/d`)).digest);
    reader.close();
  }));

Deno.test("a part that is missing, short or of another archive is told of by name", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await write(path, 300_000);
    const third = await Deno.readFile(`${path}.003`);
    await Deno.writeFile(`${path}.003`, third.subarray(1));
    assertEquals(await refusal(path), [
      "integrity",
      `Cannot open "${path}.003": it has ${
        third.length - 1
      } bytes, not ${third.length} as its list says`,
    ]);
    await Deno.remove(`${path}.003`);
    assertEquals(await refusal(path), [
      "not-found",
      `Cannot open "${path}.003": no such file or folder`,
    ]);
    await Deno.remove(`${path}.parts.json`);
    assertEquals(await refusal(path), ["integrity", `Cannot open "${path}": it is cut short`]);
  }));

Deno.test("a list of parts names files beside itself only", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.parts.json`;
    const list = (change: Record<string, unknown>, part: Record<string, unknown> = {}) =>
      JSON.stringify({
        version: 1,
        name: "b",
        size: 3,
        sha256: "0".repeat(64),
        parts: [{ name: "b.001", size: 3, sha256: "0".repeat(64), ...part }],
        ...change,
      });
    for (
      const [text, reason] of [
        ["no", "it is no JSON"],
        ["null", "it is no list of parts"],
        [list({ version: 2 }), "a newer version of palette wrote it"],
        [list({ parts: [] }), "its parts do not add up to its size"],
        [list({}, { name: "/etc/passwd" }), "it is no list of parts"],
        [list({}, { name: "..\\x" }), "it is no list of parts"],
        [list({}, { name: ".." }), "it is no list of parts"],
        [list({}, { size: -1 }), "it is no list of parts"],
        [list({}, { sha256: "x" }), "it is no list of parts"],
      ] as const
    ) {
      await Deno.writeTextFile(path, text);
      assertEquals(await refusal(path), ["integrity", `Cannot open "${path}": ${reason}`]);
    }
  }));

Deno.test("parts of a larger archive of the same name do not stay behind", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await write(path, 100_000);
    assertEquals(namesIn(folder).length > 5, true);
    await write(path, 500_000);
    assertEquals(namesIn(folder), ["b.tar.zst.001", "b.tar.zst.002", "b.tar.zst.parts.json"]);
    await Deno.remove(`${path}.parts.json`);
    await assertWhole(path);
    // A size that ends with a part leaves no empty one.
    const { size } = await write(path, 500_000);
    await write(path, size);
    assertEquals(namesIn(folder), ["b.tar.zst.001", "b.tar.zst.parts.json"]);
  }));

Deno.test("an archive takes the place of the one of its name, whole or in parts", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const others = ["b.tar.zst.01", "b.tar.zst.txt", "c.tar.zst.001"];
    for (const name of others) await Deno.writeTextFile(`${folder}/${name}`, "");
    await write(path, 300_000);
    await write(path);
    assertEquals(namesIn(folder), ["b.tar.zst", ...others]);
    await Deno.writeTextFile(path, "older");
    await write(path, 300_000);
    assertEquals(
      namesIn(folder),
      ["001", "002", "003", "01", "parts.json", "txt"].map((name) => `b.tar.zst.${name}`)
        .concat("c.tar.zst.001"),
    );
    await assertWhole(path);
  }));

for (const splitBytes of [undefined, 300_000]) {
  const form = splitBytes === undefined ? "whole" : "split";
  Deno.test(`parts that CanvOS made of an older archive do not stay beside a new one: ${form}`, () =>
    inTempFolder(async (folder) => {
      const path = `${folder}/b.tar.zst`;
      const stale = Array.from({ length: 11 }, (_, at) => `_part${String(at).padStart(2, "0")}`);
      for (const suffix of stale) await Deno.writeTextFile(`${path}${suffix}`, "older");
      const kept = ["b.tar.zst_part12", "b.tar.zst_parts", "c.tar.zst_part00"];
      for (const name of kept) await Deno.writeTextFile(`${folder}/${name}`, "another");
      const { paths } = await write(path, splitBytes);
      assertEquals(namesIn(folder), [...paths.map(baseName), ...kept].sort());
      await assertWhole(path);
    }));
}

Deno.test("nothing of an older archive goes before the new one is there", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const done: string[] = [];
    const told: Files = {
      ...files,
      rename: (from, to) => (done.push(`to ${baseName(to)}`), files.rename(from, to)),
      async remove(name) {
        const isThere = await files.info(name) !== null;
        if (isThere) done.push(`no ${baseName(name)}`);
        await files.remove(name);
      },
    };
    await write(path, 600_000);
    await write(path, undefined, told);
    assertEquals(done.splice(0), [
      "to b.tar.zst",
      "no b.tar.zst.parts.json",
      "no b.tar.zst.002",
      "no b.tar.zst.001",
    ]);
    await write(path, 600_000, told);
    assertEquals(done.splice(0), [
      "to b.tar.zst.001",
      "to b.tar.zst.002",
      "to b.tar.zst.parts.json",
      "no b.tar.zst",
    ]);
  }));

Deno.test("a file of an older archive that cannot be removed is told of by name", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await write(path, 300_000);
    const stuck: Files = {
      ...files,
      remove: (name) =>
        name === `${path}.002`
          ? Promise.reject(new FileError("permission", "no permission"))
          : files.remove(name),
    };
    const { code, message } = await assertRejects(() => write(path, undefined, stuck), UserError);
    assertEquals([code, message], ["io", `Cannot remove "${path}.002": no permission`]);
    await assertWhole(path);
  }));

Deno.test("an archive in parts is not written beside a folder of its name", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b`;
    await Deno.mkdir(path);
    const { code, message } = await assertRejects(() => write(path, 300_000), UserError);
    assertEquals([code, message], ["io", `Cannot write "${path}": it is a folder`]);
    assertEquals(namesIn(folder), ["b"]);
  }));

for (const splitBytes of [undefined, 300_000]) {
  const form = splitBytes === undefined ? "whole" : "split";
  Deno.test(`signatures of an older archive do not stay beside a new one: ${form}`, () =>
    inTempFolder(async (folder) => {
      const path = `${folder}/b.tar.zst`;
      const kept = ["b.sig.bin", "b.tar.zst.001.sigstore.json"];
      for (const name of [...kept, "b.tar.sig.bin", "b.tar.zst.sigstore.json"]) {
        await Deno.writeTextFile(`${folder}/${name}`, "older");
      }
      const { paths } = await write(path, splitBytes);
      assertEquals(namesIn(folder), [...paths.map(baseName), ...kept].sort());
    }));
}

Deno.test("signatures stay when the archive they are of does", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await write(path);
    await Deno.writeTextFile(`${folder}/b.tar.sig.bin`, "");
    const full: Files = {
      ...files,
      rename: () => Promise.reject(new FileError("no-space", "no space left")),
    };
    await assertRejects(() => write(path, undefined, full), UserError);
    assertEquals(namesIn(folder), ["b.tar.sig.bin", "b.tar.zst"]);
  }));
