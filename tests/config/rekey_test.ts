import { assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { planRekey, rekeyText } from "../../lib/config/rekey.ts";
import { editSecretFile } from "../../lib/config/secret_editor.ts";
import { SecretFile } from "../../lib/config/secret_file.ts";
import { API_KEY_PATH, UBUNTU_TOKEN_PATH } from "../../lib/config/secret_kinds.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import type { Binding } from "../../lib/secrets/binding.ts";
import type { FileKeys } from "../../lib/secrets/cipher.ts";
import { Keyring, type SaltChoice } from "../../lib/secrets/keyring.ts";
import { Secret } from "../../lib/secrets/secret.ts";
import { CountingCrypto } from "../support/counting_crypto.ts";
import { keyringOf, OTHER_PASSPHRASE, PASSPHRASE } from "../support/home.ts";

const PATH = "/w/palette.yaml";
const files = systemFiles();
const choice = { salt: new Uint8Array(16).fill(5), iterations: 600_000 };

type Encrypt = (binding: Binding, value: string) => Promise<string>;

/** A keyring whose new keys encrypt in a way of their own. */
class OddKeyring extends Keyring {
  readonly #change: (encrypt: Encrypt) => Encrypt;

  constructor(change: (encrypt: Encrypt) => Encrypt) {
    super(keyringOf(OTHER_PASSPHRASE).source, { crypto: new CountingCrypto() });
    this.#change = change;
  }

  override async create(passphrase: string, salt?: SaltChoice) {
    const { block, keys } = await super.create(passphrase, salt);
    const encrypt = this.#change((binding, value) => keys.encrypt(binding, value));
    return { block, keys: withEncrypt(keys, encrypt) };
  }
}

function withEncrypt(keys: FileKeys, encrypt: Encrypt): FileKeys {
  return new Proxy(keys, {
    get(target, name) {
      if (name === "encrypt") return encrypt;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

async function encrypted(): Promise<SecretFile> {
  const text =
    "paletteConfig:\n  ubuntuConfig: { token: x }\n  mgmt:\n    endpoint: https://console.example.com\n";
  const { text: after } = await editSecretFile(
    await SecretFile.parse(PATH, text, "palette"),
    {
      secrets: [
        { path: API_KEY_PATH, value: new Secret("the-key") },
        { path: UBUNTU_TOKEN_PATH, value: new Secret("the-token") },
      ],
    },
    { keyring: keyringOf(PASSPHRASE), files, unreadable: "refuse", fresh: choice },
  );
  return await SecretFile.parse(PATH, after, "palette");
}

async function rekey(change: (encrypt: Encrypt) => Encrypt): Promise<string> {
  const next = new OddKeyring(change);
  const parts = { old: keyringOf(PASSPHRASE), next, choice, files };
  return await rekeyText(planRekey(await encrypted()), parts);
}

Deno.test("rekeyText() gives a text with new tokens", async () => {
  assertNotEquals(await rekey((encrypt) => encrypt), (await encrypted()).text);
});

// Both secrets are read at once; either may be the first to fail.
const ALTERED =
  /^Cannot decrypt \/paletteConfig\/\S+ in "\/w\/palette\.yaml": the value was altered$/;
const LOST = /^the new text of "\/w\/palette\.yaml" does not hold the same secrets$/;

const CORRUPTING: [string, (encrypt: Encrypt) => Encrypt, RegExp][] = [
  [
    "alters a token",
    (encrypt) => async (binding, value) => {
      const token = await encrypt(binding, value);
      return token.slice(0, 20) + (token[20] === "A" ? "B" : "A") + token.slice(21);
    },
    ALTERED,
  ],
  [
    "encrypts another value",
    (encrypt) => (binding, value) => encrypt(binding, `${value}!`),
    LOST,
  ],
  [
    "loses a value",
    (encrypt) => (binding, value) =>
      value === "the-key" ? Promise.resolve("") : encrypt(binding, value),
    LOST,
  ],
  [
    "encrypts for another place",
    (encrypt) => (binding, value) => encrypt({ ...binding, pointer: "/other" }, value),
    ALTERED,
  ],
];

for (const [name, change, message] of CORRUPTING) {
  Deno.test(`rekeyText() gives no text when the cipher ${name}`, async () => {
    const error = await assertRejects(() => rekey(change), Error);
    assertMatch(error.message, message);
  });
}
