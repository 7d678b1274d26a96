import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  type Address,
  associatedData,
  audienceOf,
  type Binding,
  type SecretFileKind,
} from "../../lib/secrets/binding.ts";

const BINDING: Binding = {
  kind: "palette",
  pointer: "/paletteConfig/mgmt/apikey",
  audience: "https://console.example.com",
};

Deno.test("associatedData() joins format, kind, fileId, pointer and audience by NUL", () => {
  assertEquals(
    new TextDecoder().decode(associatedData(BINDING, "EBESExQVFhcYGRobHB0eHw")),
    "palette/v1\0palette\0EBESExQVFhcYGRobHB0eHw\0/paletteConfig/mgmt/apikey\0https://console.example.com",
  );
});

Deno.test("associatedData() ends with a NUL when the value is sent nowhere", () => {
  const data = associatedData({ ...BINDING, audience: "" }, "id");
  assertEquals(data.at(-1), 0);
  assertEquals(data.filter((byte) => byte === 0).length, 4);
});

Deno.test("associatedData() is UTF-8, and no key is normalised", () => {
  const composed = associatedData({ ...BINDING, pointer: "/\u00e9" }, "id");
  const decomposed = associatedData({ ...BINDING, pointer: "/e\u0301" }, "id");
  assertEquals([...composed.slice(22, 25)], [0x2f, 0xc3, 0xa9]);
  assertEquals([...decomposed.slice(22, 26)], [0x2f, 0x65, 0xcc, 0x81]);
});

const NUL_PARTS: [part: string, binding: Binding, fileId: string][] = [
  ["kind", { ...BINDING, kind: "palette\0" as SecretFileKind }, "id"],
  ["fileId", BINDING, "i\0d"],
  ["pointer", { ...BINDING, pointer: "/a\0b" }, "id"],
  ["audience", { ...BINDING, audience: "\0https://a" }, "id"],
];

for (const [part, binding, fileId] of NUL_PARTS) {
  Deno.test(`associatedData() refuses a NUL in the ${part}`, () => {
    assertThrows(() => associatedData(binding, fileId), TypeError, "a NUL");
  });
}

const ILL_FORMED: [part: string, binding: Binding, fileId: string][] = [
  ["fileId", BINDING, "i\ud800d"],
  ["pointer", { ...BINDING, pointer: "/\udfff" }, "id"],
  ["audience", { ...BINDING, audience: "https://\ud800" }, "id"],
];

for (const [part, binding, fileId] of ILL_FORMED) {
  Deno.test(`associatedData() refuses half a surrogate pair in the ${part}`, () => {
    assertThrows(() => associatedData(binding, fileId), TypeError, "half a surrogate pair");
  });
}

const CA = new TextEncoder().encode("-----BEGIN CERTIFICATE-----\n");
/** Made with: printf -- '-----BEGIN CERTIFICATE-----\n' | openssl dgst -sha256 -binary | basenc --base64url */
const CA_HASH = "uT9Rw6wb3ZDtzOIBnSRSoyjL-XRD83RMx-xjAzpbLBY";

const AUDIENCES: [name: string, address: Address, audience: string | null][] = [
  ["an origin", { url: "https://console.example.com" }, "https://console.example.com"],
  ["a trailing slash", { url: "https://console.example.com/" }, "https://console.example.com"],
  ["no scheme", { url: "console.example.com" }, "https://console.example.com"],
  ["no scheme and a port", { url: "console.example.com:8443" }, "https://console.example.com:8443"],
  ["no scheme and a path", { url: "reg.example.com/v2/x" }, "https://reg.example.com"],
  ["the default port of https", { url: "https://a.example:443" }, "https://a.example"],
  ["the default port of http", { url: "http://a.example:80/" }, "http://a.example"],
  ["another port", { url: "https://a.example:80" }, "https://a.example:80"],
  ["http", { url: "http://a.example" }, "http://a.example"],
  ["a path", { url: "https://a.example/v1/x" }, "https://a.example"],
  ["a query and a fragment", { url: "https://a.example?x=1#y" }, "https://a.example"],
  ["user information", { url: "https://me:pw@a.example" }, "https://a.example"],
  ["a name that poses as user information", { url: "https://a.example@evil" }, "https://evil"],
  ["a backslash before another host", { url: "https://evil\\@a.example" }, "https://evil"],
  ["upper case", { url: "HTTPS://Console.EXAMPLE.com" }, "https://console.example.com"],
  ["a Unicode host", { url: "https://bücher.example" }, "https://xn--bcher-kva.example"],
  ["a full-width host", { url: "https://ａ.example" }, "https://a.example"],
  ["an IPv4 address", { url: "127.0.0.1:8443" }, "https://127.0.0.1:8443"],
  ["an IPv4 address in hexadecimal", { url: "https://0x7f.1" }, "https://127.0.0.1"],
  ["an IPv6 address", { url: "https://[::1]:8443" }, "https://[::1]:8443"],
  ["a long IPv6 address", { url: "[0:0:0:0:0:0:0:1]" }, "https://[::1]"],
  ["a final dot", { url: "https://a.example." }, "https://a.example."],
  ["verification off", { url: "https://a.example", insecure: true }, "https://a.example|insecure"],
  ["verification on", { url: "https://a.example", insecure: false }, "https://a.example"],
  ["a CA", { url: "https://a.example", caFile: CA }, `https://a.example|ca=${CA_HASH}`],
  [
    "both",
    { url: "a.example/", insecure: true, caFile: CA },
    `https://a.example|insecure|ca=${CA_HASH}`,
  ],
  [
    "an empty CA file",
    { url: "https://a.example", caFile: new Uint8Array() },
    "https://a.example|ca=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
  ],
  ["nothing", { url: "" }, null],
  ["a scheme alone", { url: "https://" }, null],
  ["a port that is none", { url: "a.example:99999" }, null],
  ["a space in the host", { url: "a b" }, null],
  ["a local file", { url: "file:///etc/passwd" }, null],
  ["a scheme without origin", { url: "x-own://a" }, null],
  ["a script", { url: "javascript:alert(1)" }, null],
];

for (const [name, address, audience] of AUDIENCES) {
  Deno.test(`audienceOf() of ${name} is ${audience}`, async () => {
    assertEquals(await audienceOf(address), audience);
  });
}

Deno.test("audienceOf() differs when one byte of the CA file differs", async () => {
  const other = CA.slice();
  other[0] = 0;
  assertNotEquals(
    await audienceOf({ url: "a.example", caFile: CA }),
    await audienceOf({ url: "a.example", caFile: other }),
  );
});
