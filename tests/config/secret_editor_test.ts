import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { editSecretFile, type SecretFileChange } from "../../lib/config/secret_editor.ts";
import { SecretFile } from "../../lib/config/secret_file.ts";
import {
  API_KEY_PATH,
  SCAR_PASSWORD_PATH,
  UBUNTU_TOKEN_PATH,
} from "../../lib/config/secret_kinds.ts";
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

const SCAR_PASSWORD = "/paletteConfig/scarConfig/scarPassword";
const SCAR = `paletteConfig:
  scarConfig:
    scarLoc: "https://scar.example.com"
    scarPassword: ""
  ubuntuConfig: { token: "" }
`;

/** A file whose password was encrypted for an address that is gone. */
async function withLostAddress(): Promise<string> {
  const secrets = [{ path: SCAR_PASSWORD_PATH, value: new Secret("the-password") }];
  const { text } = await edit(SCAR, { secrets });
  return text.replace('scarLoc: "https://scar.example.com"', 'scarLoc: ""');
}

/** A file with a password that nobody encrypted yet, and no address for it. */
const PLAIN_WITHOUT_ADDRESS = SCAR.replace("https://scar.example.com", "")
  .replace('scarPassword: ""', "scarPassword: typed-by-hand");

const PROJECT = { values: [{ path: ["paletteConfig", "projectName"], value: "dev" }] };

Deno.test("a token whose address is gone is blanked by a login, and listed", async () => {
  const { text, dropped } = await edit(await withLostAddress(), TOKEN, { unreadable: "drop" });
  assertEquals(dropped, [SCAR_PASSWORD]);
  assertEquals(fieldOf(text, "scarPassword"), '""');
});

Deno.test("a token whose address is gone stays untouched in any other write", async () => {
  const before = await withLostAddress();
  for (const change of [PROJECT, TOKEN]) {
    const { text, dropped } = await edit(before, change);
    assertEquals(dropped, []);
    assertEquals(fieldOf(text, "scarPassword"), fieldOf(before, "scarPassword"));
    // Its error still tells what it was encrypted for.
    assertEquals(fieldOf(text, SCAR_PASSWORD), '"https://scar.example.com"');
  }
});

Deno.test("what is noted about a token is what it was encrypted for, not what the file says now", async () => {
  const before = (await edit(PLAIN, KEY)).text.replace("console.example", "moved.example");
  const { text } = await edit(before, TOKEN);
  assertEquals(fieldOf(text, "/paletteConfig/mgmt/apikey"), '"https://console.example.com"');
});

Deno.test("plain text without an address is blanked by a login, and listed", async () => {
  const { text, dropped, encrypted } = await edit(PLAIN_WITHOUT_ADDRESS, TOKEN, {
    unreadable: "drop",
  });
  assertEquals([dropped, encrypted], [[SCAR_PASSWORD], []]);
  assertEquals(fieldOf(text, "scarPassword"), '""');
});

Deno.test("plain text without an address stays plain text in any other write, and is listed", async () => {
  const weak = { passphrase: "not within the policy" };
  for (const [change, options] of [[PROJECT, weak], [TOKEN, {}]] as const) {
    const { text, unbound, encrypted, dropped } = await edit(
      PLAIN_WITHOUT_ADDRESS,
      change,
      options,
    );
    assertEquals([unbound, encrypted, dropped], [[SCAR_PASSWORD], [], []]);
    assertEquals(fieldOf(text, "scarPassword"), "typed-by-hand");
  }
});

Deno.test("a secret that is given needs its address, whatever may be dropped", async () => {
  const secrets = [{ path: SCAR_PASSWORD_PATH, value: new Secret("the-password") }];
  for (const unreadable of ["refuse", "drop"] as const) {
    const error = await assertRejects(
      () => edit(PLAIN_WITHOUT_ADDRESS, { secrets }, { unreadable }),
      UserError,
    );
    assertEquals(error.code, "endpoint-changed");
  }
});
