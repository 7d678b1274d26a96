import { UserError } from "../../../errors.ts";
import type { PaletteClient } from "../../../api/client.ts";
import { findPacks, getPack, listPackVersions, type PackSource } from "../../../api/packs.ts";
import { listRegistryNames } from "../../../api/registry_names.ts";
import type { Json } from "../../../output/format.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { Prompter } from "../../../runtime/prompter.ts";
import type { CommandContext } from "../../context.ts";
import { expandPath, readUserFile } from "../../paths.ts";
import { checkDnsLabel } from "../../dns_label.ts";

/** A tier as answered: what stands in the file, and its properties, secrets readable. */
export interface TierDraft {
  document: { [key: string]: Json };
  properties: Record<string, string>;
}

type Ask = (parts: AskParts) => Promise<TierDraft>;

interface AskParts {
  prompter: Prompter;
  palette: PaletteClient;
  context: CommandContext;
}

const TYPES: Record<string, { label: string; type: string; ask: Ask }> = {
  container: { label: "Container", type: "container", ask: askContainer },
  helm: { label: "Helm", type: "helm", ask: askHelm },
  manifest: { label: "Manifest", type: "manifest", ask: askManifest },
  service: { label: "Service of a pack", type: "operator-instance", ask: askService },
};

/** Asks for one tier. */
export async function askTier(
  others: readonly TierDraft[],
  palette: PaletteClient,
  context: CommandContext,
): Promise<TierDraft> {
  const { prompter } = context;
  if (prompter === null) throw new Error("a tier is asked for without a terminal");
  const chosen = TYPES[
    await prompter.select({
      label: "Service type",
      options: Object.entries(TYPES).map(([value, { label }]) => ({ value, label })),
    })
  ];
  if (chosen === undefined) throw new Error("no such type of tier");
  const taken = new Set(others.map(({ document }) => document["name"]));
  const name = await prompter.input({
    label: "Tier name",
    validate: (answer) =>
      taken.has(answer) ? "another tier has the name already" : checkDnsLabel(answer),
  });
  const { document, properties } = await chosen.ask({ prompter, palette, context });
  return {
    document: { name, type: chosen.type, installOrder: others.length, ...document },
    properties,
  };
}

async function askContainer({ prompter }: AskParts): Promise<TierDraft> {
  const image = await prompter.input({ label: "Image", validate: isThere });
  const registryUrl = await prompter.input({ label: "Registry URL (optional)" });
  const replicas = await prompter.input({
    label: "Replicas",
    suggestion: "1",
    validate: (answer) => /^([1-9]|10)$/.test(answer) || "it must be a whole number from 1 to 10",
  });
  const access = await prompter.select({
    label: "Access",
    options: [{ value: "public", label: "public" }, { value: "private", label: "private" }],
  });
  const ports = await prompter.input({
    label: "Ports (optional, separated by commas)",
    validate: (answer) =>
      listOf(answer, ",").every((port) => Number(port) >= 1 && Number(port) <= 65_535) ||
      "each must be a number from 1 to 65535",
  });
  const env = await prompter.input({
    label: "Environment (optional, KEY=VALUE separated by commas)",
    validate: (answer) =>
      listOf(answer, ",").every((pair) => /^[A-Za-z_]\w*=/.test(pair)) || "each must be KEY=VALUE",
  });
  const volume = await prompter.input({
    label: "Volume (optional, NAME:GB:/PATH)",
    validate: (answer) =>
      answer === "" || /^[a-z0-9-]+:[1-9]\d*:\/.+$/.test(answer) || "it must be NAME:GB:/PATH",
  });
  const command = await prompter.input({ label: "Command (optional, words)" });
  const args = await prompter.input({ label: "Arguments (optional, words)" });
  const [volumeName = "", size = "", ...mountPath] = volume.split(":");
  const container: { [key: string]: Json } = {
    image,
    ...(registryUrl === "" ? {} : { registryUrl }),
    access,
    replicas: Number(replicas),
    ...(ports === "" ? {} : { ports: listOf(ports, ",") }),
    ...(env === "" ? {} : {
      env: listOf(env, ",").map((pair) => {
        const equals = pair.indexOf("=");
        return { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
      }),
    }),
    ...(volume === ""
      ? {}
      : { volume: { name: volumeName, size: Number(size), mountPath: mountPath.join(":") } }),
    ...(command === "" ? {} : { command: listOf(command, /\s+/) }),
    ...(args === "" ? {} : { args: listOf(args, /\s+/) }),
  };
  return { document: { container }, properties: {} };
}

async function askHelm({ prompter, palette, context }: AskParts): Promise<TierDraft> {
  const registries = (await listRegistryNames(palette)).filter(({ kind }) => /helm/i.test(kind));
  if (registries.length === 0) {
    throw new UserError("not-found", "There is no Helm registry", {
      hint: "Create one with palette pde registry create helm",
    });
  }
  const registryUid = await choose(prompter, "Registry", registries);
  const charts = await findPacks(palette, { registryUid });
  const names = [...new Set(charts.map(({ name }) => name))].map((name) => ({ name, uid: name }));
  if (names.length === 0) {
    throw new UserError("not-found", "There is no chart in the registry", {
      hint: "A new registry may still be syncing; look with palette pde registry list",
    });
  }
  const pack = await choose(prompter, "Chart", names);
  const packVersion = await chooseVersion(prompter, palette, pack, registryUid);
  const values = await askFile("Values file (optional)", { prompter, context }, false);
  return {
    document: {
      registry: registries.find(({ uid }) => uid === registryUid)?.name ?? "",
      pack,
      packVersion: packVersion.name,
      ...(values === "" ? {} : { values }),
    },
    properties: {},
  };
}

async function askManifest({ prompter, context }: AskParts): Promise<TierDraft> {
  const name = await prompter.input({ label: "Manifest name", validate: checkDnsLabel });
  const content = await askFile("Manifest file", { prompter, context }, true);
  return { document: { manifests: [{ name, content }] }, properties: {} };
}

async function askService({ prompter, palette }: AskParts): Promise<TierDraft> {
  let sources: PackSource[] = [];
  const pack = await prompter.input({
    label: "Pack (postgresql-operator, mysql-operator, ...)",
    validate: isThere,
  });
  sources = await findPacks(palette, { name: pack });
  if (sources.length === 0) {
    throw new UserError("not-found", `Pack "${pack}" not found in any registry`);
  }
  const registryUid = await choose(prompter, "Registry", sources.map(({ registry }) => registry));
  const version = await chooseVersion(prompter, palette, pack, registryUid);
  const { parameters } = await getPack(palette, version.uid);
  const properties: Record<string, string> = {};
  for (const { name, description, defaultValue, isSecret, isOptional, choices } of parameters) {
    const label = sanitizeLine(description === "" ? name : `${name} (${description})`);
    if (choices.length > 0) {
      const options = choices.map((choice) => ({ name: choice, uid: choice }));
      properties[name] = await choose(prompter, label, options);
    } else if (isSecret) {
      properties[name] = await prompter.secret({ label: `${label}, empty: Palette makes one` });
    } else {
      properties[name] = await prompter.input({
        label,
        ...(defaultValue === "" ? {} : { suggestion: defaultValue }),
        ...(isOptional || defaultValue !== "" ? {} : { validate: isThere }),
      });
    }
  }
  return {
    document: {
      registry: sources.find(({ registry }) => registry.uid === registryUid)?.registry.name ?? "",
      pack,
      packVersion: version.name,
    },
    properties: Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== "")),
  };
}

async function chooseVersion(
  prompter: Prompter,
  palette: PaletteClient,
  pack: string,
  registryUid: string,
): Promise<{ name: string; uid: string }> {
  const versions = (await listPackVersions(palette, pack, registryUid))
    .map(({ version, packUid }) => ({ name: version, uid: packUid }));
  const uid = await choose(prompter, "Version", versions);
  return versions.find((version) => version.uid === uid) ?? { name: "", uid };
}

/** The only one is taken without a question. */
async function choose(
  prompter: Prompter,
  label: string,
  items: readonly { name: string; uid: string }[],
): Promise<string> {
  const [first, second] = items;
  if (first !== undefined && second === undefined) return first.uid;
  return await prompter.select({
    label,
    options: items.map(({ name, uid }) => ({ value: uid, label: sanitizeLine(name) })),
  });
}

async function askFile(
  label: string,
  { prompter, context }: Pick<AskParts, "prompter" | "context">,
  isRequired: boolean,
): Promise<string> {
  for (;;) {
    const path = await prompter.input({ label, ...(isRequired ? { validate: isThere } : {}) });
    if (path === "") return "";
    try {
      return await readUserFile(expandPath(path, context.runtime), context);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      context.printer.warn(error.message);
    }
  }
}

function isThere(answer: string): true | string {
  return answer.trim() !== "" || "an answer is needed";
}

function listOf(answer: string, separator: string | RegExp): string[] {
  return answer.split(separator).map((word) => word.trim()).filter((word) => word !== "");
}
