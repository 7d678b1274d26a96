/**
 * Published known answers, through the calls that the format is built of: they would tell a platform
 * that derives or encrypts differently before a single file is written with it.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { systemCrypto } from "../../lib/runtime/crypto.ts";

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function hexOf(bytes: ArrayBuffer | Uint8Array): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Pbkdf2Answer {
  name: string;
  passphrase: string;
  salt: string;
  iterations: number;
  key: string;
}

const PBKDF2_ANSWERS: Pbkdf2Answer[] = [
  {
    name: "RFC 7914 section 11, first",
    passphrase: "passwd",
    salt: "salt",
    iterations: 1,
    key: "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc" +
      "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
  },
  {
    name: "RFC 7914 section 11, second",
    passphrase: "Password",
    salt: "NaCl",
    iterations: 80_000,
    key: "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56" +
      "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
  },
];

for (const { name, passphrase, salt, iterations, key } of PBKDF2_ANSWERS) {
  Deno.test(`pbkdf2() gives the known answer of ${name}`, async () => {
    const encoder = new TextEncoder();
    const derived = await systemCrypto().pbkdf2(
      encoder.encode(passphrase),
      encoder.encode(salt),
      iterations,
      64,
    );
    assertEquals(hexOf(derived), key);
  });
}

interface HkdfAnswer {
  name: string;
  material: string;
  salt: string;
  info: string;
  key: string;
}

const HKDF_ANSWERS: HkdfAnswer[] = [
  {
    name: "RFC 5869 A.1",
    material: "0b".repeat(22),
    salt: "000102030405060708090a0b0c",
    info: "f0f1f2f3f4f5f6f7f8f9",
    key: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  },
  {
    name: "RFC 5869 A.2, long input",
    material: range(0x00, 80),
    salt: range(0x60, 80),
    info: range(0xb0, 80),
    key: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c" +
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71" +
      "cc30c58179ec3e87c14c01d5c1f3434f1d87",
  },
  {
    name: "RFC 5869 A.3, no salt and no info",
    material: "0b".repeat(22),
    salt: "",
    info: "",
    key: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  },
];

function range(from: number, count: number): string {
  return hexOf(Uint8Array.from({ length: count }, (_, index) => from + index));
}

for (const { name, material, salt, info, key } of HKDF_ANSWERS) {
  Deno.test(`HKDF gives the known answer of ${name}`, async () => {
    const imported = await crypto.subtle.importKey("raw", bytesOf(material), "HKDF", false, [
      "deriveBits",
    ]);
    const derived = await crypto.subtle.deriveBits(
      { name: "HKDF", hash: "SHA-256", salt: bytesOf(salt), info: bytesOf(info) },
      imported,
      key.length * 4,
    );
    assertEquals(hexOf(derived), key);
  });
}

interface GcmAnswer {
  name: string;
  key: string;
  nonce: string;
  plaintext: string;
  associated: string;
  /** Ciphertext, then tag. */
  sealed: string;
}

const KEY_15 = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
const PLAINTEXT_15 = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
const CIPHERTEXT_15 = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";

/** McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: those of AES-256. */
const GCM_ANSWERS: GcmAnswer[] = [
  {
    name: "test case 13",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    plaintext: "",
    associated: "",
    sealed: "530f8afbc74536b9a963b4f1c4cb738b",
  },
  {
    name: "test case 14",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    plaintext: "00".repeat(16),
    associated: "",
    sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    name: "test case 15",
    key: KEY_15,
    nonce: "cafebabefacedbaddecaf888",
    plaintext: PLAINTEXT_15,
    associated: "",
    sealed: CIPHERTEXT_15 + "b094dac5d93471bdec1a502270e3cc6c",
  },
  {
    name: "test case 16",
    key: KEY_15,
    nonce: "cafebabefacedbaddecaf888",
    plaintext: PLAINTEXT_15.slice(0, 120),
    associated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    sealed: CIPHERTEXT_15.slice(0, 120) + "76fc6ece0f4e1768cddf8853bb2d551b",
  },
];

for (const { name, key, nonce, plaintext, associated, sealed } of GCM_ANSWERS) {
  Deno.test(`AES-256-GCM gives the known answer of ${name}, and refuses another tag`, async () => {
    const imported = await crypto.subtle.importKey("raw", bytesOf(key), "AES-GCM", false, [
      "encrypt",
      "decrypt",
    ]);
    const parameters = {
      name: "AES-GCM",
      iv: bytesOf(nonce),
      additionalData: bytesOf(associated),
    };
    const encrypted = await crypto.subtle.encrypt(parameters, imported, bytesOf(plaintext));
    assertEquals(hexOf(encrypted), sealed);
    const decrypted = await crypto.subtle.decrypt(parameters, imported, bytesOf(sealed));
    assertEquals(hexOf(decrypted), plaintext);
    const changed = bytesOf(sealed);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await assertRejects(() => crypto.subtle.decrypt(parameters, imported, changed));
  });
}

Deno.test("randomBytes() gives as many as asked for, and others each time", () => {
  const { randomBytes } = systemCrypto();
  const drawn = Array.from({ length: 100 }, () => hexOf(randomBytes(16)));
  assertEquals(new Set(drawn).size, 100);
  assertEquals(drawn.filter((hex) => hex.length !== 32), []);
});
