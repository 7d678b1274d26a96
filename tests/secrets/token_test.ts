import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeBase64url } from "../../lib/secrets/base64url.ts";
import { formatToken, isToken, MalformedToken, parseToken } from "../../lib/secrets/token.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const PREFIX = "enc:v1:";
/** Nonce and tag: the least a token holds, for the empty text. */
const MIN_PAYLOAD_BYTES = 28;
const MIB = 1024 * 1024;

function tokenOfSize(payloadBytes: number): string {
  return PREFIX + encodeBase64url(new Uint8Array(payloadBytes));
}

Deno.test("parseToken() splits nonce and ciphertext", () => {
  const payload = Uint8Array.from({ length: 30 }, (_, index) => index);
  const { nonce, sealed } = parseToken(PREFIX + encodeBase64url(payload));
  assertEquals(nonce, payload.slice(0, 12));
  assertEquals(sealed, payload.slice(12));
});

Deno.test("formatToken() writes the prefix, then nonce and ciphertext without padding", () => {
  const token = formatToken({ nonce: new Uint8Array(12).fill(255), sealed: new Uint8Array(16) });
  assertEquals(token, "enc:v1:________________AAAAAAAAAAAAAAAAAAAAAA");
});

Deno.test("formatToken(parseToken()) gives back the same text, for every size", () => {
  const random = new SeededRandom(2);
  for (let size = MIN_PAYLOAD_BYTES; size < MIN_PAYLOAD_BYTES + 200; size++) {
    const token = PREFIX + encodeBase64url(random.bytes(size));
    assertEquals(formatToken(parseToken(token)), token);
  }
});

Deno.test("parseToken() refuses a token cut at any length", () => {
  const token = tokenOfSize(MIN_PAYLOAD_BYTES);
  for (let length = 0; length < token.length; length++) {
    assertThrows(() => parseToken(token.slice(0, length)), MalformedToken);
  }
});

Deno.test("parseToken() accepts the shortest token", () => {
  assertEquals(parseToken(tokenOfSize(MIN_PAYLOAD_BYTES)).sealed.length, 16);
});

Deno.test("parseToken() accepts the longest token", () => {
  assertEquals(parseToken(tokenOfSize(MIB)).sealed.length, MIB - 12);
});

const REFUSED: [kind: string, text: string, reason: string][] = [
  ["a token one byte too short", tokenOfSize(MIN_PAYLOAD_BYTES - 1), "it is too short"],
  ["a token one byte too long", tokenOfSize(MIB + 1), "it is longer than 1 MiB"],
  ["a token two bytes too long", tokenOfSize(MIB + 2), "it is longer than 1 MiB"],
  ["a text far too long", PREFIX + "*".repeat(2 * MIB), "it is longer than 1 MiB"],
  ["version 2", `enc:v2:${"A".repeat(38)}`, "written by a newer palette"],
  ["version 10", `enc:v10:${"A".repeat(38)}`, "written by a newer palette"],
  ["a prefix in capitals", `ENC:V1:${"A".repeat(38)}`, "it is not an encrypted value"],
  ["a space before the prefix", ` ${tokenOfSize(28)}`, "it is not an encrypted value"],
  ["the bare prefix", PREFIX, "it is too short"],
  ["the empty text", "", "it is not an encrypted value"],
  ["plain text", "correct horse", "it is not an encrypted value"],
  ["padding", `${tokenOfSize(28)}==`, "it is not canonical base64url"],
  ["a newline at the end", `${tokenOfSize(28)}\n`, "it is not canonical base64url"],
  ["unused bits", tokenOfSize(28).slice(0, -1) + "B", "it is not canonical base64url"],
  ["a second prefix", PREFIX + tokenOfSize(28), "it is not canonical base64url"],
];

for (const [kind, text, reason] of REFUSED) {
  Deno.test(`parseToken() refuses ${kind}: ${reason}`, () => {
    assertEquals(assertThrows(() => parseToken(text), MalformedToken).message, reason);
  });
}

Deno.test("parseToken() never shows the text it refuses", () => {
  for (const [, text] of REFUSED.filter(([, text]) => text.length > 10)) {
    const { message } = assertThrows(() => parseToken(text), MalformedToken);
    assert(!message.includes(text.slice(7, 17)));
  }
});

const LOOKS: [text: string, expected: boolean][] = [
  [tokenOfSize(28), true],
  ["enc:v2:anything", true],
  ["enc:v123:", true],
  ["enc:v:x", false],
  ["enc:vx:x", false],
  ["Enc:v1:x", false],
  ["a enc:v1:x", false],
  ["\nenc:v1:x", false],
  ["enc", false],
  ["", false],
];

for (const [text, expected] of LOOKS) {
  const shown = text.length > 20 ? "a whole token" : JSON.stringify(text);
  Deno.test(`isToken() says ${expected} of ${shown}`, () => {
    assertEquals(isToken(text), expected);
  });
}

Deno.test("parseToken() reads or refuses random text, and reads only what it would write", () => {
  const random = new SeededRandom(3);
  const alphabet = "AZaz09-_+/= \n\0é𝄞:";
  let readable = 0;
  for (let round = 0; round < 3000; round++) {
    const start = [PREFIX, "enc:v2:", "", "enc:"][random.below(4)] ?? "";
    const text = start + random.text(random.below(60), round % 2 === 0 ? "AQgw-_" : alphabet);
    try {
      assertEquals(formatToken(parseToken(text)), text);
      readable++;
    } catch (error) {
      if (!(error instanceof MalformedToken)) throw error;
    }
  }
  assert(readable > 50, `only ${readable} texts were tokens`);
});

Deno.test("parseToken() reads or refuses random bytes", () => {
  const random = new SeededRandom(4);
  for (let round = 0; round < 500; round++) {
    const bytes = random.bytes(random.below(80));
    const text = PREFIX + encodeBase64url(bytes);
    if (bytes.length >= MIN_PAYLOAD_BYTES) assertEquals(formatToken(parseToken(text)), text);
    else assertThrows(() => parseToken(text), MalformedToken);
    assertThrows(() => parseToken(new TextDecoder("latin1").decode(bytes)), MalformedToken);
  }
});
