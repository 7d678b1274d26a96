import { assertEquals, assertRejects } from "@std/assert";
import { createPublicKey, verify } from "node:crypto";
import { UserError } from "../../../lib/errors.ts";
import { readSigningKey } from "../../../lib/content/signing/signing_key.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { Secret } from "../../../lib/secrets/secret.ts";
import { BuildSources, WEB } from "../../support/build_sources.ts";
import { errorOf } from "../../support/home.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";
import { inTempFolder } from "../../support/temp_folder.ts";

/** By cosign 3.1.3. */
const PASSPHRASE = "Some-Pass-1";
const KEY = `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiJrbHVaWW9vNk8ycjVQM3FWc2lwSHFoN2dJMFdSWW80
NWMyTTV6WW00ZENJPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJkZkRxM2lVbVRnMmJXYnZFMTgvM1BQbDBLZzBFVmR3NyJ9LCJj
aXBoZXJ0ZXh0IjoiZ2hqM3crU3NxdUFDdVJmanpTZXgyRVlrVEpienZtd0NRUXJV
VTFsWDFPT0R6R2xkWi9nZS85TkpoUnZ6a0xYZ3MxWHRlTE5iR1R1ZFFPU2Y0MHc4
NEw4eGVXbW9nemdYeHlFTytpNmpUdnkrR05lUEFWQmNya1c4aWlkL3ZyaVJOMEhp
c01CMVRaTHpxQjFzclJyUkJNMXBLbHNYODVnOWNveDlwbitqb1RhY3lIT1l4MWM2
TkliZWNBN040VHoveG1ORVByQU1HTXk4Q3c9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
`;
const PUBLIC = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEyPTe0Oos/Cr59czswXSbDZx4Txek
IO71+PFffkWz1yC5uumqp6hij8+lsnoQeOSYVpZF0xzUHsxiZc7zYArYGg==
-----END PUBLIC KEY-----
`;

function read(path: string, text = PASSPHRASE) {
  const asked: string[][] = [];
  const key = readSigningKey(path, "--private-key", {
    files: systemFiles(),
    crypto: systemCrypto(),
    passphrase(variables) {
      asked.push([...variables]);
      return Promise.resolve(new Secret(text));
    },
  });
  return { key, asked };
}

/** The block of a key with something else in it. */
function changed(change: (fields: Fields) => void): string {
  const fields: Fields = JSON.parse(atob(KEY.replace(/-----.*-----/g, "")));
  change(fields);
  const lines = btoa(JSON.stringify(fields)).replace(/.{64}/g, "$&\n");
  const label = "ENCRYPTED COSIGN PRIVATE KEY";
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

interface Fields {
  kdf: { name: string; params: Record<string, number>; salt: string };
  cipher: { name: string; nonce: string };
  ciphertext: string;
}

Deno.test("a key that cosign made signs, under the label of today and the one before", () =>
  inTempFolder(async (folder) => {
    for (const text of [KEY, changed(() => {})]) {
      const path = `${folder}/cosign.key`;
      await Deno.writeTextFile(path, text);
      const { key, asked } = read(path);
      const { algorithm, publicKey, begin } = await key;
      assertEquals(asked, [["PALETTE_SIGNING_KEY_PASSPHRASE", "COSIGN_PASSWORD"]]);
      assertEquals([algorithm, publicKey], ["ECDSA-P256-SHA256", PUBLIC]);
      const content = new TextEncoder().encode("content");
      const signing = begin();
      signing.update(content);
      assertEquals(verify("sha256", content, createPublicKey(PUBLIC), signing.sign()), true);
    }
  }));

const BROKEN: [string, (fields: Fields) => void, string][] = [
  ["another cipher", ({ cipher }) => cipher.name = "aes", "it is sealed with scrypt and aes"],
  ["another derivation", ({ kdf }) => kdf.name = "x", "it is sealed with x and nacl/secretbox"],
  [
    "a cost of 64 GiB",
    ({ kdf }) => kdf.params["N"] = 2 ** 26,
    "it asks for too much memory or time",
  ],
  [
    "a cost that is no power of two",
    ({ kdf }) => kdf.params["N"] = 65535,
    "it asks for too much memory or time",
  ],
  ["a thousand lanes", ({ kdf }) => kdf.params["p"] = 1000, "it asks for too much memory or time"],
  ["no cost", ({ kdf }) => kdf.params = {}, "its block is damaged"],
  ["a short nonce", ({ cipher }) => cipher.nonce = "AAAA", "its block is damaged"],
  ["nothing sealed", (fields) => fields.ciphertext = "", "its block is damaged"],
  ["no base64", ({ kdf }) => kdf.salt = "!", "its block is damaged"],
];

for (const [what, change, reason] of BROKEN) {
  Deno.test(`a key of cosign with ${what} is refused`, () =>
    inTempFolder(async (folder) => {
      const path = `${folder}/cosign.key`;
      await Deno.writeTextFile(path, changed(change));
      const error = await assertRejects(() => read(path).key, UserError);
      assertEquals([error.code, error.message], [
        "validation",
        `Cannot sign with "${path}" of --private-key: ${reason}`,
      ]);
    }));
}

Deno.test("a key of cosign with another passphrase, or one bit of it another, is not opened", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/cosign.key`;
    for (
      const [text, passphrase] of [
        [KEY, "wrong"],
        [KEY, ""],
        [changed((fields) => fields.ciphertext = fields.ciphertext.replace(/^./, "A")), PASSPHRASE],
      ] as const
    ) {
      await Deno.writeTextFile(path, text);
      const error = await assertRejects(() => read(path, passphrase).key, UserError);
      assertEquals([error.code, error.message, error.hint], [
        "decrypt-failed",
        `Cannot open "${path}" of --private-key: wrong passphrase`,
        "Set COSIGN_PASSWORD to the passphrase of the key",
      ]);
    }
  }));

Deno.test("content build --private-key takes a key of cosign, and asks for its passphrase", async () => {
  await using sources = await BuildSources.make();
  const { it } = sources;
  const path = `${it.home.root}/cosign.key`;
  await Deno.writeTextFile(path, KEY);
  const out = `${it.home.root}/out`;
  const pack = await sources.pack([`${WEB}:1`]);
  const build = ["--packs", pack, "--name", "b", "--output", out, "--private-key", path];
  const none = await it.run([...build, "--format", "json"]);
  assertEquals([none.status, errorOf(none)["code"], errorOf(none)["hint"]], [
    1,
    "passphrase-missing",
    "Set PALETTE_SIGNING_KEY_PASSPHRASE or COSIGN_PASSWORD",
  ]);
  assertEquals(sources.fetched(), []);
  const wrong = await it.run([...build, "--format", "json"], { env: { COSIGN_PASSWORD: "" } });
  assertEquals([wrong.status, errorOf(wrong)["code"]], [1, "decrypt-failed"]);
  const right = await it.run(build, { env: { COSIGN_PASSWORD: PASSPHRASE } });
  assertEquals(right.status, 0, right.stderr);
  assertEquals(right.stdout.includes(PASSPHRASE) || right.stderr.includes(PASSPHRASE), false);
  await Deno.writeTextFile(`${it.home.root}/cosign.pub`, PUBLIC);
  const verified = await it.home.run([
    ...["content", "verify", `${out}/b.tar.zst`, "--key", `${it.home.root}/cosign.pub`],
  ]);
  assertEquals([verified.status, verified.stdout], [0, "Verified OK\n"]);
});

Deno.test({
  name:
    "cosign verifies what keys of its own sign here, with a passphrase and without (needs cosign)",
  ignore: !hasProgram("cosign"),
  fn: () =>
    inTempFolder(async (folder) => {
      await using sources = await BuildSources.make();
      const { it } = sources;
      const pack = await sources.pack([`${WEB}:1`]);
      for (const passphrase of [PASSPHRASE, ""]) {
        const env = { COSIGN_PASSWORD: passphrase };
        const prefix = `${folder}/k${passphrase.length}`;
        const made = await runProgram(
          "cosign",
          ["generate-key-pair", "--output-key-prefix", prefix],
          { ...env, HOME: folder },
        );
        assertEquals(made.status, 0, made.stderr);
        const out = `${folder}/out${passphrase.length}`;
        const built = await it.run(
          ["--packs", pack, "--name", "b", "--output", out, "--private-key", `${prefix}.key`],
          { env },
        );
        assertEquals(built.status, 0, built.stderr);
        const file = `${out}/b.tar.zst`;
        const verified = await runProgram("cosign", [
          ...["verify-blob", "--key", `${prefix}.pub`, "--insecure-ignore-tlog=true"],
          ...["--bundle", `${file}.sigstore.json`, file],
        ], { HOME: folder });
        assertEquals(verified.status, 0, verified.stderr);
      }
    }),
});
