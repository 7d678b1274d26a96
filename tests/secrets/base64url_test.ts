import { assertEquals } from "@std/assert";
import { decodeBase64url, encodeBase64url } from "../../lib/secrets/base64url.ts";
import { SeededRandom } from "../support/seeded_random.ts";

/** RFC 4648 section 10, without padding; then what tells base64url from base64. */
const KNOWN: [name: string, bytes: number[], text: string][] = [
  ["nothing", [], ""],
  ["f", [0x66], "Zg"],
  ["fo", [0x66, 0x6f], "Zm8"],
  ["foo", [0x66, 0x6f, 0x6f], "Zm9v"],
  ["foob", [0x66, 0x6f, 0x6f, 0x62], "Zm9vYg"],
  ["fooba", [0x66, 0x6f, 0x6f, 0x62, 0x61], "Zm9vYmE"],
  ["foobar", [0x66, 0x6f, 0x6f, 0x62, 0x61, 0x72], "Zm9vYmFy"],
  ["characters 62 and 63", [0xfb, 0xff, 0xbf], "-_-_"],
];

for (const [name, bytes, text] of KNOWN) {
  Deno.test(`encodeBase64url() and decodeBase64url() know ${name}`, () => {
    assertEquals(encodeBase64url(Uint8Array.from(bytes)), text);
    assertEquals(decodeBase64url(text), Uint8Array.from(bytes));
  });
}

const REFUSED: [kind: string, text: string][] = [
  ["padding", "Zg=="],
  ["half a padding", "Zg="],
  ["a space inside", "Zm 9v"],
  ["a newline at the end", "Zm9v\n"],
  ["a space at the start", " Zm9v"],
  ["the plus of base64", "+w"],
  ["the slash of base64", "_/8"],
  ["unused bits in a text of two", "Zh"],
  ["unused bits in a text of three", "Zm9"],
  ["unused bits at the end of a longer text", "Zm9vYh"],
  ["a single character", "Z"],
  ["one character too many", "Zm9vY"],
  ["a letter beyond ASCII", "Zm9é"],
  ["a full-width letter", "Ｚm9v"],
  ["a NUL", "Zm9\0"],
];

for (const [kind, text] of REFUSED) {
  Deno.test(`decodeBase64url() refuses ${kind}`, () => {
    assertEquals(decodeBase64url(text), null);
  });
}

Deno.test("encodeBase64url() takes more bytes than a call has arguments", () => {
  const bytes = new SeededRandom(1).bytes(300_000);
  assertEquals(decodeBase64url(encodeBase64url(bytes)), bytes);
});

Deno.test("decodeBase64url() accepts one spelling of each value", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const spellings = new Map<string, number>();
  for (const first of alphabet) {
    for (const second of alphabet) {
      const bytes = decodeBase64url(first + second);
      if (bytes === null) continue;
      spellings.set(String(bytes), (spellings.get(String(bytes)) ?? 0) + 1);
    }
  }
  assertEquals(spellings.size, 256);
  assertEquals(Math.max(...spellings.values()), 1);
});
