import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { editSecretFile, type SecretFileChange } from "../../lib/config/secret_editor.ts";
import { SecretFile } from "../../lib/config/secret_file.ts";
import { API_KEY_PATH, UBUNTU_TOKEN_PATH } from "../../lib/config/secret_kinds.ts";
import { UserError } from "../../lib/errors.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { Secret } from "../../lib/secrets/secret.ts";
import { keyringOf, OTHER_PASSPHRASE, PASSPHRASE } from "../support/home.ts";

const PATH = "/w/palette.yaml";
const PLAIN = `paletteConfig:
  ubuntuConfig: { token: "" }
  mgmt:
    apikey: ""
    endpoint: https://console.example.com/
`;
const FRESH = { salt: new Uint8Array(16).fill(9), iterations: 1_000_000 };
const KEY = { secrets: [{ path: API_KEY_PATH, value: new Secret("the-key") }] };
const TOKEN = { secrets: [{ path: UBUNTU_TOKEN_PATH, value: new Secret("the-token") }] };

async function edit(
  text: string,
  change: SecretFileChange,
  options: { passphrase?: string; unreadable?: "refuse" | "drop" } = {},
) {
  return await editSecretFile(await SecretFile.parse(PATH, text, "palette"), change, {
    keyring: keyringOf(options.passphrase ?? PASSPHRASE),
    files: systemFiles(),
    unreadable: options.unreadable ?? "refuse",
    fresh: FRESH,
  });
}

const fieldOf = (text: string, name: string) => new RegExp(`${name}: (.*)`).exec(text)?.[1];

Deno.test("the first secret brings the block, with the origin of its address", async () => {
  const { text } = await edit(PLAIN, KEY);
  assertMatch(text, /^encryption:\n {2}version: 1\n {2}kdf: PBKDF2-HMAC-SHA-256\n/m);
  assertMatch(text, /^ {4}\/paletteConfig\/mgmt\/apikey: "https:\/\/console\.example\.com"$/m);
  assertEquals(text.includes("the-key"), false);
});

Deno.test("salt, fileId and other tokens stay on an ordinary write", async () => {
  const before = (await edit(PLAIN, KEY)).text;
  const after = (await edit(before, TOKEN)).text;
  for (const name of ["salt", "fileId", "verifier", "apikey"]) {
    assertEquals(fieldOf(after, name), fieldOf(before, name));
  }
});

Deno.test("a secret that is written twice has another nonce", async () => {
  const before = (await edit(PLAIN, KEY)).text;
  const after = (await edit(before, KEY)).text;
  assertEquals(fieldOf(after, "apikey") === fieldOf(before, "apikey"), false);
});

Deno.test("a block below the default is raised, its other secrets with it", async () => {
  const low = (await editSecretFile(await SecretFile.parse(PATH, PLAIN, "palette"), KEY, {
    keyring: keyringOf(PASSPHRASE),
    files: systemFiles(),
    unreadable: "refuse",
    fresh: { salt: FRESH.salt, iterations: 600_000 },
  })).text;
  assertEquals(fieldOf(low, "iterations"), "600000");
  const { text, dropped } = await edit(low, TOKEN);
  assertEquals(fieldOf(text, "iterations"), "1000000");
  assertEquals(fieldOf(text, "apikey") === fieldOf(low, "apikey"), false);
  assertEquals(dropped, []);
  assertEquals((await edit(text, KEY)).dropped, []);
});

Deno.test("another passphrase is refused, and nothing is made", async () => {
  const { text } = await edit(PLAIN, KEY);
  const error = await assertRejects(
    () => edit(text, TOKEN, { passphrase: OTHER_PASSPHRASE }),
    UserError,
  );
  assertEquals(error.code, "decrypt-failed");
});

Deno.test("another passphrase blanks the others where that is wanted, and lists them", async () => {
  const { text } = await edit(PLAIN, KEY);
  const edited = await edit(text, TOKEN, { passphrase: OTHER_PASSPHRASE, unreadable: "drop" });
  assertEquals(edited.dropped, ["/paletteConfig/mgmt/apikey"]);
  assertEquals(fieldOf(edited.text, "apikey"), '""');
});

Deno.test("the address of a stored credential cannot be changed without a new one", async () => {
  const { text } = await edit(PLAIN, KEY);
  const values = [{ path: ["paletteConfig", "mgmt", "endpoint"], value: "https://x.example.com" }];
  const error = await assertRejects(() => edit(text, { values }), UserError);
  assertEquals(error.code, "endpoint-changed");
  const same = [{ path: ["paletteConfig", "mgmt", "endpoint"], value: "console.example.com" }];
  assertEquals(
    fieldOf((await edit(text, { values: same })).text, "apikey"),
    fieldOf(text, "apikey"),
  );
});

Deno.test("plain text is encrypted on the way, and listed", async () => {
  const typed = PLAIN.replace('apikey: ""', "apikey: typed-by-hand");
  const { text, encrypted } = await edit(typed, TOKEN);
  assertEquals(encrypted, ["/paletteConfig/mgmt/apikey"]);
  assertEquals(text.includes("typed-by-hand"), false);
});

Deno.test("a write without secrets asks for no passphrase and keeps every token", async () => {
  const { text } = await edit(PLAIN, KEY);
  const values = [{ path: ["paletteConfig", "projectName"], value: "dev" }];
  const edited = await edit(text, { values }, { passphrase: "not within the policy" });
  assertStringIncludes(edited.text, "projectName: dev");
  assertEquals(fieldOf(edited.text, "apikey"), fieldOf(text, "apikey"));
});

Deno.test("the block goes with the last secret", async () => {
  const { text } = await edit(PLAIN, KEY);
  const edited = await edit(text, { secrets: [{ path: API_KEY_PATH, value: "" }] });
  assertEquals(edited.text, PLAIN);
});

Deno.test("a token without a block is refused, and the file stays as it is", async () => {
  const text = (await edit(PLAIN, KEY)).text.replace(/^encryption:[\s\S]*$/m, "");
  const error = await assertRejects(() => edit(text, TOKEN), UserError);
  assertEquals(error.code, "integrity");
});
