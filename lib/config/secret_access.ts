import { UserError } from "../errors.ts";
import type { BytesReader } from "../runtime/read_once.ts";
import { audienceOf, type Binding } from "../secrets/binding.ts";
import { type FileKeys, TagMismatch } from "../secrets/cipher.ts";
import { MalformedToken } from "../secrets/token.ts";
import { ioError } from "./file_store.ts";
import { formatPointer } from "../yaml/pointer.ts";
import { lostHint, type SecretFile, type StoredSecret } from "./secret_file.ts";
import { type FieldPath, loginCommandOf, secretFieldAt } from "./secret_kinds.ts";

/**
 * The place a secret is bound to.
 * @throws {UserError} `endpoint-changed` when its address is none; `io` when the CA file cannot be
 *   read.
 */
export async function bindingOf(
  file: SecretFile,
  path: FieldPath,
  files: BytesReader,
): Promise<Binding> {
  const field = secretFieldAt(file.kind, path);
  const pointer = formatPointer(path);
  if (field === undefined || file.kind === null) {
    throw new UserError("integrity", `No secret belongs at ${file.placeOf(pointer)}`);
  }
  if (field.address === null) return { kind: file.kind, pointer, audience: "" };
  const fields = field.address;
  const url = fields === "host" ? path.at(-2) ?? "" : file.textAt(fields.url);
  const caFile = fields === "host" || !fields.caFile ? "" : file.textAt(fields.caFile);
  const insecure = fields !== "host" && fields.insecure !== undefined &&
    file.textAt(fields.insecure).toLowerCase() === "true";
  const audience = url === "" ? null : await audienceOf({
    url,
    insecure,
    ...(caFile === "" ? {} : { caFile: await readCa(caFile, files) }),
  });
  if (audience !== null) return { kind: file.kind, pointer, audience };
  const name = fields === "host" ? pointer : formatPointer(fields.url);
  throw new UserError(
    "endpoint-changed",
    `Cannot use ${file.placeOf(pointer)}: the address at ${name} is ${
      url === "" ? "empty" : `"${url}"`
    }`,
    { hint: `Set the address as it was, or run ${loginCommandOf(file.kind)}` },
  );
}

async function readCa(path: string, files: BytesReader): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await files.readBytes(path);
  } catch (error) {
    throw ioError("read", path, error);
  }
}

/**
 * Decrypts a token at its place.
 * @throws {UserError} `integrity` for an altered value, `endpoint-changed` for a moved address.
 */
export async function decryptStored(
  file: SecretFile,
  secret: StoredSecret,
  keys: FileKeys,
  files: BytesReader,
): Promise<string> {
  const binding = await bindingOf(file, secret.path, files);
  const place = file.placeOf(secret.pointer);
  try {
    return await keys.decrypt(binding, secret.text);
  } catch (error) {
    if (error instanceof MalformedToken) {
      throw new UserError("integrity", `Cannot decrypt ${place}: ${error.message}`, {
        hint: lostHint(file.kind),
        cause: error,
      });
    }
    if (!(error instanceof TagMismatch) && !(error instanceof TypeError)) throw error;
    const noted = file.notedAddress(secret.pointer);
    if (noted !== null && noted !== binding.audience) {
      throw new UserError(
        "endpoint-changed",
        `Cannot use ${place}: it was encrypted for ${noted}, the file now says ${binding.audience}`,
        {
          hint: `Run ${loginCommandOf(file.kind)} to give the credential for the new address`,
          cause: error,
        },
      );
    }
    throw new UserError("integrity", `Cannot decrypt ${place}: the value was altered`, {
      hint: lostHint(file.kind),
      cause: error,
    });
  }
}
