import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import { BlobCache } from "../../lib/oci/blob_cache.ts";
import type { ContentSource } from "../../lib/oci/content_source.ts";
import type { Descriptor } from "../../lib/oci/descriptor.ts";
import { hexOf } from "../../lib/oci/digest.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { FileError, type Files, systemFiles } from "../../lib/runtime/files.ts";
import { ownPieces } from "../../lib/runtime/streams.ts";
import { blobOf, noise, opening, readAll, testRegistry } from "../support/registry_client.ts";
import { cutBody, StubRegistry } from "../support/stub_registry.ts";

const KIB = 1024;
const bytes = noise(500 * KIB);
const layer = await blobOf(bytes);
const WHAT = "layer 1 of app:v1";

class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make() {
    return new Folder(await Deno.makeTempDir({ prefix: "palette-blobs-" }));
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.path, { recursive: true });
  }

  /** As a run of its own. */
  open(files: Files = systemFiles(), signal = new AbortController().signal): BlobCache {
    return new BlobCache(this.path, {
      files,
      crypto: systemCrypto(),
      clock: systemClock(),
      signal,
    });
  }

  at(suffix = "", { digest }: Descriptor = layer): string {
    return `${this.path}/sha256/${hexOf(digest)}${suffix}`;
  }

  /** Names of the files, the digest left out. */
  names(): string[] {
    return [...Deno.readDirSync(`${this.path}/sha256`)]
      .map(({ name }) => name.replace(hexOf(layer.digest), "X")).sort();
  }
}

/** A source that gives what it is told, and notes where it was read from. */
function sourceOf(content: Uint8Array, { stopsAt }: { stopsAt?: number } = {}) {
  const offsets: number[] = [];
  const source: ContentSource = {
    has: () => Promise.resolve(true),
    async open(_, offset = 0) {
      offsets.push(offset);
      if (stopsAt === undefined) return await opening(content)(offset);
      return await opening(content.subarray(0, stopsAt))(offset).then((stream) =>
        stream.pipeThrough(
          new TransformStream({
            flush() {
              throw new UserError("network", "gone");
            },
          }),
        )
      );
    },
  };
  return { source, offsets };
}

Deno.test("a blob is fetched once, checked and private", async () => {
  await using folder = await Folder.make();
  const cache = folder.open();
  const { source, offsets } = sourceOf(bytes);
  assertEquals(await cache.has(layer), false);
  await Promise.all([cache.ensure(layer, source, WHAT), cache.ensure(layer, source, WHAT)]);
  await cache.ensure(layer, source, WHAT);
  await folder.open().ensure(layer, source, WHAT);
  assertEquals(offsets, [0]);
  assertEquals([await cache.has(layer), await cache.has({ ...layer, size: 1 })], [true, false]);
  assertEquals(await readAll(await cache.open(layer)), bytes);
  assertEquals(await readAll(await cache.open(layer, 7)), bytes.subarray(7));
  assertEquals(folder.names(), ["X"]);
  assertEquals((Deno.statSync(folder.at()).mode ?? 0) & 0o777, 0o600);
});

Deno.test("an empty blob can be kept", async () => {
  await using folder = await Folder.make();
  const empty = await blobOf(new Uint8Array());
  const cache = folder.open();
  await cache.ensure(empty, sourceOf(new Uint8Array()).source, WHAT);
  assertEquals(await readAll(await cache.open(empty)), new Uint8Array());
});

Deno.test("what a run left is not fetched again by the next", async () => {
  await using folder = await Folder.make();
  const first = sourceOf(bytes, { stopsAt: 200 * KIB });
  await assertRejects(() => folder.open().ensure(layer, first.source, WHAT), UserError, "gone");
  assertEquals(folder.names(), ["X.json", "X.lock", "X.partial"]);
  assertEquals(await folder.open().has(layer), false);
  const second = sourceOf(bytes);
  await folder.open().ensure(layer, second.source, WHAT);
  assertEquals(second.offsets, [200 * KIB]);
  assertEquals(await Deno.readFile(folder.at()), bytes);
  assertEquals(folder.names(), ["X"]);
});

Deno.test("a whole part is put in place without a request", async () => {
  await using folder = await Folder.make();
  const first = sourceOf(bytes, { stopsAt: 1 });
  await assertRejects(() => folder.open().ensure(layer, first.source, WHAT));
  await Deno.writeFile(folder.at(".partial"), bytes);
  const { source, offsets } = sourceOf(bytes);
  await folder.open().ensure(layer, source, WHAT);
  assertEquals(offsets, []);
});

const BAD_PARTS: [string, (folder: Folder) => Promise<void>, number[]][] = [
  ["was altered", (folder) => Deno.writeFile(folder.at(".partial"), noise(1000, 5)), [1000, 0]],
  ["is too long", (folder) => Deno.writeFile(folder.at(".partial"), noise(600 * KIB)), [0]],
  ["belongs to another size", (folder) => Deno.writeTextFile(folder.at(".json"), '{"size":9}'), [
    0,
  ]],
  ["has no note", (folder) => Deno.remove(folder.at(".json")), [0]],
  ["has a broken note", (folder) => Deno.writeTextFile(folder.at(".json"), "{"), [0]],
];

for (const [name, damage, offsets] of BAD_PARTS) {
  Deno.test(`a part that ${name} is fetched from the beginning`, async () => {
    await using folder = await Folder.make();
    const first = sourceOf(bytes, { stopsAt: 200 * KIB });
    await assertRejects(() => folder.open().ensure(layer, first.source, WHAT));
    await damage(folder);
    const second = sourceOf(bytes);
    await folder.open().ensure(layer, second.source, WHAT);
    assertEquals(second.offsets, offsets);
    assertEquals(await Deno.readFile(folder.at()), bytes);
    assertEquals(folder.names(), ["X"]);
  });
}

const LIES: [string, Uint8Array, string, string][] = [
  [
    "gives other bytes",
    noise(bytes.length, 3),
    "integrity",
    `Cannot use ${WHAT}: its bytes do not have the digest ${layer.digest}`,
  ],
  [
    "gives more bytes",
    noise(bytes.length + 1),
    "integrity",
    `Cannot use ${WHAT}: its bytes do not have the digest ${layer.digest}`,
  ],
  [
    "ends early without a word",
    bytes.subarray(0, 300 * KIB),
    "network",
    `Cannot use ${WHAT}: it ended after ${300 * KIB} of ${500 * KIB} bytes`,
  ],
];

for (const [name, content, code, message] of LIES) {
  Deno.test(`a source that ${name} leaves no blob behind`, async () => {
    await using folder = await Folder.make();
    const { source } = sourceOf(content);
    const error = await assertRejects(() => folder.open().ensure(layer, source, WHAT), UserError);
    assertEquals([error.code, error.message], [code, message]);
    assertEquals(await folder.open().has(layer), false);
    assertEquals(folder.names().includes("X.partial"), code === "network");
    // The next run is none the worse for it.
    await folder.open().ensure(layer, sourceOf(bytes).source, WHAT);
    assertEquals(await Deno.readFile(folder.at()), bytes);
  });
}

for (const [name, content] of [["altered", noise(bytes.length, 4)], ["short", noise(5)]] as const) {
  Deno.test(`a blob that was ${name} on the disk is noticed and fetched again`, async () => {
    await using folder = await Folder.make();
    const cache = folder.open();
    await cache.ensure(layer, sourceOf(bytes).source, WHAT);
    await Deno.writeFile(folder.at(), content);
    if (name === "altered") {
      const error = await assertRejects(async () => readAll(await cache.open(layer)), UserError);
      assertEquals([error.code, error.message], [
        "integrity",
        `The blob cache has a damaged copy of ${layer.digest}`,
      ]);
      assertEquals(folder.names(), []);
    }
    assertEquals(await cache.has(layer), false);
    await cache.ensure(layer, sourceOf(bytes).source, WHAT);
    assertEquals(await readAll(await cache.open(layer)), bytes);
  });
}

Deno.test("openChecked() keeps the last piece back until the whole is right", async () => {
  await using folder = await Folder.make();
  const cache = folder.open();
  const large = noise(2 * 1024 * KIB + 5);
  const blob = await blobOf(large);
  await cache.ensure(blob, sourceOf(large).source, WHAT);
  assertEquals(await readAll(ownPieces(await cache.openChecked(blob))), large);
  const altered = large.slice();
  altered[0] = (altered[0] ?? 0) ^ 1;
  await Deno.writeFile(folder.at("", blob), altered);
  let count = 0;
  const error = await assertRejects(async () => {
    for await (const piece of await cache.openChecked(blob)) count += piece.length;
  }, UserError);
  assertEquals([error.code, count], ["integrity", 2 * 1024 * KIB]);
  assertEquals(folder.names(), []);
});

Deno.test("what is not there is told", async () => {
  await using folder = await Folder.make();
  for (const open of ["open", "openChecked"] as const) {
    const error = await assertRejects(() => folder.open()[open](layer), UserError);
    assertEquals(error.code, "not-found");
  }
});

Deno.test("two runs at once fetch a blob once", async () => {
  await using folder = await Folder.make();
  const sources = [sourceOf(bytes), sourceOf(bytes), sourceOf(bytes)];
  await Promise.all(sources.map(({ source }) => folder.open().ensure(layer, source, WHAT)));
  assertEquals(sources.flatMap(({ offsets }) => offsets), [0]);
  assertEquals(await Deno.readFile(folder.at()), bytes);
  assertEquals(folder.names(), ["X"]);
});

Deno.test("a full disk is told; what has arrived stays for the next run", async () => {
  await using folder = await Folder.make();
  const files = systemFiles();
  let room = 200 * KIB;
  const full: Files = {
    ...files,
    async openWriter(path, start, mode) {
      const writer = await files.openWriter(path, start, mode);
      return {
        get size() {
          return writer.size;
        },
        async write(piece) {
          room -= piece.length;
          if (room < 0) throw new FileError("no-space", "no space left on device");
          await writer.write(piece);
        },
        flush: () => writer.flush(),
        close: () => writer.close(),
      };
    },
  };
  const error = await assertRejects(
    () => folder.open(full).ensure(layer, sourceOf(bytes).source, WHAT),
    UserError,
  );
  assertEquals([error.code, error.message, error.hint], [
    "io",
    `Cannot write "${folder.at(".partial")}" of the blob cache: no space left on device`,
    "Free some space, or choose another disk with --cache-dir; what has arrived is kept",
  ]);
  const next = sourceOf(bytes);
  await folder.open().ensure(layer, next.source, WHAT);
  assertEquals(next.offsets, [192 * KIB]);
});

Deno.test("a registry and its cache: bytes that arrived before a break are asked for once", async () => {
  await using folder = await Folder.make();
  await using stub = new StubRegistry();
  await stub.addBlob(bytes);
  stub.intercepts.push((seen) =>
    seen.path.includes("/blobs/") && seen.range === null
      ? new Response(cutBody(bytes.slice(0, 100 * KIB)))
      : null
  );
  {
    using test = testRegistry(stub.host, { retries: 0 });
    const source = test.client.source("app");
    const error = await assertRejects(
      () => folder.open().ensure(layer, source, WHAT),
      UserError,
    );
    assertEquals(error.code, "network");
  }
  using test = testRegistry(stub.host, { retries: 0 });
  await folder.open().ensure(layer, test.client.source("app"), WHAT);
  assertEquals(stub.requests.map(({ range }) => range).filter((range) => range !== null), [
    `bytes=${100 * KIB}-`,
  ]);
  assertEquals(await Deno.readFile(folder.at()), bytes);
});
