import { assertEquals } from "@std/assert";
import { inspect } from "node:util";
import { Secret } from "../../lib/secrets/secret.ts";

const VALUE = "Hunter2-hunter2";

const WAYS: [name: string, print: (secret: Secret) => string, printed: string][] = [
  ["String()", (secret) => String(secret), "[secret]"],
  ["a template", (secret) => `key: ${secret}`, "key: [secret]"],
  ["concatenation", (secret) => "key: " + secret, "key: [secret]"],
  ["join()", (secret) => [secret, secret].join(), "[secret],[secret]"],
  ["JSON.stringify()", (secret) => JSON.stringify(secret), '"[secret]"'],
  ["JSON of an object", (secret) => JSON.stringify({ key: secret }), '{"key":"[secret]"}'],
  ["JSON of a list", (secret) => JSON.stringify([secret]), '["[secret]"]'],
  ["Deno.inspect()", (secret) => Deno.inspect(secret), "[secret]"],
  ["Deno.inspect() of an object", (secret) => Deno.inspect({ key: secret }), "{ key: [secret] }"],
  [
    "console's formatting of an error",
    (secret) => Deno.inspect(new Error(`${secret}`)).slice(0, 15),
    "Error: [secret]",
  ],
];

for (const [name, print, printed] of WAYS) {
  Deno.test(`Secret is masked by ${name}`, () => {
    assertEquals(print(new Secret(VALUE)), printed);
  });
}

const ELSEWHERE: [name: string, print: (secret: Secret) => unknown][] = [
  [
    "Deno.inspect() with everything shown",
    (secret) => Deno.inspect(secret, { showHidden: true, depth: 9 }),
  ],
  ["Node's inspect()", (secret) => inspect(secret, { showHidden: true })],
  ["its own properties", (secret) => JSON.stringify(Object.getOwnPropertyDescriptors(secret))],
  ["a copy", (secret) => JSON.stringify({ ...secret })],
  ["structuredClone()", (secret) => Deno.inspect(structuredClone(secret))],
  ["a number", (secret) => Number(secret)],
];

for (const [name, print] of ELSEWHERE) {
  Deno.test(`Secret does not show in ${name}`, () => {
    assertEquals(String(print(new Secret(VALUE))).includes("unter2"), false);
  });
}

Deno.test("Secret.reveal() gives the value", () => {
  assertEquals(new Secret(VALUE).reveal(), VALUE);
});
