import { assertEquals } from "@std/assert";
import { readByteRange } from "../../../lib/oci/server/byte_range.ts";

Deno.test("readByteRange() reads one part, cut at the end of the blob", () => {
  assertEquals(readByteRange("bytes=0-9", 100), { first: 0, last: 9 });
  assertEquals(readByteRange("bytes=90-", 100), { first: 90, last: 99 });
  assertEquals(readByteRange("bytes=90-1000", 100), { first: 90, last: 99 });
  assertEquals(readByteRange("bytes=-10", 100), { first: 90, last: 99 });
  assertEquals(readByteRange("bytes=-1000", 100), { first: 0, last: 99 });
});

Deno.test("readByteRange() finds no part beyond the end", () => {
  for (const header of ["bytes=100-", "bytes=100-200", "bytes=-0"]) {
    assertEquals(readByteRange(header, 100), "unsatisfiable");
  }
  assertEquals(readByteRange("bytes=0-", 0), "unsatisfiable");
});

Deno.test("readByteRange() takes anything else for the whole", () => {
  for (const header of [null, "", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "lines=1-2"]) {
    assertEquals(readByteRange(header, 100), null);
  }
});
