import { UserError } from "../../../errors.ts";
import {
  type AppProfileDocument,
  DEFAULT_VERSION,
  readAppProfile,
} from "../../../app_profile/app_profile_file.ts";
import { isVersion } from "../../../api/versions.ts";
import { editSecretFile } from "../../../config/secret_editor.ts";
import { SecretFile } from "../../../config/secret_file.ts";
import { isSecretProperty } from "../../../config/secret_kinds.ts";
import { formatYaml, type Json } from "../../../output/format.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import { joinPath } from "../../../runtime/files.ts";
import type { Prompter } from "../../../runtime/prompter.ts";
import { Secret } from "../../../secrets/secret.ts";
import type { CommandContext } from "../../context.ts";
import { checkDnsLabel } from "../../dns_label.ts";

import { askTags } from "../tags.ts";
import { askTier, type TierDraft } from "./ask_tier.ts";
import { createProfile } from "./create_from_config.ts";

export interface InteractiveOptions {
  project?: string | undefined;
  /** Write the configuration file and stop. */
  configOnly: boolean;
}

/** What was answered, in the form of the file. */
interface Draft {
  name: string;
  version: string;
  description: string;
  tags: string[];
  tiers: TierDraft[];
}

/** Asks for an app profile, keeps the answers as a configuration file, and makes the profile. */
export async function createInteractive(
  { project, configOnly }: InteractiveOptions,
  context: CommandContext,
): Promise<void> {
  const { prompter } = context;
  if (prompter === null) {
    throw new UserError("usage", "This command asks questions and needs a terminal", {
      hint: "Without one, use palette pde app-profile create from-config --config-file FILE",
    });
  }
  const scope = await context.projectPalette(project);
  const draft = await askProfile(prompter);
  do {
    draft.tiers.push(await askTier(draft.tiers, scope.palette, context));
  } while (await prompter.confirm({ label: "Add another tier?", default: false }));
  if (!configOnly) await confirmSummary(draft, prompter);
  const { path, document } = await writeDraft(draft, context);
  if (configOnly) {
    return await context.printer.result({
      document: () => ({ name: draft.name, version: draft.version, path }),
      text: () => `==== App Profile config saved ====\nLocation: ${sanitizeLine(path)}\n`,
    });
  }
  context.printer.notice(`the configuration is in ${path}`);
  await createProfile(document, { isDryRun: false, updates: false }, scope, context);
}

async function askProfile(prompter: Prompter): Promise<Draft> {
  const name = await prompter.input({ label: "App profile name", validate: checkDnsLabel });
  const version = await prompter.input({
    label: "Version",
    suggestion: DEFAULT_VERSION,
    validate: (answer) => isVersion(answer) || "it must be three numbers like 1.0.0",
  });
  const description = await prompter.input({ label: "Description (optional)" });
  return { name, version, description, tags: await askTags(prompter), tiers: [] };
}

async function confirmSummary({ name, version, tiers }: Draft, prompter: Prompter): Promise<void> {
  const list = tiers.map((tier) => `${tier.document["name"]} (${tier.document["type"]})`);
  const label = `Create ${name} version ${version} with the tiers ${list.join(", ")}?`;
  if (await prompter.confirm({ label: sanitizeLine(label), default: false })) return;
  throw new UserError("aborted", "Nothing was created: the answer was no", {
    hint: "Pass --config-only to keep the answers as a file",
  });
}

interface WrittenDraft {
  path: string;
  /** With its secrets readable. */
  document: AppProfileDocument;
}

/** Writes the file that `from-config` reads; its secrets are never on the disk as plain text. */
async function writeDraft(draft: Draft, context: CommandContext): Promise<WrittenDraft> {
  const { runtime, workspace } = context;
  await context.useWorkspace();
  const { tiers, ...head } = draft;
  const text = await formatYaml({
    ...head,
    context: "project",
    cloud: "all",
    tiers: tiers.map((tier) => withProperties(tier, (secret) => secret ? "" : null)),
  });
  const path = await freePath(
    joinPath(runtime.files.absolute(workspace.root), "pde", "app-profiles"),
    `${draft.name}-${draft.version}`,
    context,
  );
  const blank = await SecretFile.parse(path, text, "app-profile");
  const secrets = tiers.flatMap(({ properties }, at) =>
    Object.entries(properties).filter(([name, value]) => isSecretProperty(name) && value !== "")
      .map(([name, value]) => ({
        path: ["tiers", String(at), "properties", name],
        value: new Secret(value),
      }))
  );
  const parts = { files: runtime.files, unreadable: "refuse" as const };
  const edited = secrets.length === 0
    ? { text }
    : await editSecretFile(blank, { secrets }, { ...parts, keyring: await context.keyring() });
  await (await context.store()).writeWhole(path, edited.text);
  const document = await readAppProfile(blank);
  return {
    path,
    document: {
      ...document,
      tiers: document.tiers.map((tier, at) => ({
        ...tier,
        properties: tiers[at]?.properties ?? {},
      })),
    },
  };
}

/** A tier for the file; `replace` gives what stands there for a property, null keeps it. */
function withProperties(
  { document, properties }: TierDraft,
  replace: (isSecret: boolean) => string | null,
): Json {
  const entries = Object.entries(properties)
    .map(([name, value]) => [name, replace(isSecretProperty(name)) ?? value] as const);
  return entries.length === 0 ? document : { ...document, properties: Object.fromEntries(entries) };
}

/** A file that is there is never overwritten: the time is added. */
async function freePath(
  folder: string,
  name: string,
  { runtime }: CommandContext,
): Promise<string> {
  const plain = joinPath(folder, `${name}.yaml`);
  if (await runtime.files.linkInfo(plain) === null) return plain;
  const now = runtime.clock.now();
  const digits = [
    ...[now.getFullYear(), now.getMonth() + 1, now.getDate()],
    ...[now.getHours(), now.getMinutes(), now.getSeconds()],
  ].map((part) => String(part).padStart(2, "0"));
  return joinPath(folder, `${name}-${digits.join("")}.yaml`);
}
