import { UserError } from "../../errors.ts";
import { parseRegistryAddress } from "../../oci/registry_address.ts";
import { FileError } from "../../runtime/files.ts";
import { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";
import type { WantedLogin } from "./registry_login.ts";

const MAX_BYTES = 1024 * 1024;

/**
 * The logins of a credentials file of palette-edge, the ancestor of this command:
 * `{"image": [{endpoint, username, password}], "helm": [...]}`. The password may be the JSON key of
 * GCR itself.
 * @throws {UserError} `io`, `validation`
 */
export async function readLoginsOf(path: string, context: CommandContext): Promise<WantedLogin[]> {
  const refuse = (reason: string) =>
    new UserError("validation", `Cannot use "${path}" of --from-file: ${reason}`, {
      hint: 'Write it as {"image": [{"endpoint": "...", "username": "...", "password": "..."}]}',
    });
  let root: unknown;
  try {
    root = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await read(path, context)));
  } catch (error) {
    if (error instanceof FileError) {
      throw new UserError("io", `Cannot read "${path}" of --from-file: ${error.message}`);
    }
    // The parser's message quotes the text, which holds secrets.
    throw refuse(error instanceof RangeError ? error.message : "it is not valid JSON");
  }
  if (typeof root !== "object" || root === null) throw refuse("it is no JSON object");
  const logins: WantedLogin[] = [];
  for (const kind of ["image", "helm"] as const) {
    const entries = (root as Record<string, unknown>)[kind] ?? [];
    if (!Array.isArray(entries)) throw refuse(`${kind} is no list`);
    for (const [at, entry] of entries.entries()) {
      const place = `${kind}[${at}]`;
      const { endpoint, username, password } = (entry ?? {}) as Record<string, unknown>;
      if (typeof endpoint !== "string") throw refuse(`${place} has no endpoint`);
      if (typeof username !== "string" || username === "" || username.includes(":")) {
        throw refuse(`${place} has no user name that can be used`);
      }
      const secret = typeof password === "object" && password !== null
        ? JSON.stringify(password)
        : password;
      if (typeof secret !== "string" || secret === "") throw refuse(`${place} has no password`);
      const address = parseRegistryAddress(endpoint, `${place} of --from-file`);
      logins.push({ address, host: address.host, username, password: new Secret(secret) });
    }
  }
  if (logins.length === 0) throw refuse("there is no login in it");
  return logins;
}

async function read(path: string, { runtime }: CommandContext): Promise<Uint8Array> {
  if (path === "-") return await runtime.streams.stdin.readAll(MAX_BYTES);
  const info = await runtime.files.info(path);
  if (info !== null && info.size > MAX_BYTES) throw new RangeError("it is larger than 1 MiB");
  return await runtime.files.readBytes(path);
}
