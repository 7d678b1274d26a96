/** Signatures against OpenSSL, both ways. */

import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { checkSignature } from "../../../lib/content/signing/check_signature.ts";
import { readSignature, signatureFileOf } from "../../../lib/content/signing/signature_file.ts";
import { signFile } from "../../../lib/content/signing/sign_file.ts";
import { readSigningKey } from "../../../lib/content/signing/signing_key.ts";
import {
  readVerificationKey,
  verificationKeyOf,
} from "../../../lib/content/signing/verification_key.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { Secret } from "../../../lib/secrets/secret.ts";
import {
  KEY_PASSPHRASE,
  type Keys,
  makeKeys,
  openssl,
  opensslVerdict,
} from "../../support/openssl.ts";
import { hasProgram } from "../../support/programs.ts";

const ignore = !hasProgram("openssl");
const files = systemFiles();
const crypto = systemCrypto();

let made: Promise<Keys> | undefined;
function keys(): Promise<Keys> {
  return made ??= makeKeys().then((all) => {
    globalThis.addEventListener("unload", () => Deno.removeSync(all.folder, { recursive: true }));
    return all;
  });
}

const refusesToAsk = () => Promise.reject(new Error("nobody may be asked"));
const answers = () => Promise.resolve(new Secret(KEY_PASSPHRASE));

/** More than one piece, and no round number. */
const CONTENT = new Uint8Array(3 * 1024 * 1024 + 17).map((_, at) => at * 7);

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "palette-signing-" });
  try {
    await Deno.writeFile(`${folder}/b.tar.zst`, CONTENT);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function sign(path: string, keyFile: string, passphrase = refusesToAsk as typeof answers) {
  const key = await readSigningKey(keyFile, "--private-key", { files, crypto, passphrase });
  const content = await files.openReader(path);
  try {
    return { key, ...await signFile(path, content, key, { files, crypto }) };
  } finally {
    content.close();
  }
}

async function check(path: string, signature: Uint8Array, keyFile: string) {
  const key = await readVerificationKey(keyFile, "--key", { files, crypto });
  const content = await files.openReader(path);
  try {
    return await checkSignature(content, signature, key, { crypto });
  } finally {
    content.close();
  }
}

Deno.test("signatureFileOf() strips the last extension only", () => {
  const names = ["b.tar.zst", "/x.y/d.tgz", "b.tar", "bundle", "/x.y/bundle", ".zst", "a/.hidden"];
  assertEquals(names.map(signatureFileOf), [
    "b.tar.sig.bin",
    "/x.y/d.sig.bin",
    "b.sig.bin",
    "bundle.sig.bin",
    "/x.y/bundle.sig.bin",
    ".zst.sig.bin",
    "a/.hidden.sig.bin",
  ]);
});

const PRIVATE: [string, string, number | null, boolean][] = [
  ["rsa", "rsa", 384, false],
  ["rsa-pkcs1", "rsa", 384, false],
  ["rsa-locked", "rsa", 384, true],
  ["rsa-pkcs1-locked", "rsa", 384, true],
  ["ec", "ec", null, false],
  ["ec-sec1", "ec", null, false],
  ["ec-locked", "ec", null, true],
  ["ec-sec1-locked", "ec", null, true],
];

for (const [name, pair, length, isLocked] of PRIVATE) {
  Deno.test({
    name: `OpenSSL verifies what ${name}.pem signs (needs openssl)`,
    ignore,
    fn: () =>
      inFolder(async (folder) => {
        const { at } = await keys();
        const file = `${folder}/b.tar.zst`;
        const signed = await sign(file, at(`${name}.pem`), isLocked ? answers : refusesToAsk);
        assertEquals(signed.signatureFile, `${folder}/b.tar.sig.bin`);
        assertEquals(signed.sigstoreFile, `${folder}/b.tar.zst.sigstore.json`);
        const signature = await Deno.readFile(signed.signatureFile);
        assertEquals(signature, signed.signature);
        if (length !== null) assertEquals(signature.length, length);
        const key = at(`${pair}.pub`);
        assertEquals(
          await opensslVerdict({ key, signature: signed.signatureFile, file }),
          "Verified OK",
        );
        assertEquals((await check(file, signature, key)).fits, true);
        const bundle = await readSignature(signed.sigstoreFile, files);
        assertEquals(bundle, signature);
        const der = `${folder}/key.der`;
        await openssl("pkey", "-pubin", "-in", key, "-outform", "DER", "-out", der);
        const digest = (await openssl("dgst", "-sha256", "-r", der)).slice(0, 64);
        assertEquals(signed.key.keyId, `sha256:${digest}`);
        const whole = (await openssl("dgst", "-sha256", "-r", file)).slice(0, 64);
        assertEquals(signed.digest, `sha256:${whole}`);
        const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
        assertEquals(names, ["b.tar.sig.bin", "b.tar.zst", "b.tar.zst.sigstore.json", "key.der"]);
        if (Deno.build.os !== "windows") {
          assertEquals(((await Deno.stat(signed.signatureFile)).mode ?? 0) & 0o777, 0o644);
        }
      }),
  });
}

for (const pair of ["rsa", "ec"]) {
  Deno.test({
    name: `what OpenSSL signs with ${pair}.pem is verified, changed it is not (needs openssl)`,
    ignore,
    fn: () =>
      inFolder(async (folder) => {
        const { at } = await keys();
        const file = `${folder}/b.tar.zst`;
        const raw = `${folder}/raw.bin`;
        await openssl("dgst", "-sha256", "-sign", at(`${pair}.pem`), "-out", raw, file);
        const signature = await readSignature(raw, files);
        assertEquals((await check(file, signature, at(`${pair}.pub`))).fits, true);
        assertEquals((await check(file, signature, at("other.pub"))).fits, false);
        const text = `${folder}/text.sig`;
        await Deno.writeTextFile(text, `${btoa(String.fromCharCode(...signature))}\n`);
        assertEquals(await readSignature(text, files), signature);
        const changed = CONTENT.slice();
        changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
        await Deno.writeFile(file, changed);
        assertEquals((await check(file, signature, at(`${pair}.pub`))).fits, false);
        assertEquals((await check(file, signature.slice(1), at(`${pair}.pub`))).fits, false);
      }),
  });
}

Deno.test({
  name: "a public key is read in PKCS#1 form, too, and has the same id (needs openssl)",
  ignore,
  async fn() {
    const { at } = await keys();
    const spki = await readVerificationKey(at("rsa.pub"), "--key", { files, crypto });
    const pkcs1 = await readVerificationKey(at("rsa-pkcs1.pub"), "--key", { files, crypto });
    assertEquals([pkcs1.keyId, pkcs1.algorithm], [spki.keyId, "RSA-PKCS1v15-SHA256"]);
    const text = await Deno.readTextFile(at("ec.pub"));
    const ec = await verificationKeyOf(text, "the key of the host", crypto);
    assertEquals(ec.algorithm, "ECDSA-P256-SHA256");
  },
});

const REFUSED: [string, string, string][] = [
  ["ed25519.pem", "validation", "RSA and ECDSA P-256 keys are taken, no Ed25519 ones"],
  ["short.pem", "validation", "an RSA key of 1024 bits is too short"],
  ["p384.pem", "validation", "its curve is secp384r1, and only P-256 is taken"],
  ["rsa.pub", "validation", "it is a public key"],
];

for (const [name, code, reason] of REFUSED) {
  Deno.test({
    name: `readSigningKey() refuses ${name} (needs openssl)`,
    ignore,
    async fn() {
      const path = (await keys()).at(name);
      const error = await assertRejects(
        () => readSigningKey(path, "--private-key", { files, crypto, passphrase: refusesToAsk }),
        UserError,
      );
      assertEquals(
        [error.code, error.message],
        [code, `Cannot sign with "${path}" of --private-key: ${reason}`],
      );
    },
  });
}

const REFUSED_PUBLIC: [string, string][] = [
  ["ed25519.pub", "RSA and ECDSA P-256 keys are taken, no Ed25519 ones"],
  ["short.pub", "an RSA key of 1024 bits is too short"],
  ["p384.pub", "its curve is secp384r1, and only P-256 is taken"],
  ["rsa.pem", "it is a private key"],
];

for (const [name, reason] of REFUSED_PUBLIC) {
  Deno.test({
    name: `readVerificationKey() refuses ${name} (needs openssl)`,
    ignore,
    async fn() {
      const path = (await keys()).at(name);
      const error = await assertRejects(
        () => readVerificationKey(path, "--key", { files, crypto }),
        UserError,
      );
      assertEquals(error.message, `Cannot check signatures with "${path}" of --key: ${reason}`);
    },
  });
}

Deno.test({
  name: "a wrong passphrase of a key is told apart from a form that is not known (needs openssl)",
  ignore,
  async fn() {
    const { at } = await keys();
    const read = (name: string, text: string) =>
      assertRejects(() =>
        readSigningKey(at(name), "--private-key", {
          files,
          crypto,
          passphrase: () => Promise.resolve(new Secret(text)),
        }), UserError);
    const wrong = await read("rsa-locked.pem", "wrong");
    assertEquals(
      [wrong.code, wrong.message],
      [
        "decrypt-failed",
        `Cannot open "${at("rsa-locked.pem")}" of --private-key: wrong passphrase`,
      ],
    );
    assertEquals((await read("rsa-old.pem", KEY_PASSPHRASE)).code, "validation");
  },
});

Deno.test("files that hold no key, or none that can be read, are refused by name", async () => {
  const folder = await Deno.makeTempDir({ prefix: "palette-signing-" });
  const path = `${folder}/key.pem`;
  const read = () =>
    assertRejects(
      () => readSigningKey(path, "--private-key", { files, crypto, passphrase: refusesToAsk }),
      UserError,
    );
  const absent = await read();
  assertEquals(
    [absent.code, absent.message],
    ["io", `Cannot read "${path}" of --private-key: no such file or folder`],
  );
  for (
    const text of [
      "",
      "-----BEGIN PRIVATE KEY-----",
      "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----",
    ]
  ) {
    await Deno.writeTextFile(path, text);
    const error = await read();
    assertEquals(
      [error.code, error.message],
      ["validation", `Cannot use "${path}" of --private-key: there is no PEM key in it`],
    );
  }
  await Deno.writeTextFile(path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
  assertEquals((await read()).code, "validation");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a raw signature that begins like a text is still a raw signature", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const start of ["{", " \n{", "AAAA"]) {
      const raw = new Uint8Array(256).fill(0xc3);
      raw.set(new TextEncoder().encode(start));
      await Deno.writeFile(`${folder}/raw.sig.bin`, raw);
      assertEquals(await readSignature(`${folder}/raw.sig.bin`, systemFiles()), raw);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readSignature() refuses what holds no signature", async () => {
  const folder = await Deno.makeTempDir({ prefix: "palette-signing-" });
  const path = `${folder}/b.sig.bin`;
  const reasons = [];
  for (const content of ["", "{}", '{"messageSignature":{"signature":"*"}}', "x".repeat(70_000)]) {
    await Deno.writeTextFile(path, content);
    const error = await assertRejects(() => readSignature(path, files), UserError);
    reasons.push(error.message.replace(path, "F"));
  }
  assertEquals(reasons, [
    'Cannot use "F": there is no signature in it',
    'Cannot use "F": there is no signature in it',
    'Cannot use "F": there is no signature in it',
    'Cannot read the signature "F": it is too large',
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "a signature that cannot be written leaves no part of it (needs openssl)",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const { at } = await keys();
      await Deno.mkdir(`${folder}/b.tar.sig.bin`);
      const error = await assertRejects(() => sign(`${folder}/b.tar.zst`, at("ec.pem")), UserError);
      assertEquals(error.code, "io");
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
        "b.tar.sig.bin",
        "b.tar.zst",
        "b.tar.zst.sigstore.json",
      ]);
    }),
});

Deno.test({
  name: "cosign verifies the sigstore bundle and the raw signature (needs cosign)",
  ignore: ignore || !hasProgram("cosign"),
  fn: () =>
    inFolder(async (folder) => {
      const { at } = await keys();
      const file = `${folder}/b.tar.zst`;
      for (const pair of ["rsa", "ec"]) {
        const { signatureFile, sigstoreFile } = await sign(file, at(`${pair}.pem`));
        const common = ["verify-blob", "--key", at(`${pair}.pub`), "--insecure-ignore-tlog=true"];
        for (const args of [["--bundle", sigstoreFile], ["--signature", signatureFile]]) {
          const { success, stderr } = await new Deno.Command("cosign", {
            args: [...common, ...args, file],
            stdin: "null",
          }).output();
          assertEquals([success, new TextDecoder().decode(stderr).includes("Verified OK")], [
            true,
            true,
          ], new TextDecoder().decode(stderr));
        }
      }
    }),
});
