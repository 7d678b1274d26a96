import { assertEquals } from "@std/assert";
import { decodeBase64url, encodeBase64url } from "../../lib/secrets/base64url.ts";
import type { SecretFileKind } from "../../lib/secrets/binding.ts";
import { deriveMasterKey, FileKeys } from "../../lib/secrets/cipher.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";

interface Vector {
  passphrase: string;
  iterations: number;
  salt: string;
  fileId: string;
  nonce: string;
  kind: SecretFileKind;
  pointer: string;
  audience: string;
  plaintext: string;
  verifier: string;
  token: string;
}

/** Made by an independent program. */
const VECTORS: Vector[] = [
  {
    passphrase: "Abcdef1!",
    iterations: 100_000,
    salt: "AAECAwQFBgcICQoLDA0ODw",
    fileId: "EBESExQVFhcYGRobHB0eHw",
    nonce: "ICEiIyQlJicoKSor",
    kind: "palette",
    pointer: "/paletteConfig/mgmt/apikey",
    audience: "https://console.spectrocloud.com",
    plaintext: "123456789",
    verifier: "HouUaAa2fZOksmjJZioejA",
    token: "enc:v1:ICEiIyQlJicoKSorMDfX7dJjnrUCMe0fBUTTpQ_3SuN6wQXRPw",
  },
  {
    passphrase: "Pässwört-1 ö",
    iterations: 1_000_000,
    salt: "8ODQwLCgkIBwYFBAMCAQAA",
    fileId: "ABEiM0RVZneImaq7zN3u_w",
    nonce: "DAsKCQgHBgUEAwIB",
    kind: "palette",
    pointer: "/paletteConfig/mgmt/apikey",
    audience: "https://127.0.0.1:8443|insecure",
    plaintext: "κλειδί ✓",
    verifier: "-ExWI2t9cz6fWrcjFuoGaw",
    token: "enc:v1:DAsKCQgHBgUEAwIB-KZPzonmrHYEv5VCLurYlFXenvmTP0mMy9xMq85iFBo",
  },
  {
    passphrase: "Zz9#zzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    iterations: 1_000_000,
    salt: "qqqqqqqqqqqqqqqqqqqqqg",
    fileId: "u7u7u7u7u7u7u7u7u7u7uw",
    nonce: "zMzMzMzMzMzMzMzM",
    kind: "pcg",
    pointer: "/ubuntuConfig/token",
    audience: "",
    plaintext: "multi\nline\n",
    verifier: "umbNctbsSeQyuBoa5OoWgg",
    token: "enc:v1:zMzMzMzMzMzMzMzMm8__FsanTFiKewBhdsntbUDaed21zpAQW8d9",
  },
];

for (const [index, vector] of VECTORS.entries()) {
  Deno.test(`known answer ${index + 1}: verifier, token and plaintext, byte for byte`, async () => {
    const nonce = bytesOf(vector.nonce);
    const crypto = { ...systemCrypto(), randomBytes: () => nonce };
    const master = await deriveMasterKey(
      vector.passphrase,
      bytesOf(vector.salt),
      vector.iterations,
      crypto,
    );
    const keys = await FileKeys.derive(
      master,
      vector.fileId,
      bytesOf(vector.fileId),
      crypto,
    );
    assertEquals(encodeBase64url(keys.verifier), vector.verifier);
    assertEquals(await keys.encrypt(vector, vector.plaintext), vector.token);
    assertEquals(await keys.decrypt(vector, vector.token), vector.plaintext);
  });
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64url(text);
  if (bytes === null) throw new TypeError("not base64url");
  return bytes;
}
