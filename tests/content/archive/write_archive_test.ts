import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { openArchive } from "../../../lib/content/archive/open_archive.ts";
import {
  type ArchiveMember,
  writeArchive,
  type WriteArchiveOptions,
} from "../../../lib/content/archive/write_archive.ts";
import { readTable } from "../../../lib/content/archive/member_table.ts";
import { formatTarHeader, paddingOf } from "../../../lib/content/archive/tar_header.ts";
import { TarMembers } from "../../../lib/content/archive/tar_members.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { FileError, systemFiles } from "../../../lib/runtime/files.ts";
import { concatBytes } from "../../../lib/runtime/streams.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { hasProgram, outputOf } from "../../support/programs.ts";
import { memberOf, noise, sampleBundle, sha256 } from "../../support/sample_bundle.ts";
import { inTempFolder, namesIn } from "../../support/temp_folder.ts";

const files = systemFiles();
const crypto = systemCrypto();
const bundle = sampleBundle();
const LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

async function* each(members: readonly ArchiveMember[]): AsyncGenerator<ArchiveMember> {
  yield* members;
}

function write(
  path: string,
  members: readonly ArchiveMember[] = bundle.members,
  options: Partial<WriteArchiveOptions> = {},
) {
  return writeArchive(path, each(members), {
    level: 3,
    mtimeSeconds: 0,
    files,
    crypto,
    ...options,
  });
}

Deno.test("writeArchive() tells size and digest of the file it wrote, and leaves nothing beside it", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    let told = 0;
    const written = await write(path, bundle.members, { onBytes: (count) => told += count });
    const bytes = await Deno.readFile(path);
    assertEquals(written, { size: bytes.length, digest: sha256(bytes), paths: [path] });
    assertEquals(namesIn(folder), ["b.tar.zst"]);
    assertEquals(told, bundle.members.reduce((sum, { size }) => sum + size, 0));
  }));

Deno.test("writeArchive() hashes nothing when nobody wants the digest", () =>
  inTempFolder(async (folder) => {
    const hashless = { ...crypto, sha256: () => Promise.reject(new Error("a hash was asked for")) };
    const parts = { skipsDigest: true, crypto: hashless };
    const { digest, size } = await write(`${folder}/a`, bundle.members, parts);
    assertEquals(digest, null);
    await write(`${folder}/b`);
    assertEquals(await Deno.readFile(`${folder}/a`), await Deno.readFile(`${folder}/b`));
    // Who puts parts together compares them with their list.
    const split = { skipsDigest: true, splitBytes: size - 1 };
    await write(`${folder}/c`, bundle.members, split);
    const list = JSON.parse(await Deno.readTextFile(`${folder}/c.parts.json`));
    assertEquals(`sha256:${list.sha256}`, sha256(await Deno.readFile(`${folder}/b`)));
  }));

for (const level of [0, 1, 3, 19]) {
  const name = level === 0 ? "b.tar" : "b.tar.zst";
  Deno.test({
    name: `tar and zstd read an archive of level ${level} as an ordinary file`,
    ignore: !hasProgram("zstd") || !hasProgram("tar"),
    fn: () =>
      inTempFolder(async (folder) => {
        const path = `${folder}/${name}`;
        await write(path, bundle.members, { level });
        if (level > 0) await outputOf("zstd", "-tq", path);
        const list = await outputOf("tar", "--utc", "--full-time", "-tvf", path);
        assertEquals(
          list.trimEnd().split("\n").map((line) => line.replace(/ +/g, " ")),
          bundle.members.map(({ name, size }) =>
            `-rw-r--r-- 0/0 ${size} 1970-01-01 00:00:00 ${name}`
          ),
        );
        await outputOf("tar", "-xf", path, "-C", folder);
        for (const [digest, bytes] of bundle.blobs) {
          assertEquals(await Deno.readFile(`${folder}/blobs/sha256/${digest.slice(7)}`), bytes);
        }
      }),
  });
}

Deno.test({
  name: "skopeo inspects and copies images out of the archive, by their full references",
  ignore: !hasProgram("skopeo"),
  fn: () =>
    inTempFolder(async (folder) => {
      const path = `${folder}/b.tar.zst`;
      await write(path);
      const at = (ref: string) => `oci-archive:${path}:${ref}`;
      const both = JSON.parse(
        await outputOf("skopeo", "inspect", "--raw", at("us-docker.pkg.dev/p/both:v1")),
      );
      assertEquals(both.manifests.length, 2);
      const nginx = JSON.parse(
        await outputOf("skopeo", "inspect", at("docker.io/library/nginx:1.27")),
      );
      assertEquals([nginx.Architecture, nginx.Os], ["amd64", "linux"]);
      await outputOf(
        ...["skopeo", "copy", "-q", "--all", "--insecure-policy"] as const,
        at("us-docker.pkg.dev/p/both:v1"),
        `dir:${folder}/out`,
      );
      const copied = await Deno.readFile(`${folder}/out/manifest.json`);
      assertEquals(sha256(copied), bundle.items[2]?.digest);
    }),
});

Deno.test("the same members give the same bytes, in whatever pieces they come", () =>
  inTempFolder(async (folder) => {
    await write(`${folder}/a`);
    const whole = bundle.members.map((member): ArchiveMember => ({
      ...member,
      async *open() {
        const pieces: Uint8Array[] = [];
        // One buffer for all pieces, as readers of files have.
        for await (const piece of member.open()) pieces.push(piece);
        const buffer = new Uint8Array(1000);
        const bytes = concatBytes(pieces);
        for (let at = 0; at < bytes.length; at += buffer.length) {
          const part = bytes.subarray(at, at + buffer.length);
          buffer.set(part);
          yield buffer.subarray(0, part.length);
        }
      },
    }));
    await write(`${folder}/b`, whole);
    assertEquals(await Deno.readFile(`${folder}/b`), await Deno.readFile(`${folder}/a`));
    await write(`${folder}/c`, bundle.members, { level: 0 });
    await write(`${folder}/d`, whole, { level: 0 });
    assertEquals(await Deno.readFile(`${folder}/d`), await Deno.readFile(`${folder}/c`));
  }));

/** The sample with what `definition` reads as its head. */
function withHead(): ArchiveMember[] {
  const names = new Set(["oci-layout", "index.json"]);
  return bundle.members.map((member) =>
    names.has(member.name) ? { ...member, isHead: true } : member
  );
}

Deno.test("the head of an archive is stored as it is, with its SHA-256 in the table", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await write(path, withHead());
    const bytes = await Deno.readFile(path);
    const start = new TextDecoder("latin1").decode(bytes.subarray(0, 8192));
    assertEquals(start.includes(new TextDecoder("latin1").decode(bundle.index)), true);
    const reader = await files.openReader(path);
    const table = readTable(reader) ?? [];
    reader.close();
    assertEquals(
      table.filter(({ sha256 }) => sha256 !== undefined).map(({ name, raw, sha256 }) => [
        name,
        raw,
        sha256,
      ]),
      [
        ["oci-layout", true, sha256(new TextEncoder().encode(LAYOUT)).slice(7)],
        ["index.json", true, sha256(bundle.index).slice(7)],
      ],
    );
    if (!hasProgram("zstd") || !hasProgram("tar")) return;
    const listed = await outputOf("tar", "--zstd", "-tf", path);
    assertEquals(listed.trim().split("\n"), bundle.members.map(({ name }) => name));
  }));

Deno.test("a changed byte in the head of an archive is noticed, wherever it is", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await write(path, withHead());
    const whole = await Deno.readFile(path);
    const text = new TextDecoder("latin1").decode(whole);
    const index = text.indexOf(new TextDecoder("latin1").decode(bundle.index));
    for (const at of [0, 1, 100, bundle.index.length - 1].map((from) => index + from)) {
      const bytes = whole.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await Deno.writeFile(path, bytes);
      const { code, message } = await assertRejects(
        () => openArchive(path, { files, crypto, spoolFolder: `${folder}/never` }),
        UserError,
      );
      assertEquals([code, message], [
        "integrity",
        `Cannot open "${path}": index.json: it has not the SHA-256 that it was written with`,
      ]);
    }
  }));

Deno.test("what is compressed already is stored in raw blocks, hardly larger", () =>
  inTempFolder(async (folder) => {
    const bytes = noise(3_000_000);
    const { size } = await write(`${folder}/a`, [memberOf("noise", bytes, true)]);
    // A header, 23 blocks, the frame of the end, the table.
    assertEquals(size < bytes.length * 1.001, true);
    const text = new Uint8Array(3_000_000).fill(97);
    assertEquals((await write(`${folder}/b`, [memberOf("text", text)])).size < 5_000, true);
    assertEquals((await write(`${folder}/c`, [memberOf("text", text, true)])).size > 3e6, true);
  }));

Deno.test({
  name: "names and sizes that ustar cannot hold come back from tar",
  ignore: !hasProgram("tar"),
  fn: () =>
    inTempFolder(async (folder) => {
      const names = [
        `${"a".repeat(99)}/${"b".repeat(60)}`,
        "c".repeat(180),
        "ümläut/datei",
        `${"d".repeat(150)}/${"e".repeat(150)}`,
      ];
      await write(
        `${folder}/a.tar`,
        names.map((name) => memberOf(name, new Uint8Array(5).fill(65))),
        { level: 0 },
      );
      const list = await outputOf("tar", "--quoting-style=literal", "-tf", `${folder}/a.tar`);
      assertEquals(list.trimEnd().split("\n"), names);
    }),
});

Deno.test("a member of another size than it said is refused, and what was there stays", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await Deno.writeTextFile(path, "before");
    for (const size of [9, 11]) {
      const error = await assertRejects(
        () => write(path, [{ ...memberOf("x", new Uint8Array(10)), size }]),
        UserError,
        `Cannot write x: it has not the ${size} bytes it should`,
      );
      assertEquals(error.code, "integrity");
    }
    assertEquals(await Deno.readTextFile(path), "before");
    assertEquals(namesIn(folder), ["b.tar.zst"]);
  }));

Deno.test("a full disk ends in one line, with nothing left of the archive", () =>
  inTempFolder(async (folder) => {
    const full = {
      ...files,
      async openWriter(path: string, start: "new" | "end", mode: number) {
        const writer = await files.openWriter(path, start, mode);
        let left = 500_000;
        return {
          get size() {
            return writer.size;
          },
          write(bytes: Uint8Array) {
            left -= bytes.length;
            if (left < 0) throw new FileError("no-space", "no space left on device");
            return writer.write(bytes);
          },
          flush: () => writer.flush(),
          close: () => writer.close(),
        };
      },
    };
    const path = `${folder}/b.tar.zst`;
    const error = await assertRejects(
      () => write(path, bundle.members, { files: full }),
      UserError,
      `Cannot write "${path}": no space left on device`,
    );
    assertEquals([error.code, error.hint], ["io", "Free some space, or write it elsewhere"]);
    assertEquals(namesIn(folder), []);
  }));

Deno.test("a stopped run leaves nothing; the next one goes over what a killed one left", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const stop = new AbortController();
    await assertRejects(
      () =>
        write(path, bundle.members, {
          signal: stop.signal,
          onBytes: () => stop.abort(new DOMException("stopped", "AbortError")),
        }),
      DOMException,
      "stopped",
    );
    assertEquals(namesIn(folder), []);
    await Deno.writeTextFile(`${path}.partial`, "of a run that was killed");
    await write(path);
    assertEquals(namesIn(folder), ["b.tar.zst"]);
  }));

Deno.test("openArchive() reads the table alone, and members from any place in them", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const { size } = await write(path);
    let read = 0;
    const counting = {
      ...files,
      async openReader(path: string) {
        const reader = await files.openReader(path);
        return {
          size: reader.size,
          readAt(buffer: Uint8Array, offset: number) {
            read += buffer.length;
            return reader.readAt(buffer, offset);
          },
          close: () => reader.close(),
        };
      },
    };
    const opened = await openArchive(path, {
      files: counting,
      crypto,
      spoolFolder: `${folder}/never`,
    });
    assertEquals(read < 10_000 && size > 800_000, true, `${read} of ${size}`);
    assertEquals(
      [opened.name, opened.place, opened.items.map(({ ref, type }) => `${type} ${ref}`)],
      ["edge-site", path, [
        "bundle bundle-definition:edge-site",
        "image docker.io/library/nginx:1.27",
        "image us-docker.pkg.dev/p/both:v1",
      ]],
    );
    assertEquals(opened.annotations["palette.bundle.schema"], "v1");
    assertEquals(opened.items[0]?.descriptor, bundle.items[0]);
    for (const [digest, bytes] of bundle.blobs) {
      const descriptor = { mediaType: "", digest, size: bytes.length };
      assertEquals(await opened.source.has(descriptor), true);
      for (const share of [0, 0.3, 0.7, 0.999, 1]) {
        const offset = Math.floor(bytes.length * share);
        const pieces = await Array.fromAsync(await opened.source.open(descriptor, offset));
        assertEquals(sha256(concatBytes(pieces)), sha256(bytes.subarray(offset)), `at ${offset}`);
      }
    }
    opened.close();
    assertEquals(namesIn(folder), ["b.tar.zst"]);
  }));

Deno.test("openArchive() reads only what is asked for from the middle of a large blob", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const plain = new Uint8Array(20_000_000).map((_, at) => at >> 3);
    const packed = noise(20_000_000);
    const small = sampleBundle({ layerBytes: 1000, plainBytes: 1000 });
    await write(path, [
      ...small.members,
      memberOf(`blobs/sha256/${sha256(plain).slice(7)}`, plain),
      memberOf(`blobs/sha256/${sha256(packed).slice(7)}`, packed, true),
    ]);
    let read = 0;
    const counting = {
      ...files,
      async openReader(path: string) {
        const reader = await files.openReader(path);
        return {
          ...reader,
          readAt(buffer: Uint8Array, offset: number) {
            read += buffer.length;
            return reader.readAt(buffer, offset);
          },
        };
      },
    };
    const opened = await openArchive(path, { files: counting, crypto, spoolFolder: folder });
    for (const bytes of [plain, packed]) {
      read = 0;
      const stream = await opened.source.open(
        { mediaType: "", digest: sha256(bytes), size: bytes.length },
        12_345_678,
      );
      const reader = stream.getReader();
      const { value = new Uint8Array() } = await reader.read();
      assertEquals(value, bytes.subarray(12_345_678, 12_345_678 + value.length));
      await reader.cancel();
      assertEquals(read < 5_000_000, true, `${read}`);
    }
    opened.close();
  }));

Deno.test("a blob that is not there is not found", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await write(path);
    const opened = await openArchive(path, { files, crypto, spoolFolder: folder });
    const descriptor = { mediaType: "", digest: sha256(new Uint8Array(7)), size: 7 };
    assertEquals(await opened.source.has(descriptor), false);
    const error = await assertRejects(() => opened.source.open(descriptor), UserError);
    assertEquals(
      [error.code, error.message],
      ["not-found", `Cannot read ${descriptor.digest}: it is not in "${path}"`],
    );
    opened.close();
  }));

/** Starts to write an archive and kills the process in the middle. */
async function killWriting(...args: string[]): Promise<void> {
  const script = new URL("../../support/archive_writer.ts", import.meta.url).pathname;
  const writer = new Deno.Command(Deno.execPath(), {
    args: denoRunArgs(["-A"], decodeURIComponent(script), ...args),
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = writer.stdout.getReader();
  await reader.read();
  writer.kill("SIGKILL");
  await writer.status;
  await reader.cancel();
}

Deno.test("a run that is killed leaves what was there, and the next one writes the whole", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    await killWriting(path);
    assertEquals(namesIn(folder), ["b.tar.zst.partial"]);
    const { digest } = await write(path);
    assertEquals(namesIn(folder), ["b.tar.zst"]);
    await killWriting(path);
    assertEquals(namesIn(folder), ["b.tar.zst", "b.tar.zst.partial"]);
    assertEquals(sha256(await Deno.readFile(path)), digest);
  }));

Deno.test("two runs that write one archive do not spoil it: the second is told of the first", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    let refusal: Promise<UserError> | null = null;
    const { digest } = await writeArchive(
      path,
      (async function* () {
        yield* bundle.members;
        refusal = assertRejects(() => write(path), UserError);
        await refusal;
      })(),
      { level: 3, mtimeSeconds: 0, files, crypto },
    );
    const { code, message } = await (refusal ?? Promise.reject(new Error("it did not run")));
    assertEquals([code, message], [
      "busy",
      `Cannot write "${path}": another run is writing it`,
    ]);
    assertEquals(namesIn(folder), ["b.tar.zst"]);
    assertEquals(sha256(await Deno.readFile(path)), digest);
  }));

Deno.test({
  name: "a member of more than 8 GiB has its size in an extended header, for tar and for us",
  ignore: !hasProgram("tar"),
  fn: () =>
    inTempFolder(async (folder) => {
      const path = `${folder}/a.tar`;
      const size = 9 * 2 ** 30 + 1;
      const header = formatTarHeader({ name: "large", size, mtimeSeconds: 0 });
      const end = header.length + size + paddingOf(size);
      // A hole: nothing of it is on the disk.
      const file = await Deno.open(path, { create: true, write: true });
      await file.write(header);
      await file.truncate(end + 1024);
      file.close();
      assertEquals(
        (await outputOf("tar", "--utc", "-tvf", path)).replace(/ +/g, " "),
        `-rw-r--r-- 0/0 ${size} 1970-01-01 00:00 large\n`,
      );
      const members = TarMembers.scan(await files.openReader(path), () => Infinity);
      assertEquals([...members.names()].map((name) => members.sizeOf(name)), [size]);
      members.close();
    }),
});
