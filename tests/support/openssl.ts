/** Keys made with openssl, and what it says about signatures. */

/** Runs openssl; throws with what it said when it fails. */
export async function openssl(...args: string[]): Promise<string> {
  const output = await new Deno.Command("openssl", { args, stdin: "null" }).output();
  const said = new TextDecoder().decode(output.success ? output.stdout : output.stderr);
  if (!output.success) throw new Error(`openssl ${args[0]}: ${said}`);
  return said;
}

/** What `openssl dgst -verify` prints. */
export async function opensslVerdict(
  { key, signature, file }: { key: string; signature: string; file: string },
): Promise<string> {
  const { stdout } = await new Deno.Command("openssl", {
    args: ["dgst", "-sha256", "-verify", key, "-signature", signature, file],
    stdin: "null",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

export const KEY_PASSPHRASE = "Signing-Key-1";

/** A folder of key pairs in every form. */
export interface Keys extends AsyncDisposable {
  folder: string;
  /** Path of a file below it. */
  at(name: string): string;
}

/** `NAME.pem` is the private key, `NAME.pub` the public one. */
export async function makeKeys(): Promise<Keys> {
  const folder = await Deno.makeTempDir({ prefix: "palette-keys-" });
  const at = (name: string) => `${folder}/${name}`;
  const pass = ["-passout", `pass:${KEY_PASSPHRASE}`];
  const rsa = ["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt"];
  const ec = ["genpkey", "-algorithm", "EC", "-pkeyopt"];
  await Promise.all([
    openssl(...rsa, "rsa_keygen_bits:3072", "-out", at("rsa.pem")),
    openssl(...rsa, "rsa_keygen_bits:2048", "-out", at("other.pem")),
    openssl(...rsa, "rsa_keygen_bits:1024", "-out", at("short.pem")),
    openssl(...ec, "ec_paramgen_curve:P-256", "-out", at("ec.pem")),
    openssl(...ec, "ec_paramgen_curve:P-384", "-out", at("p384.pem")),
    openssl("genpkey", "-algorithm", "ed25519", "-out", at("ed25519.pem")),
  ]);
  const from = (name: string) => ["-in", at(`${name}.pem`), "-out"];
  await Promise.all([
    openssl("rsa", ...from("rsa"), at("rsa-pkcs1.pem"), "-traditional"),
    openssl("rsa", ...from("rsa"), at("rsa-pkcs1-locked.pem"), "-traditional", "-aes256", ...pass),
    openssl("pkcs8", "-topk8", ...from("rsa"), at("rsa-locked.pem"), ...pass),
    openssl("pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", ...from("rsa"), at("rsa-old.pem"), ...pass),
    openssl("rsa", ...from("rsa"), at("rsa-pkcs1.pub"), "-RSAPublicKey_out"),
    openssl("ec", ...from("ec"), at("ec-sec1.pem"), "-param_out"),
    openssl("ec", ...from("ec"), at("ec-sec1-locked.pem"), "-aes128", ...pass),
    openssl("pkcs8", "-topk8", "-scrypt", ...from("ec"), at("ec-locked.pem"), ...pass),
    ...["rsa", "other", "short", "ec", "p384", "ed25519"].map((name) =>
      openssl("pkey", ...from(name), at(`${name}.pub`), "-pubout")
    ),
  ]);
  const sec1 = await openssl("ec", "-in", at("ec.pem"));
  const parameters = await openssl("ecparam", "-name", "prime256v1");
  await Deno.writeTextFile(at("ec-sec1.pem"), parameters + sec1);
  return { folder, at, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}
