/** The checksums of what is released, and their signature. */

import { createHash } from "node:crypto";
import { UserError } from "../lib/errors.ts";
import { readSigningKey, type SigningKey } from "../lib/content/signing/signing_key.ts";
import { systemCrypto } from "../lib/runtime/crypto.ts";
import { systemFiles } from "../lib/runtime/files.ts";
import { Secret } from "../lib/secrets/secret.ts";

const SUMS = "SHA256SUMS";
const SIGNATURE = `${SUMS}.sig`;
const PASSPHRASE_VARIABLE = "PALETTE_SIGNING_KEY_PASSPHRASE";

/**
 * Writes `SHA256SUMS` over all releases in a folder, as `sha256sum --check` reads it. A signature
 * of other sums goes.
 * @returns Its path.
 */
export async function writeChecksums(folder: string): Promise<string> {
  const names = await releasedNames(folder);
  const lines = await Promise.all(
    names.map(async (name) => `${await sha256Of(`${folder}/${name}`)}  ${name}\n`),
  );
  await removeIfPresent(`${folder}/${SIGNATURE}`);
  await writeWhole(`${folder}/${SUMS}`, new TextEncoder().encode(lines.join("")));
  return `${folder}/${SUMS}`;
}

/** SHA-256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1024 * 1024);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    hash.update(buffer.subarray(0, read));
  }
  return hash.digest("hex");
}

/**
 * Writes `SHA256SUMS.sig`, which OpenSSL checks: `openssl dgst -sha256 -verify public.pem
 * -signature SHA256SUMS.sig SHA256SUMS`.
 * @param keyFile Private key in PEM, RSA or ECDSA; the passphrase of an encrypted one comes from
 *   `PALETTE_SIGNING_KEY_PASSPHRASE`.
 * @returns Its path.
 * @throws {UserError} `io`, `validation`, `passphrase-missing`, `decrypt-failed`
 */
export async function signChecksums(folder: string, keyFile: string): Promise<string> {
  const key = await readReleaseKey(keyFile);
  const signing = key.begin();
  signing.update(await Deno.readFile(`${folder}/${SUMS}`));
  await writeWhole(`${folder}/${SIGNATURE}`, signing.sign());
  return `${folder}/${SIGNATURE}`;
}

/**
 * The key that releases are signed with; read before a build, so that a wrong one costs no time.
 * @param source Flag that named the file.
 * @throws {UserError} As `signChecksums`.
 */
export async function readReleaseKey(
  keyFile: string,
  source = "--sign",
  env: { get(name: string): string | undefined } = Deno.env,
): Promise<SigningKey> {
  return await readSigningKey(keyFile, source, {
    files: systemFiles(),
    crypto: systemCrypto(),
    passphrase: () => {
      const text = env.get(PASSPHRASE_VARIABLE);
      if (text !== undefined) return Promise.resolve(new Secret(text));
      throw new UserError("passphrase-missing", "The passphrase of the signing key is missing", {
        hint: `Set ${PASSPHRASE_VARIABLE}`,
      });
    },
  });
}

/**
 * Writes the sums of what was built, signs them, and puts all in the place of what an earlier build
 * left, which stays until then.
 * @param built Folder on the same file system.
 * @param keyFile As for `signChecksums`; nothing is signed without.
 * @returns Names of what is there now, in the order in which it came.
 */
export async function publishBuild(
  built: string,
  folder: string,
  keyFile: string | undefined,
): Promise<string[]> {
  const names = await releasedNames(built);
  await writeChecksums(built);
  if (keyFile !== undefined) await signChecksums(built, keyFile);
  // Last the sums, which are of one build: where they are, all is that they name.
  const last = keyFile === undefined ? [SUMS] : [SIGNATURE, SUMS];
  await Deno.mkdir(folder, { recursive: true });
  for (const name of [SUMS, SIGNATURE, ...await releasedNames(folder)]) {
    await removeIfPresent(`${folder}/${name}`);
  }
  for (const name of [...names, ...last]) {
    await Deno.rename(`${built}/${name}`, `${folder}/${name}`);
  }
  return [...names, ...last];
}

async function releasedNames(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter(({ name, isFile }) => isFile && name.startsWith("palette-"))
      .map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A file that is there is whole. */
export async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  // The name of a stage must not look like a release.
  const at = path.lastIndexOf("/") + 1;
  const stage = `${path.slice(0, at)}.${path.slice(at)}.${crypto.randomUUID()}`;
  try {
    await Deno.writeFile(stage, content);
    await Deno.rename(stage, path);
  } catch (error) {
    await removeIfPresent(stage);
    throw error;
  }
}

async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
