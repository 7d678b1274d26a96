import { assertEquals } from "@std/assert";
import { BytePieces } from "../../../lib/oci/registry/byte_pieces.ts";

Deno.test("a source that is opened too late is let go of, and is not what failed", async () => {
  let isCancelled = false;
  const opening = Promise.withResolvers<ReadableStream<Uint8Array>>();
  const pieces = new BytePieces(() => opening.promise, "a blob");
  const reading = pieces.take(1).getReader().read().catch(() => {});
  await pieces.cancel();
  opening.resolve(
    new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    }),
  );
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, 1_000);
  await Promise.race([reading, late.promise]);
  clearTimeout(timer);
  assertEquals([isCancelled, pieces.failure], [true, null]);
});
