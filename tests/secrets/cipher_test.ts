import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { decodeBase64url, encodeBase64url } from "../../lib/secrets/base64url.ts";
import type { Binding, SecretFileKind } from "../../lib/secrets/binding.ts";
import { associatedData } from "../../lib/secrets/binding.ts";
import {
  deriveMasterKey,
  equalsConstantTime,
  FileKeys,
  type MasterKey,
  TagMismatch,
} from "../../lib/secrets/cipher.ts";
import { formatToken, MalformedToken, parseToken } from "../../lib/secrets/token.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const PASSPHRASE = "Abcdef1!";
const ITERATIONS = 100_000;
const SALT_TEXT = "AAECAwQFBgcICQoLDA0ODw";
const FILE_ID = "EBESExQVFhcYGRobHB0eHw";
const BINDING: Binding = {
  kind: "palette",
  pointer: "/paletteConfig/mgmt/apikey",
  audience: "https://console.example.com",
};
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const master: MasterKey = await deriveMasterKey(
  PASSPHRASE,
  bytesOf(SALT_TEXT),
  ITERATIONS,
  systemCrypto(),
);
const keys = await keysOf(FILE_ID);

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64url(text);
  if (bytes === null) throw new TypeError("not base64url");
  return bytes;
}

function keysOf(fileId: string, from: MasterKey = master): Promise<FileKeys> {
  return FileKeys.derive(from, fileId, bytesOf(fileId), systemCrypto());
}

/** Each text that differs from `text` in one character, that character drawn from base64url. */
function* variations(text: string, random: SeededRandom): Generator<string> {
  for (let at = 0; at < text.length; at++) {
    let other = text.charAt(at);
    while (other === text.charAt(at)) other = random.characterOf(BASE64URL);
    yield text.slice(0, at) + other + text.slice(at + 1);
  }
}

const TEXTS: [name: string, text: string][] = [
  ["an ordinary key", "123456789"],
  ["the empty text", ""],
  ["several lines", "-----BEGIN\n\nabc\r\n-----END\n"],
  ["a lone byte order mark", "\ufeff"],
  ["a byte order mark before text", "\ufeffabc"],
  ["astral characters", "𝄞 👩‍👩‍👧 \u{10ffff}"],
  ["text that is not normalised", "e\u0301 \u00e9 \u212b"],
  ["white space around", "  \tkey \n"],
  ["a NUL", "a\0b"],
  ["text that looks like a token", "enc:v1:AAAA"],
  ["a long text", "ä".repeat(50_000)],
];

for (const [name, text] of TEXTS) {
  Deno.test(`FileKeys gives back ${name}, unchanged`, async () => {
    assertEquals(await keys.decrypt(BINDING, await keys.encrypt(BINDING, text)), text);
  });
}

Deno.test("FileKeys.encrypt() refuses half a surrogate pair, which would not come back", async () => {
  await assertRejects(() => keys.encrypt(BINDING, "a\ud834"), TypeError, "half a surrogate pair");
});

Deno.test("FileKeys.encrypt() never repeats a nonce", async () => {
  const tokens = await Promise.all(
    Array.from({ length: 2000 }, () => keys.encrypt(BINDING, "the same")),
  );
  const nonces = new Set(tokens.map((token) => encodeBase64url(parseToken(token).nonce)));
  assertEquals(nonces.size, tokens.length);
});

Deno.test("FileKeys.encrypt() takes 12 fresh random bytes a value", async () => {
  const asked: number[] = [];
  const crypto = {
    ...systemCrypto(),
    randomBytes: (count: number) => {
      asked.push(count);
      return new Uint8Array(count).fill(asked.length);
    },
  };
  const counted = await FileKeys.derive(master, FILE_ID, bytesOf(FILE_ID), crypto);
  await counted.encrypt(BINDING, "a");
  const second = await counted.encrypt(BINDING, "a");
  assertEquals(asked, [12, 12]);
  assertEquals(parseToken(second).nonce, new Uint8Array(12).fill(2));
});

Deno.test("FileKeys.decrypt() refuses a token with any one character changed", async () => {
  const token = await keys.encrypt(BINDING, "123456789");
  const prefix = "enc:v1:";
  const random = new SeededRandom(5);
  let tagMismatches = 0;
  for (const changed of variations(token.slice(prefix.length), random)) {
    const error = await assertRejects(() => keys.decrypt(BINDING, prefix + changed));
    if (error instanceof TagMismatch) tagMismatches++;
    else assert(error instanceof MalformedToken, String(error));
  }
  // The last character holds unused bits, so there the encoding may be refused first.
  assert(tagMismatches >= token.length - prefix.length - 1);
});

Deno.test("FileKeys.decrypt() refuses a token with any one bit changed", async () => {
  const token = parseToken(await keys.encrypt(BINDING, "secret"));
  for (const part of ["nonce", "sealed"] as const) {
    for (let bit = 0; bit < token[part].length * 8; bit++) {
      const changed = { nonce: token.nonce.slice(), sealed: token.sealed.slice() };
      const bytes = changed[part];
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await assertRejects(() => keys.decrypt(BINDING, formatToken(changed)), TagMismatch);
    }
  }
});

Deno.test("FileKeys.decrypt() refuses a token cut or made longer", async () => {
  const token = await keys.encrypt(BINDING, "abcde");
  for (const changed of [token.slice(0, -4), token + "AAAA", token.slice(0, 7) + token.slice(11)]) {
    await assertRejects(() => keys.decrypt(BINDING, changed), TagMismatch);
  }
});

Deno.test("FileKeys.decrypt() refuses a token whose nonce and ciphertext come from two", async () => {
  const [first, second] = await Promise.all(
    ["one", "two"].map((text) => keys.encrypt(BINDING, text)),
  );
  const mixed = formatToken({
    nonce: parseToken(first ?? "").nonce,
    sealed: parseToken(second ?? "").sealed,
  });
  await assertRejects(() => keys.decrypt(BINDING, mixed), TagMismatch);
});

Deno.test("FileKeys.decrypt() refuses a token under a fileId with any one character changed", async () => {
  const token = await keys.encrypt(BINDING, "123456789");
  let tried = 0;
  for (const fileId of variations(FILE_ID, new SeededRandom(6))) {
    if (decodeBase64url(fileId) === null) continue;
    const others = await keysOf(fileId);
    assertNotEquals(others.verifier, keys.verifier);
    await assertRejects(() => others.decrypt(BINDING, token), TagMismatch);
    tried++;
  }
  assert(tried >= FILE_ID.length - 1);
});

Deno.test("FileKeys.decrypt() binds to the text of the fileId, beside the key from its bytes", async () => {
  const token = await keys.encrypt(BINDING, "123456789");
  const sameKey = await FileKeys.derive(master, "other", bytesOf(FILE_ID), systemCrypto());
  assertEquals(sameKey.verifier, keys.verifier);
  await assertRejects(() => sameKey.decrypt(BINDING, token), TagMismatch);
});

for (const part of ["pointer", "audience"] as const) {
  Deno.test(`FileKeys.decrypt() refuses another ${part}, whichever character differs`, async () => {
    const token = await keys.encrypt(BINDING, "123456789");
    for (const changed of variations(BINDING[part], new SeededRandom(7))) {
      const moved = { ...BINDING, [part]: changed };
      await assertRejects(() => keys.decrypt(moved, token), TagMismatch);
    }
  });

  Deno.test(`FileKeys.decrypt() refuses a ${part} that is cut, longer or empty`, async () => {
    const token = await keys.encrypt(BINDING, "123456789");
    for (const changed of [BINDING[part].slice(0, -1), `${BINDING[part]}x`, ""]) {
      const moved = { ...BINDING, [part]: changed };
      await assertRejects(() => keys.decrypt(moved, token), TagMismatch);
    }
  });
}

const OTHER_KINDS: SecretFileKind[] = ["pcg", "ec", "tc", "registry", "app-profile", "ova"];

for (const kind of OTHER_KINDS) {
  Deno.test(`FileKeys.decrypt() refuses a value of palette.yaml in a file of kind ${kind}`, async () => {
    const token = await keys.encrypt(BINDING, "123456789");
    await assertRejects(() => keys.decrypt({ ...BINDING, kind }, token), TagMismatch);
  });
}

Deno.test("FileKeys.decrypt() refuses a value that moves from pointer to audience", async () => {
  const token = await keys.encrypt({ ...BINDING, pointer: "/a", audience: "b" }, "x");
  for (const [pointer, audience] of [["/ab", ""], ["/a/b", ""], ["", "/ab"]] as const) {
    await assertRejects(() => keys.decrypt({ ...BINDING, pointer, audience }, token), TagMismatch);
  }
});

Deno.test("FileKeys.decrypt() refuses a value whose pointer is spelled in another normal form", async () => {
  const token = await keys.encrypt({ ...BINDING, pointer: "/\u00e9" }, "x");
  await assertRejects(() => keys.decrypt({ ...BINDING, pointer: "/e\u0301" }, token), TagMismatch);
});

Deno.test("FileKeys.derive() gives other keys for a salt with any one character changed", async () => {
  const token = await keys.encrypt(BINDING, "123456789");
  const salts = [...variations(SALT_TEXT, new SeededRandom(9))]
    .map((text) => decodeBase64url(text)).filter((bytes) => bytes !== null);
  assert(salts.length >= SALT_TEXT.length - 1);
  await Promise.all(salts.map(async (salt) => {
    const others = await keysOf(
      FILE_ID,
      await deriveMasterKey(PASSPHRASE, salt, ITERATIONS, systemCrypto()),
    );
    assertNotEquals(others.verifier, keys.verifier);
    await assertRejects(() => others.decrypt(BINDING, token), TagMismatch);
  }));
});

for (
  const [name, passphrase, iterations] of [
    ["another passphrase", "Abcdef1?", ITERATIONS],
    ["a passphrase in other case", "abcdef1!", ITERATIONS],
    ["a passphrase with a space more", "Abcdef1! ", ITERATIONS],
    ["one iteration more", PASSPHRASE, ITERATIONS + 1],
  ] as const
) {
  Deno.test(`FileKeys.derive() gives other keys for ${name}`, async () => {
    const token = await keys.encrypt(BINDING, "123456789");
    const otherMaster = await deriveMasterKey(
      passphrase,
      bytesOf(SALT_TEXT),
      iterations,
      systemCrypto(),
    );
    const others = await keysOf(FILE_ID, otherMaster);
    assertNotEquals(others.verifier, keys.verifier);
    await assertRejects(() => others.decrypt(BINDING, token), TagMismatch);
  });
}

Deno.test("deriveMasterKey() takes the NFC form of the passphrase", async () => {
  const [composed, decomposed] = await Promise.all(
    ["P\u00e4ss-w0rd", "Pa\u0308ss-w0rd"].map(async (passphrase) =>
      await keysOf(
        FILE_ID,
        await deriveMasterKey(passphrase, bytesOf(SALT_TEXT), ITERATIONS, systemCrypto()),
      )
    ),
  );
  assertEquals(composed?.verifier, decomposed?.verifier);
});

Deno.test("deriveMasterKey() gives a key that cannot be taken out, and wipes the bytes", async () => {
  const derived = new Uint8Array(32).fill(1);
  const crypto = { ...systemCrypto(), pbkdf2: () => Promise.resolve(derived) };
  const { material } = await deriveMasterKey(PASSPHRASE, bytesOf(SALT_TEXT), ITERATIONS, crypto);
  assertEquals(material.extractable, false);
  assertEquals(derived, new Uint8Array(32));
});

Deno.test("FileKeys.decrypt() refuses a plaintext that is not UTF-8", async () => {
  const token = await tokenOfBytes(Uint8Array.from([0x61, 0xff, 0x62]));
  await assertRejects(() => keys.decrypt(BINDING, token), MalformedToken, "not UTF-8");
});

Deno.test("FileKeys.decrypt() reads what another program encrypted with the same key", async () => {
  const token = await tokenOfBytes(new TextEncoder().encode("κλειδί ✓"));
  assertEquals(await keys.decrypt(BINDING, token), "κλειδί ✓");
});

/** A token made without the code under test, from a key derived by the steps of the format. */
async function tokenOfBytes(plaintext: Uint8Array<ArrayBuffer>): Promise<string> {
  const key = await crypto.subtle.deriveKey(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: bytesOf(FILE_ID),
      info: new TextEncoder().encode("palette/v1/encrypt"),
    },
    master.material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt"],
  );
  const nonce = new Uint8Array(12).fill(9);
  const additionalData = associatedData(BINDING, FILE_ID);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData },
    key,
    plaintext,
  );
  return formatToken({ nonce, sealed: new Uint8Array(sealed) });
}

Deno.test("equalsConstantTime() finds each single difference", () => {
  const bytes = new SeededRandom(8).bytes(16);
  assert(equalsConstantTime(bytes, bytes.slice()));
  for (let bit = 0; bit < 128; bit++) {
    const other = bytes.slice();
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert(!equalsConstantTime(bytes, other));
  }
});

for (const [a, b] of [["", "\0"], ["ab", "a"], ["a", "ab"], ["a", "a\0"], ["a\0", "a"]] as const) {
  Deno.test(`equalsConstantTime() tells ${JSON.stringify(a)} from ${JSON.stringify(b)}`, () => {
    const encoder = new TextEncoder();
    assert(!equalsConstantTime(encoder.encode(a), encoder.encode(b)));
  });
}
