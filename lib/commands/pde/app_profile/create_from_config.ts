import { UserError } from "../../../errors.ts";
import {
  appProfileBody,
  createAppProfile,
  listAppProfiles,
  type NewAppProfile,
  updateAppProfile,
} from "../../../api/app_profiles.ts";
import { type AppProfileDocument, readAppProfile } from "../../../app_profile/app_profile_file.ts";
import { resolveTiers } from "../../../app_profile/resolve_tiers.ts";
import { editSecretFile } from "../../../config/secret_editor.ts";
import { SecretFile } from "../../../config/secret_file.ts";
import { isSecretProperty } from "../../../config/secret_kinds.ts";
import type { Json } from "../../../output/format.ts";
import { formatYaml } from "../../../output/format.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { CommandContext } from "../../context.ts";
import { requireFlags } from "../../lookup.ts";
import { expandPath, readUserFile } from "../../paths.ts";
import type { ProjectPalette } from "../../palette_client.ts";
import { APP_PROFILE } from "../names.ts";
import { requireTags } from "../tags.ts";

export interface FromConfigOptions {
  project?: string | undefined;
  configFile?: string | undefined;
  /** Show the request, send nothing that changes something. */
  isDryRun: boolean;
  /** Replace the content of a version that is there. */
  updates: boolean;
  /** Encrypt the secrets of the file first. */
  encrypts: boolean;
}

/** Makes an app profile, or a further version of one, from a configuration file. */
export async function createFromConfig(
  options: FromConfigOptions,
  context: CommandContext,
): Promise<void> {
  requireFlags({ "--config-file": options.configFile }, context);
  const given = options.configFile ??
    await context.prompter?.input({ label: "Configuration file" }) ?? "";
  const path = expandPath(given, context.runtime);
  if (options.encrypts && !options.isDryRun) await encryptFile(path, context);
  const file = await SecretFile.parse(path, await readUserFile(path, context), "app-profile");
  const document = await readAppProfile(file);
  requireTags(document.tags);
  const tiers = await decryptProperties(document, file, context);
  const scope = await context.projectPalette(options.project);
  await createProfile({ ...document, tiers }, options, scope, context);
}

export interface CreateSwitches {
  isDryRun: boolean;
  updates: boolean;
}

/** Makes a profile, its secrets readable by now. */
export async function createProfile(
  document: AppProfileDocument,
  { isDryRun, updates }: CreateSwitches,
  { palette }: ProjectPalette,
  context: CommandContext,
): Promise<void> {
  const { name, version, description, tags } = document;
  const there = (await listAppProfiles(palette, name))
    .find(({ scope }) => scope === document.context)
    ?.versions.find((item) => item.version === version);
  if (there !== undefined && !updates) {
    throw new UserError("conflict", `${APP_PROFILE} "${name}" has a version ${version} already`, {
      hint: "Raise version in the file, or pass --update to replace its content",
    });
  }
  const tiers = await resolveTiers(document.tiers, palette);
  const profile: NewAppProfile = { name, version, description, tags, tiers };
  if (isDryRun) return await showRequest(profile, there?.uid ?? null, context);
  const inTenant = document.context !== "project";
  let uid: string;
  if (there === undefined) uid = await createAppProfile(palette, profile, { inTenant });
  else await updateAppProfile(palette, uid = there.uid, profile, { inTenant });
  await context.printer.result({
    document: () => ({ name, version, uid }),
    text: () =>
      `${there === undefined ? "Created" : "Updated"} ${APP_PROFILE} ${
        sanitizeLine(name)
      } version ${sanitizeLine(version)}\n`,
  });
}

/** The request that would be sent, without its secrets. */
async function showRequest(
  profile: NewAppProfile,
  uid: string | null,
  { printer }: CommandContext,
): Promise<void> {
  const tiers = profile.tiers.map((tier) => ({
    ...tier,
    ...(tier.properties === undefined ? {} : {
      properties: tier.properties.map((property) =>
        isSecretProperty(property.name) ? { ...property, value: "[secret]" } : property
      ),
    }),
  }));
  const document = {
    method: uid === null ? "POST" : "PUT",
    path: uid === null ? "/v1/appProfiles" : `/v1/appProfiles/${uid}`,
    body: JSON.parse(JSON.stringify(appProfileBody({ ...profile, tiers }))) as Json,
  };
  await printer.result({ document: () => document, text: () => formatYaml(document) });
}

/** Secret properties as they are to be sent; others stay as they are. */
async function decryptProperties(
  { tiers }: AppProfileDocument,
  file: SecretFile,
  context: CommandContext,
): Promise<AppProfileDocument["tiers"]> {
  const decrypted: AppProfileDocument["tiers"] = [];
  for (const [at, tier] of tiers.entries()) {
    const properties: Record<string, string> = {};
    for (const [name, value] of Object.entries(tier.properties)) {
      const path = ["tiers", String(at), "properties", name];
      const secret = isSecretProperty(name) ? await context.decrypt(file, path) : null;
      properties[name] = secret?.reveal() ?? value;
    }
    decrypted.push({ ...tier, properties });
  }
  return decrypted;
}

/** Encrypts what stands in the file as plain text; the rest of the file keeps its bytes. */
async function encryptFile(path: string, context: CommandContext): Promise<void> {
  const keyring = await context.keyring();
  await (await context.store()).update(path, async (current) => {
    if (current === null) return null;
    const before = await SecretFile.parse(path, current.text, "app-profile");
    await readAppProfile(before);
    const parts = { keyring, files: context.runtime.files, unreadable: "refuse" as const };
    return (await editSecretFile(before, {}, parts)).text;
  });
}
