/**
 * What goes into a support bundle. Configuration is written anew from its values, so that comments
 * stay behind; every text passes the redactor.
 */

import { reasonOf } from "../../errors.ts";
import { formatPointer, type Value } from "../../yaml/pointer.ts";
import { BLOCK_KEY, SecretFile } from "../../config/secret_file.ts";
import { formatJson, formatYaml, type Json } from "../../output/format.ts";
import { baseName, folderOf, joinPath } from "../../runtime/files.ts";
import { COMMIT, VERSION } from "../../version.ts";
import type { CommandContext } from "../context.ts";

export interface BundledFile {
  /** Path in the archive. */
  name: string;
  text: string;
}

const LEFT_OUT = "[left out]";
/** Together with a token these let anybody try passphrases. */
const GUESSING_KIT = ["salt", "verifier", "fileId"];
/** Names of keys that have secrets below them in files of whatever kind. */
const SECRET_NAME =
  /passw|passphrase|secret|token|api[-_]?key|pairingcode|private|credential|auth$/i;

export async function collectFiles(context: CommandContext): Promise<BundledFile[]> {
  const collected = [
    versions(context),
    await configuration(context),
    ...await logs(context),
    await listing(context),
  ];
  return collected.filter((file) => file !== null)
    .map(({ name, text }) => ({ name, text: context.redactor.redact(text) }));
}

function versions({ runtime }: CommandContext): BundledFile {
  const { os, arch, denoVersion } = runtime.platform;
  const variables = Object.keys(runtime.env.all())
    .filter((name) => /^(PALETTE_|DENO_|(https?|no|all)_proxy$)|^(CI|HOME|TERM)$/i.test(name));
  const document = {
    palette: VERSION,
    commit: COMMIT,
    os,
    arch,
    deno: denoVersion,
    variables: variables.sort(),
  };
  return { name: "versions.json", text: formatJson(document) };
}

async function configuration({ runtime, workspace }: CommandContext): Promise<BundledFile | null> {
  const { configFile } = workspace;
  if (await runtime.files.info(configFile) === null) return null;
  try {
    const text = new TextDecoder().decode(await runtime.files.readBytes(configFile));
    const file = await SecretFile.parse(configFile, text, "palette");
    const secrets = new Set(file.secrets().map(({ pointer }) => pointer));
    return { name: "palette.yaml", text: await formatYaml(withoutSecrets(file.root, secrets, [])) };
  } catch (error) {
    return { name: "palette.yaml.txt", text: `Cannot be shown: ${reasonOf(error)}\n` };
  }
}

function withoutSecrets(value: Value, secrets: Set<string>, path: string[]): Json {
  if (typeof value === "string") {
    const isGuessing = path[0] === BLOCK_KEY && GUESSING_KIT.includes(path[1] ?? "");
    const isSecret = secrets.has(formatPointer(path)) || path.some((key) => SECRET_NAME.test(key));
    return value !== "" && (isGuessing || isSecret) ? LEFT_OUT : value;
  }
  if (Array.isArray(value)) {
    return value.map((item, at) => withoutSecrets(item, secrets, [...path, String(at)]));
  }
  return Object.fromEntries(
    Object.entries(value).map((
      [key, item],
    ) => [key, withoutSecrets(item, secrets, [...path, key])]),
  );
}

async function logs({ runtime, settings, workspace }: CommandContext): Promise<BundledFile[]> {
  const { files } = runtime;
  const logFile = settings.logFile ?? workspace.logFile;
  const folder = folderOf(logFile);
  if (!(await files.info(folder))?.isFolder) return [];
  const found: BundledFile[] = [];
  for (const name of await files.list(folder)) {
    if (name !== baseName(logFile) && !name.startsWith(`${baseName(logFile)}.`)) continue;
    const text = new TextDecoder().decode(await files.readBytes(joinPath(folder, name)));
    found.push({ name: `logs/${name}`, text });
  }
  return found;
}

/** Names, sizes and modes in the workspace; other files may hold secrets that we do not know. */
async function listing({ runtime, workspace }: CommandContext): Promise<BundledFile | null> {
  const { files } = runtime;
  const lines: string[] = [];
  const walk = async (folder: string, prefix: string, depth: number) => {
    if (depth > 4 || !(await files.info(folder))?.isFolder) return;
    for (const name of await files.list(folder)) {
      const info = await files.linkInfo(joinPath(folder, name));
      const mode = info?.mode?.toString(8).padStart(4, "0") ?? "-";
      lines.push(`${mode} ${String(info?.size ?? 0).padStart(10)} ${prefix}${name}`);
      if (info?.isFolder) await walk(joinPath(folder, name), `${prefix}${name}/`, depth + 1);
    }
  };
  await walk(workspace.root, "", 1);
  if (lines.length === 0) return null;
  const version = await files.info(workspace.versionFile) === null
    ? "none"
    : new TextDecoder().decode(await files.readBytes(workspace.versionFile)).trim();
  return { name: "workspace.txt", text: `Written by version: ${version}\n${lines.join("\n")}\n` };
}
