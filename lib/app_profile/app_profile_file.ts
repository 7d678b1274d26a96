import { UserError } from "../errors.ts";
import { TIER_TYPES, type TierType } from "../api/app_profiles.ts";
import { isVersion } from "../api/versions.ts";
import { BLOCK_KEY, type SecretFile } from "../config/secret_file.ts";
import { Field, FieldProblem } from "./field.ts";

/** A name or a uid; both empty for none. */
export interface Reference {
  name: string;
  uid: string;
}

/** The short form of a container's values. */
export interface ContainerDocument {
  image: string;
  registryUrl: string;
  access: "public" | "private";
  ports: string[];
  replicas: number;
  env: { name: string; value: string }[];
  command: string[];
  args: string[];
  volume: { name: string; size: number; mountPath: string } | null;
}

export interface TierDocument {
  name: string;
  type: TierType;
  pack: Reference & { version: string };
  registry: Reference;
  /** Lower first. */
  installOrder: number;
  /** As they stand in the file: encrypted ones are tokens. */
  properties: Record<string, string>;
  values: string;
  container: ContainerDocument | null;
  /** An OCI registry of Palette's with the credentials of a private image; empty for none. */
  imageRegistry: string;
  manifests: { name: string; content: string }[];
}

/** A configuration file for an app profile. */
export interface AppProfileDocument {
  name: string;
  version: string;
  description: string;
  context: "project" | "tenant" | "system";
  tags: string[];
  tiers: TierDocument[];
}

export const DEFAULT_VERSION = "1.0.0";

const ROOT_KEYS = [
  ...["apiVersion", "kind", "name", "version", "description", "context", "cloud", "tags", "tiers"],
  // Of a profile that was described.
  ...["uid", "createdAt", "updatedAt", BLOCK_KEY],
];
const TIER_KEYS: Record<TierType, readonly string[]> = {
  "container": ["container", "values", "imageRegistry"],
  "helm": ["values"],
  "manifest": ["manifests"],
  "operator-instance": ["properties", "values"],
};
const COMMON_KEYS = [
  ...["name", "type", "pack", "packUid", "packVersion", "registry", "registryUid", "installOrder"],
];
const CONTAINER_KEYS = [
  ...["image", "registryUrl", "access", "ports", "replicas", "env", "command", "args", "volume"],
];
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads the configuration of an app profile.
 * @throws {UserError} `validation`, with line and column.
 */
export async function readAppProfile(file: SecretFile): Promise<AppProfileDocument> {
  try {
    return documentOf(new Field(file.root));
  } catch (error) {
    if (!(error instanceof FieldProblem)) throw error;
    const { YamlEditor } = await import("../yaml/yaml_document.ts");
    const position = new YamlEditor(file.text, file.path).positionOf([...error.path]);
    throw new UserError(
      "validation",
      `Cannot use "${file.path}" as an app profile: ${error.message}, at ${position}`,
      { hint: "palette pde app-profile create from-config --help shows a whole file" },
    );
  }
}

function documentOf(root: Field): AppProfileDocument {
  root.requireKnown(ROOT_KEYS);
  const kind = root.at("kind");
  if (kind.isThere) kind.choice(["AppProfile"]);
  const apiVersion = root.at("apiVersion");
  if (apiVersion.isThere) apiVersion.choice(["palette/v1"]);
  // App profiles are for every cloud.
  root.at("cloud").choice(["all"], "all");
  const version = root.at("version");
  if (version.isThere && !isVersion(version.text())) {
    throw version.problem(`version must be three numbers like 1.0.0, not "${version.text()}"`);
  }
  const tiers = root.at("tiers");
  const documents = tiers.list().map(tierOf);
  if (documents.length === 0) throw root.problem("there must be at least one tier", ["tiers"]);
  refuseDuplicates(tiers.list(), "tier");
  return {
    name: dnsLabel(root.at("name")),
    version: version.optionalText() || DEFAULT_VERSION,
    description: root.at("description").optionalText(),
    context: root.at("context").choice(["project", "tenant", "system"], "project"),
    tags: root.at("tags").texts(),
    tiers: documents,
  };
}

function tierOf(tier: Field): TierDocument {
  const type = tier.at("type").choice(TIER_TYPES);
  tier.requireKnown([...COMMON_KEYS, ...TIER_KEYS[type]]);
  const registry = referenceOf(tier, "registry");
  const pack = { ...referenceOf(tier, "pack"), version: tier.at("packVersion").optionalText() };
  const container = tier.at("container");
  const manifests = tier.at("manifests");
  const name = dnsLabel(tier.at("name"));
  const needsPack = type === "helm" || type === "operator-instance";
  if (needsPack && pack.name === "" && pack.uid === "") {
    throw tier.problem(`pack is required in a tier of type ${type}`);
  }
  if (needsPack && pack.uid === "" && registry.name === "" && registry.uid === "") {
    throw tier.problem(`registry is required in a tier of type ${type}`);
  }
  if (type === "container" && !container.isThere && !tier.at("values").isThere) {
    throw tier.problem("container or values is required in a tier of type container");
  }
  if (type === "manifest" && manifests.list().length === 0) {
    throw tier.problem("manifests is required in a tier of type manifest");
  }
  refuseDuplicates(manifests.list(), "manifest");
  return {
    name,
    type,
    pack,
    registry,
    installOrder: tier.at("installOrder").wholeNumber(0, { least: -1000, most: 1000 }),
    properties: tier.at("properties").mapping(),
    values: tier.at("values").optionalText(),
    container: container.isThere ? containerOf(container) : null,
    imageRegistry: tier.at("imageRegistry").optionalText(),
    manifests: manifests.list().map((manifest) => {
      manifest.requireKnown(["name", "content"]);
      return { name: manifest.at("name").text(), content: manifest.at("content").text() };
    }),
  };
}

function containerOf(container: Field): ContainerDocument {
  container.requireKnown(CONTAINER_KEYS);
  const volume = container.at("volume");
  volume.requireKnown(["name", "size", "mountPath"]);
  const access = container.at("access").choice(["public", "private"], "public");
  return {
    image: container.at("image").text(),
    registryUrl: container.at("registryUrl").optionalText(),
    access,
    ports: container.at("ports").list().map((port) => {
      port.wholeNumber(0, { least: 1, most: 65_535 });
      return port.text();
    }),
    replicas: container.at("replicas").wholeNumber(1, { least: 1, most: 10 }),
    env: container.at("env").list().map((variable) => {
      variable.requireKnown(["name", "value"]);
      return { name: variable.at("name").text(), value: variable.at("value").optionalText() };
    }),
    command: container.at("command").texts(),
    args: container.at("args").texts(),
    volume: volume.isThere
      ? {
        name: volume.at("name").text(),
        size: volume.at("size").wholeNumber(1, { least: 1 }),
        mountPath: volume.at("mountPath").text(),
      }
      : null,
  };
}

/** `registry` or `registryUid`, not both. */
function referenceOf(tier: Field, name: string): Reference {
  const [named, uid] = [tier.at(name), tier.at(`${name}Uid`)];
  if (named.isThere && uid.isThere) {
    throw uid.problem(`${name} and ${name}Uid cannot be used together`);
  }
  return { name: named.optionalText(), uid: uid.optionalText() };
}

function dnsLabel(field: Field): string {
  const text = field.text();
  if (DNS_LABEL.test(text)) return text;
  throw field.problem(
    `"${text}" must be made of a-z, 0-9 and -, with a letter or digit at both ends`,
  );
}

function refuseDuplicates(items: Field[], what: string): void {
  const seen = new Set<string>();
  for (const item of items) {
    const name = item.at("name");
    const text = name.text();
    if (seen.has(text)) throw name.problem(`there are two ${what}s with the name "${text}"`);
    seen.add(text);
  }
}
