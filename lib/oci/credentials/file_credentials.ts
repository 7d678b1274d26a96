import { UserError } from "../../errors.ts";
import type { Environment } from "../../runtime/environment.ts";
import { FileError, type Files, joinPath } from "../../runtime/files.ts";
import type { Platform } from "../../runtime/platform.ts";
import { askHelper, type HelperParts } from "./credential_helper.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import { credentialsOf, type DockerConfig, parseDockerConfig } from "./docker_config.ts";
import { nearestKey } from "./registry_key.ts";

/** A file of another tool; it is read, never written. */
export interface LoginFile {
  path: string;
  /** The user named it: it has to be there. */
  isRequired: boolean;
}

export interface FileCredentialParts extends HelperParts {
  files: Files;
}

/** No such file is larger. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Where other tools keep registry logins, the first that has one wins. */
export function loginFiles(
  { env, platform }: { env: Environment; platform: Platform },
): LoginFile[] {
  const found: LoginFile[] = [];
  const add = (path: string, isRequired = false) => found.push({ path, isRequired });
  const named = env.get("REGISTRY_AUTH_FILE");
  if (named !== undefined) add(named, true);
  const docker = env.get("DOCKER_CONFIG");
  const home = env.get(platform.os === "windows" ? "USERPROFILE" : "HOME");
  if (docker !== undefined) add(joinPath(docker, "config.json"));
  else if (home !== undefined) add(joinPath(home, ".docker", "config.json"));
  const runtimeFolder = env.get("XDG_RUNTIME_DIR");
  if (runtimeFolder !== undefined) add(joinPath(runtimeFolder, "containers", "auth.json"));
  return found;
}

/**
 * The logins of one file. For a registry with a helper of its own only that one is asked; else the
 * nearest entry, and after it the helper for everything.
 */
export function fileCredentials(file: LoginFile, parts: FileCredentialParts): CredentialSource {
  let reading: Promise<DockerConfig | null> | null = null;
  const asked = new Map<string, Promise<Credentials | null>>();
  const ask = (name: string, host: string): Promise<Credentials | null> => {
    const key = `${name} ${host}`;
    const known = asked.get(key) ?? askHelper({ name, source: file.path }, host, parts);
    asked.set(key, known);
    return known;
  };
  return {
    async find(host, repository) {
      const config = await (reading ??= readConfig(file, parts));
      if (config === null) return null;
      const own = nearestKey(Object.keys(config.credHelpers), host, "");
      const helper = own === null ? config.credsStore : config.credHelpers[own] ?? "";
      // An empty name says that this registry has no helper.
      if (own !== null && helper !== "") return await ask(helper, host);
      const filled = Object.keys(config.auths).filter((key) => hasContent(config, key));
      const key = nearestKey(filled, host, repository);
      if (key !== null) {
        return credentialsOf(config.auths[key] ?? {}, `the login "${key}" of "${file.path}"`);
      }
      return helper === "" ? null : await ask(helper, host);
    },
  };
}

/** A helper's logins stand in the file as empty entries. */
function hasContent({ auths }: DockerConfig, key: string): boolean {
  return Object.values(auths[key] ?? {}).some((text) => text !== "");
}

async function readConfig(
  { path, isRequired }: LoginFile,
  { files, onWarning }: FileCredentialParts,
): Promise<DockerConfig | null> {
  try {
    const info = await files.info(path);
    if (info === null && !isRequired) return null;
    if (info !== null && info.size > MAX_BYTES) {
      throw new FileError("other", "it is larger than 4 MiB");
    }
    return parseDockerConfig(new TextDecoder().decode(await files.readBytes(path)), path);
  } catch (error) {
    const failure = error instanceof FileError
      ? new UserError("io", `Cannot read the registry logins of "${path}": ${error.message}`, {
        hint: "Check the path and its permissions",
        cause: error,
      })
      : error;
    if (isRequired || !(failure instanceof UserError)) throw failure;
    // It belongs to another tool, and may not even be about our registry.
    onWarning(failure.message);
    return null;
  }
}
