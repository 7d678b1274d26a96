import { assertEquals } from "@std/assert";
import { Redactor } from "../../lib/runtime/redactor.ts";

const PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB\n-----END EC PRIVATE KEY-----";

/** Every kind of secret the command line gets to know. */
const SECRETS: Record<string, string> = {
  "an API key": "c0ffee00/admin+key=of&the tests",
  "a passphrase": 'Pässwört-"1" \\ö',
  "an Ubuntu Pro token": "C13RaNdOmToKeNvAlUe",
  "a SCAR password": "s3cr3t:with@signs/and?query",
  "a pairing code": "PAIR-1234-5678",
  "a PEM key": PEM,
};

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

const FORMS: Record<string, (secret: string) => string> = {
  raw: (secret) => secret,
  base64: (secret) => base64(secret),
  "base64 after one byte": (secret) => base64(`x${secret}`),
  "base64 after two bytes": (secret) => base64(`xy${secret}`),
  "base64 in a Basic header": (secret) => base64(`user:${secret}`),
  base64url: (secret) => base64(secret).replaceAll("+", "-").replaceAll("/", "_"),
  "URL-escaped": (secret) => encodeURIComponent(secret),
  "URL-escaped in lowercase": (secret) =>
    encodeURIComponent(secret).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  "a form field": (secret) => new URLSearchParams({ x: secret }).toString().slice(2),
  "JSON-escaped": (secret) => JSON.stringify(secret).slice(1, -1),
  "JSON in JSON": (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
};

const PLACES: Record<string, (form: string) => string> = {
  "a header": (form) => `x-thing: ${form}`,
  "a URL": (form) => `GET https://palette.example.com/v1/things?value=${form}&page=1`,
  "a body": (form) => `{"spec":{"value":"${form}"}}`,
  "an error": (form) => `Error: cannot use ${form} here`,
};

for (const [kind, secret] of Object.entries(SECRETS)) {
  for (const [form, write] of Object.entries(FORMS)) {
    Deno.test(`redact() takes out ${kind}, ${form}, wherever it stands`, () => {
      const redactor = new Redactor();
      redactor.add(secret);
      // The edges of base64 depend on what stands beside it, so the middle has to be gone.
      const written = write(secret);
      const middle = written.slice(4, -4);
      for (const place of Object.values(PLACES)) {
        const redacted = redactor.redact(place(written));
        assertEquals(redacted.includes(middle), false, redacted);
        assertEquals(redacted.includes("[redacted]"), true, redacted);
      }
    });
  }
}

const SHAPES: [string, string, string][] = [
  ["an ApiKey header", "ApiKey: abcdef123", "abcdef123"],
  ["a bearer token", "authorization: Bearer abc.def", "abc.def"],
  ["a JSON key", '{"apikey":"abcdef123"}', "abcdef123"],
  ["a key with an underscore", "api_key: abcdef123", "abcdef123"],
  ["a variable with a key", "PALETTE_API_KEY=abcdef123", "abcdef123"],
  ["a key at the end of a longer name", "paletteApiKey=abcdef123", "abcdef123"],
  ["a JSON key in JSON", '{\\"api-key\\":\\"abcdef123\\"}', "abcdef123"],
  ["a password field", "password=hunter2&x=1", "hunter2"],
  ["a proxy URL", "http://user:hunter2@proxy:3128", "hunter2"],
  ["a token of ours", 'apikey: "enc:v1:AAAABBBBCCCC"', "AAAABBBB"],
  ["a JWT", "got eyJhbGciOi.eyJzdWIiOi.c2ln back", "eyJzdWIiOi"],
  ["a PEM key", `key ${PEM} end`, "MHcCAQEEIB"],
  ["half a PEM key", "-----BEGIN PRIVATE KEY-----\nMHcCAQEEIB", "MHcCAQEEIB"],
];

for (const [name, text, secret] of SHAPES) {
  Deno.test(`redact() knows ${name} by its shape`, () => {
    assertEquals(new Redactor().redact(text).includes(secret), false);
  });
}

Deno.test("redact() leaves ordinary text alone", () => {
  const redactor = new Redactor();
  redactor.add("Correct-Horse-9");
  const text =
    'GET /v1/projects?limit=50 status=200 "dev-team" 12ms, token expired, password missing';
  assertEquals(redactor.redact(text), text);
});

Deno.test("redact() takes a short secret out as a word only", () => {
  const redactor = new Redactor();
  redactor.add("abc");
  assertEquals(redactor.redact("abc abcdef x=abc"), "[redacted] abcdef x=[redacted]");
});

Deno.test("add() ignores the empty text", () => {
  const redactor = new Redactor();
  redactor.add("");
  assertEquals(redactor.redact("abc"), "abc");
});
