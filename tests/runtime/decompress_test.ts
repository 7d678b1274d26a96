import { assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { openGzip } from "../../lib/runtime/gzip.ts";
import { openZstd } from "../../lib/runtime/zstd.ts";
import { concatBytes } from "../../lib/runtime/streams.ts";

const text = (text: string) => new TextEncoder().encode(text);
const hello = text("hello ".repeat(1000));
const gunzip = await openGzip();

async function read(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(concatBytes(await Array.fromAsync(stream)));
}

Deno.test("compressFrame() writes the content size and a checksum into the frame", async () => {
  const { compressFrame, decompressFrame } = await openZstd();
  const frame = compressFrame(hello, 3);
  // RFC 8878 3.1.1.1.1: a field of two bytes, a checksum.
  assertEquals([(frame[4] ?? 0) >> 6, (frame[4] ?? 0) & 4], [1, 4]);
  assertEquals(decompressFrame(frame, hello.length), new Uint8Array(hello));
});

/** Why frames are counted and measured before anything is decompressed. */
Deno.test("the zstd decompressor is not to be trusted with the end", async () => {
  const { compressFrame, decompressStream } = await openZstd();
  const one = compressFrame(hello, 3);
  const two = concatBytes([one, compressFrame(text("second"), 3)]);
  assertEquals(await read(decompressStream(ReadableStream.from([two]))), "hello ".repeat(1000));
  assertEquals(await read(decompressStream(ReadableStream.from([one.subarray(0, -10)]))), "");
});

Deno.test("decompressStream() of gzip reads all members, in whatever pieces, which the platform's own does not", async () => {
  const members = concatBytes([gzipSync("first "), gzipSync("second "), gzipSync("third")]);
  for (const length of [1, 7, 24, 25, 26, 1000]) {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < members.length; at += length) {
      pieces.push(members.slice(at, at + length));
    }
    assertEquals(
      await read(gunzip.decompressStream(ReadableStream.from(pieces))),
      "first second third",
    );
  }
  const platform = ReadableStream.from([members]).pipeThrough(new DecompressionStream("gzip"));
  await assertRejects(() => read(platform), TypeError);
});

Deno.test("decompressStream() of gzip does not take a part for the whole", async () => {
  const bytes = new Uint8Array(gzipSync(hello));
  for (const cut of [12, 30, bytes.length - 9, bytes.length - 1]) {
    await assertRejects(async () =>
      await read(gunzip.decompressStream(ReadableStream.from([bytes.subarray(0, cut)])))
    );
  }
  bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 1;
  await assertRejects(async () =>
    await read(gunzip.decompressStream(ReadableStream.from([bytes])))
  );
});
