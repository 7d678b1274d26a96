import { assertEquals, assertThrows } from "@std/assert";
import { encodeBase64url } from "../../lib/secrets/base64url.ts";
import {
  DEFAULT_ITERATIONS,
  formatEncryptionBlock,
  MalformedBlock,
  MIN_WRITTEN_ITERATIONS,
  parseEncryptionBlock,
} from "../../lib/secrets/encryption_block.ts";

const FIELDS = {
  version: "1",
  kdf: "PBKDF2-HMAC-SHA-256",
  iterations: "1000000",
  salt: "AAECAwQFBgcICQoLDA0ODw",
  fileId: "EBESExQVFhcYGRobHB0eHw",
  verifier: "HouUaAa2fZOksmjJZioejA",
};

function bytes(count: number): string {
  return encodeBase64url(new Uint8Array(count).fill(7));
}

Deno.test("parseEncryptionBlock() reads a block", () => {
  const block = parseEncryptionBlock(FIELDS);
  assertEquals(block.iterations, 1_000_000);
  assertEquals(block.salt, Uint8Array.from({ length: 16 }, (_, index) => index));
  assertEquals(block.fileId, "EBESExQVFhcYGRobHB0eHw");
  assertEquals(encodeBase64url(block.verifier), FIELDS.verifier);
});

Deno.test("formatEncryptionBlock() writes what parseEncryptionBlock() read, in order", () => {
  const written = formatEncryptionBlock(parseEncryptionBlock(FIELDS));
  assertEquals(Object.entries(written), Object.entries(FIELDS));
});

Deno.test("parseEncryptionBlock() ignores addresses and keys it does not know", () => {
  const block = parseEncryptionBlock({ ...FIELDS, addresses: { "/a": "https://b" }, note: "x" });
  assertEquals(formatEncryptionBlock(block), FIELDS);
});

Deno.test("what is written by default is within what may be written", () => {
  assertEquals(DEFAULT_ITERATIONS, 1_000_000);
  assertEquals(MIN_WRITTEN_ITERATIONS, 600_000);
});

const ACCEPTED: [name: string, fields: Record<string, string>][] = [
  ["the fewest iterations", { iterations: "100000" }],
  ["the most iterations", { iterations: "10000000" }],
  ["the longest salt", { salt: bytes(64) }],
  ["a salt between", { salt: bytes(17) }],
];

for (const [name, fields] of ACCEPTED) {
  Deno.test(`parseEncryptionBlock() accepts ${name}`, () => {
    const all = { ...FIELDS, ...fields };
    assertEquals(formatEncryptionBlock(parseEncryptionBlock(all)), all);
  });
}

const NEWER = "written by a newer palette";
const RANGE = '"iterations" is not a number from 100000 to 10000000';
const SALT = '"salt" is not canonical base64url of 16 to 64 bytes';
const FILE_ID = '"fileId" is not canonical base64url of 16 bytes';
const VERIFIER = '"verifier" is not canonical base64url of 16 bytes';

const REFUSED: [name: string, fields: Record<string, unknown>, reason: string][] = [
  ["a later version", { version: "2" }, NEWER],
  ["a later version of another shape", { version: "2", kdf: [], salt: {} }, NEWER],
  ["another spelling of version 1", { version: "1.0" }, NEWER],
  ["another derivation", { kdf: "argon2id" }, NEWER],
  ["the derivation in lower case", { kdf: "pbkdf2-hmac-sha-256" }, NEWER],
  ["too few iterations", { iterations: "99999" }, RANGE],
  ["too many iterations", { iterations: "10000001" }, RANGE],
  ["far too many iterations", { iterations: "99999999999999999999" }, RANGE],
  ["no iterations at all", { iterations: "" }, RANGE],
  ["iterations with a leading zero", { iterations: "0100000" }, RANGE],
  ["iterations with a sign", { iterations: "+100000" }, RANGE],
  ["negative iterations", { iterations: "-100000" }, RANGE],
  ["iterations with a fraction", { iterations: "100000.5" }, RANGE],
  ["iterations as an exponent", { iterations: "1e6" }, RANGE],
  ["iterations in hexadecimal", { iterations: "0xf4240" }, RANGE],
  ["iterations with a space", { iterations: " 100000" }, RANGE],
  ["iterations with a newline", { iterations: "100000\n" }, RANGE],
  ["iterations in other digits", { iterations: "１０００００" }, RANGE],
  ["a salt too short", { salt: bytes(15) }, SALT],
  ["a salt too long", { salt: bytes(65) }, SALT],
  ["an empty salt", { salt: "" }, SALT],
  ["a padded salt", { salt: `${FIELDS.salt}==` }, SALT],
  ["a salt with unused bits", { salt: FIELDS.salt.slice(0, -1) + "x" }, SALT],
  ["a salt in base64", { salt: "+" + FIELDS.salt.slice(1) }, SALT],
  ["a fileId too short", { fileId: bytes(15) }, FILE_ID],
  ["a fileId too long", { fileId: bytes(17) }, FILE_ID],
  ["a fileId with white space", { fileId: ` ${FIELDS.fileId}` }, FILE_ID],
  ["a fileId with a NUL", { fileId: `${FIELDS.fileId}\0` }, FILE_ID],
  ["a verifier too short", { verifier: bytes(15) }, VERIFIER],
  ["a verifier too long", { verifier: bytes(17) }, VERIFIER],
  ["a padded verifier", { verifier: `${FIELDS.verifier}==` }, VERIFIER],
];

for (const [name, fields, reason] of REFUSED) {
  Deno.test(`parseEncryptionBlock() refuses ${name}`, () => {
    const error = assertThrows(
      () => parseEncryptionBlock({ ...FIELDS, ...fields }),
      MalformedBlock,
    );
    assertEquals(error.message, reason);
  });
}

for (const name of Object.keys(FIELDS)) {
  Deno.test(`parseEncryptionBlock() refuses a block without ${name}`, () => {
    const fields = Object.fromEntries(Object.entries(FIELDS).filter(([key]) => key !== name));
    const error = assertThrows(() => parseEncryptionBlock(fields), MalformedBlock);
    assertEquals(error.message, `"${name}" is missing`);
  });

  Deno.test(`parseEncryptionBlock() refuses a ${name} that is not a scalar`, () => {
    const error = assertThrows(
      () => parseEncryptionBlock({ ...FIELDS, [name]: [FIELDS.salt] }),
      MalformedBlock,
    );
    assertEquals(error.message, `"${name}" is missing`);
  });
}

Deno.test("parseEncryptionBlock() takes nothing from a prototype", () => {
  const inherited: unknown = Object.create(FIELDS);
  assertThrows(() => parseEncryptionBlock(inherited), MalformedBlock, '"version" is missing');
});

const NO_MAPPINGS: [name: string, value: unknown][] = [
  ["null", null],
  ["nothing", undefined],
  ["an empty scalar", ""],
  ["a scalar", "1"],
  ["an empty list", []],
  ["a list of one block", [FIELDS]],
];

for (const [name, value] of NO_MAPPINGS) {
  Deno.test(`parseEncryptionBlock() refuses ${name} in place of a block`, () => {
    assertThrows(() => parseEncryptionBlock(value), MalformedBlock, "it is not a mapping");
  });
}
