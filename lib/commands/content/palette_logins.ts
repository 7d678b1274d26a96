import { UserError } from "../../errors.ts";
import { editSecretFile } from "../../config/secret_editor.ts";
import { BLOCK_KEY, SecretFile } from "../../config/secret_file.ts";
import type { CredentialSource } from "../../oci/credentials/credentials.ts";
import { credentialsOf, encodeAuth } from "../../oci/credentials/docker_config.ts";
import { nearestKey } from "../../oci/credentials/registry_key.ts";
import { joinPath } from "../../runtime/files.ts";
import type { SaltChoice } from "../../secrets/keyring.ts";
import { Secret } from "../../secrets/secret.ts";
import { type Value, valueAt } from "../../yaml/pointer.ts";
import type { CommandContext } from "../context.ts";

/** A login to be kept. */
export interface RegistryLogin {
  /** Key of the file. */
  host: string;
  username: string;
  password: Secret;
}

/** Palette's own file of registry logins: Docker's `config.json`, each `auth` encrypted. */
export function loginsFile({ workspace }: CommandContext): string {
  return joinPath(workspace.root, "registry", "config.json");
}

/** The logins of that file. The passphrase is needed only for a registry that stands in it. */
export function paletteLogins(context: CommandContext): CredentialSource {
  let reading: Promise<SecretFile | null> | null = null;
  return {
    async find(host, repository) {
      const file = await (reading ??= readLogins(context));
      if (file === null) return null;
      const key = nearestKey(keysOf(file), host, repository);
      if (key === null) return null;
      const auth = await context.decrypt(file, ["auths", key, "auth"]);
      if (auth === null) return null;
      return credentialsOf({ auth: auth.reveal() }, `the login "${key}" of "${file.path}"`);
    },
  };
}

/**
 * Adds logins to the file, or replaces them; all others stay.
 * @throws {UserError} `decrypt-failed` when the file was written with another passphrase.
 */
export async function keepLogins(
  logins: readonly RegistryLogin[],
  context: CommandContext,
): Promise<string> {
  const { runtime } = context;
  const path = loginsFile(context);
  const keyring = await context.keyring();
  const fresh = await workspaceSalt(context);
  await (await context.store()).update(path, async (current) => {
    const text = current?.text ?? null;
    const before = await SecretFile.parse(path, text, "registry");
    const secrets = logins.map(({ host, username, password }) => ({
      path: ["auths", keysOf(before).find((key) => key === host) ?? host, "auth"],
      value: new Secret(encodeAuth(username, password.reveal())),
    }));
    const edited = await editSecretFile(before, { secrets }, {
      keyring,
      files: runtime.files,
      unreadable: "refuse",
      ...(fresh === null ? {} : { fresh }),
    });
    const after = await SecretFile.parse(path, edited.text, "registry");
    return jsonOf(after.root, parseJson(text, path));
  });
  await context.useWorkspace();
  return path;
}

async function readLogins(context: CommandContext): Promise<SecretFile | null> {
  const path = loginsFile(context);
  const stored = await (await context.store()).read(path);
  return stored === null ? null : await SecretFile.parse(path, stored.text, "registry");
}

function keysOf(file: SecretFile): string[] {
  const auths = valueAt(file.root, ["auths"]);
  return isMapping(auths) ? Object.keys(auths) : [];
}

/** Files of a workspace share a salt, so that a run derives one key; if they share the passphrase. */
async function workspaceSalt(context: CommandContext): Promise<SaltChoice | null> {
  try {
    const block = (await context.paletteFile()).block();
    if (block === null) return null;
    const keyring = await context.keyring();
    const passphrase = await keyring.source.forEncryption();
    const isShared = await keyring.tryUnlock(block, passphrase) !== null;
    return isShared ? { salt: block.salt, iterations: block.iterations } : null;
  } catch (error) {
    // A broken palette.yaml is no reason not to log in to a registry.
    if (error instanceof UserError && ["validation", "integrity", "io"].includes(error.code)) {
      return null;
    }
    throw error;
  }
}

/** The editor writes YAML: the secrets and their block are put into the JSON that was there. */
function jsonOf(edited: Value, document: Record<string, unknown>): string {
  const auths = { ...objectAt(document, "auths") };
  const written = valueAt(edited, ["auths"]);
  for (const [key, entry] of isMapping(written) ? Object.entries(written) : []) {
    const auth = valueAt(entry, ["auth"]);
    if (typeof auth === "string") auths[key] = { ...objectAt(auths, key), auth };
  }
  document["auths"] = auths;
  const block = valueAt(edited, [BLOCK_KEY]);
  if (isMapping(block)) {
    document[BLOCK_KEY] = {
      ...block,
      version: Number(block["version"]),
      iterations: Number(block["iterations"]),
    };
  }
  return `${JSON.stringify(document, null, 2)}\n`;
}

function parseJson(text: string | null, path: string): Record<string, unknown> {
  if (text === null || text.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // Answered below; the parser's message quotes the text.
  }
  throw new UserError("validation", `Cannot write "${path}": it is not a JSON object`, {
    hint: "Correct the file, or remove it and log in again",
  });
}

function objectAt(parent: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = parent[key];
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};
}

function isMapping(value: Value | undefined): value is { [key: string]: Value } {
  return typeof value === "object" && !Array.isArray(value);
}
