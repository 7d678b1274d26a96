import { reasonOf, UserError } from "../../errors.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import { readTypedYaml, readYamlDocuments } from "../../yaml/yaml_documents.ts";
import { isSafePath } from "../safe_path.ts";
import {
  type Architecture,
  ARCHITECTURES,
  type BundleDefinition,
  type ChartEntry,
  type FileEntry,
  type ImageEntry,
  type PackEntry,
  type ProfileEntry,
  type RawFileEntry,
  typeOfImage,
} from "./bundle_definition.ts";
import { type DefinitionFile, DefinitionPart } from "./definition_part.ts";
import { API_VERSION, KIND } from "./format_definition.ts";

const COMMON = ["digest", "from", "annotations"];

/**
 * Reads a definition, written by this program or by hand: keys that nobody knows are kept, with a
 * warning each; an item may be just its reference.
 * @param path Names it in errors.
 * @returns `misspelt`: a key that is nearly a known one, which whoever reads what a newer version
 * wrote can pass over.
 * @throws {UserError} `validation`, with the place in the file.
 */
export function readDefinition(
  text: string,
  path: string,
): { definition: BundleDefinition; warnings: string[]; misspelt: UserError | null } {
  const what = `"${path}"`;
  const documents = readYamlDocuments(text, what);
  const file: DefinitionFile = { path, warnings: [], misspelt: [] };
  const typed = documents.length === 1 ? readTypedYaml(text, what) : undefined;
  const root = new DefinitionPart(documents[0], typed, file);
  if (documents.length !== 1 || root.bareText !== null || Array.isArray(documents[0])) {
    throw root.problem(documents.length > 1 ? "has several documents" : "is no mapping");
  }
  requireSchema(root);
  const metadata = root.at("metadata");
  const application = root.at("application");
  const spec = root.at("spec");
  const definition: BundleDefinition = {
    name: metadata.at("name").text(),
    projectId: metadata.at("projectId").text(),
    annotations: metadata.at("annotations").textMap(),
    application: {
      name: application.at("name").text(),
      version: application.at("version").text(),
      notes: application.at("notes").text(),
    },
    arch: spec.at("arch").texts().map((word) => architectureOf(word, spec.at("arch"))),
    isFips: spec.at("fips").flag(),
    profiles: spec.at("profiles").list().map(profileOf),
    images: spec.at("images").list().map(imageOf),
    charts: spec.at("charts").list().map(chartOf),
    packs: spec.at("packs").list().map(packOf),
    rawFiles: spec.at("rawFiles").list().map(rawFileOf),
    clusterDefinition: fileOf(spec.at("clusterDefinition")),
    customUi: fileOf(spec.at("customUI")),
    signing: null,
    extras: {
      root: root.extras(["apiVersion", "kind", "metadata", "application", "spec"]),
      metadata: metadata.extras(["name", "projectId", "annotations"]),
      application: application.extras(["name", "version", "notes"]),
      spec: spec.extras([
        ...["arch", "fips", "profiles", "images", "charts", "packs", "rawFiles"],
        ...["clusterDefinition", "customUI", "signing"],
      ]),
    },
  };
  const signing = spec.at("signing");
  if (signing.isThere) {
    definition.signing = {
      algorithm: signing.at("algorithm").text(),
      keyId: signing.at("keyId").text(),
      extras: signing.extras(["algorithm", "keyId"]),
    };
  }
  refuseTwice(spec, definition);
  return { definition, warnings: file.warnings, misspelt: file.misspelt[0] ?? null };
}

function requireSchema(root: DefinitionPart): void {
  const kind = root.at("kind");
  if (kind.isThere && kind.text() !== KIND) throw kind.problem(`must be ${KIND}`);
  const version = root.at("apiVersion");
  if (version.isThere && version.text() !== API_VERSION) {
    throw version.problem(
      `is "${version.text()}", not ${API_VERSION}: another program or version wrote it`,
    );
  }
  if (!root.at("spec").isThere) throw root.at("spec").problem("is required");
}

function architectureOf(word: string, part: DefinitionPart): Architecture {
  return ARCHITECTURES.find((known) => known === word) ??
    refuse(part.problem(`has "${word}": use amd64 or arm64`));
}

function profileOf(part: DefinitionPart): ProfileEntry {
  const bare = part.bareText;
  if (bare !== null) return { uid: bare, name: "", version: "", type: "", extras: {} };
  return {
    uid: part.at("uid").requiredText(),
    name: part.at("name").text(),
    version: part.at("version").text(),
    type: part.at("type").text(),
    extras: part.extras(["uid", "name", "version", "type"]),
  };
}

function imageOf(part: DefinitionPart): ImageEntry {
  const bare = part.bareText;
  const image = normalized(bare ?? part.at("image").requiredText(), part);
  const rest = commonOf(part, bare, ["image", "source", "type"]);
  const source = bare === null ? part.at("source").text() : "";
  const type = bare === null ? part.at("type").text() : "";
  if (type !== "" && type !== "image" && type !== "stylus") {
    throw part.at("type").problem(`must be image or stylus, not "${type}"`);
  }
  return {
    image,
    source: source === "" ? "" : normalized(source, part.at("source")),
    type: type === "" ? typeOfImage(image) : type,
    ...rest,
  };
}

function chartOf(part: DefinitionPart): ChartEntry {
  const bare = part.bareText;
  const rest = commonOf(part, bare, ["repo", "name", "version"]);
  if (bare !== null) {
    const [, repo, name, version] = /^([a-z]+:\/\/.+)\/([^/:]+):([^/:]+)$/.exec(bare) ?? [];
    if (repo !== undefined && name !== undefined && version !== undefined) {
      return { repo, name, version, ...rest };
    }
    throw part.problem(`must be REPO/NAME:VERSION with https:// or oci://, not "${bare}"`);
  }
  return {
    repo: part.at("repo").requiredText(),
    name: part.at("name").requiredText(),
    version: part.at("version").requiredText(),
    ...rest,
  };
}

function packOf(part: DefinitionPart): PackEntry {
  const bare = part.bareText;
  const rest = commonOf(part, bare, ["name", "version", "registryUid", "source", "path"]);
  if (bare !== null) {
    const [, name, version] = /^([^/:]+):([^/:]+)$/.exec(bare) ?? [];
    if (name !== undefined && version !== undefined) {
      return { name, version, registryUid: "", source: "", path: "", ...rest };
    }
    throw part.problem(`must be NAME:VERSION, not "${bare}"`);
  }
  const source = part.at("source").text();
  return {
    name: part.at("name").requiredText(),
    version: part.at("version").requiredText(),
    registryUid: part.at("registryUid").text(),
    source: source === "" ? "" : normalized(source, part.at("source")),
    path: part.at("path").text(),
    ...rest,
  };
}

function rawFileOf(part: DefinitionPart): RawFileEntry {
  const bare = part.bareText;
  const path = bare ?? part.at("path").requiredText();
  if (!isSafePath(path)) {
    throw part.problem(`has the path "${path}", which leads out of the bundle`);
  }
  const rest = commonOf(part, bare, ["path", "size", "content"]);
  if (bare !== null) return { path, size: null, content: null, ...rest };
  const content = part.at("content");
  return {
    path,
    size: part.at("size").size(),
    content: content.isThere ? content.text() : null,
    ...rest,
  };
}

function fileOf(part: DefinitionPart): FileEntry | null {
  if (!part.isThere) return null;
  const bare = part.bareText;
  const file = bare ?? part.at("file").requiredText();
  if (/[/\\]/.test(file) || /^\.+$/.test(file)) {
    throw part.problem(`has the file "${file}", which is no name of a file`);
  }
  if (bare !== null) return { file, digest: null, extras: {} };
  return { file, digest: part.at("digest").digest(), extras: part.extras(["file", "digest"]) };
}

function commonOf(part: DefinitionPart, bare: string | null, own: string[]) {
  if (bare !== null) return { digest: null, from: [], annotations: {}, extras: {} };
  return {
    digest: part.at("digest").digest(),
    from: part.at("from").texts(),
    annotations: part.at("annotations").textMap(),
    extras: part.extras([...own, ...COMMON]),
  };
}

function normalized(text: string, part: DefinitionPart): string {
  try {
    return formatReference(parseReference(text));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw part.problem(
      reasonOf(error).replace(
        /^Cannot use (.*) as an image reference:/,
        "has $1, no image reference:",
      ),
    );
  }
}

/** Names of a bundle's items are unique: other programs refuse a layout where they are not. */
function refuseTwice(spec: DefinitionPart, definition: BundleDefinition): void {
  const lists = {
    images: definition.images.map(({ image }) => image),
    charts: definition.charts.map(({ repo, name, version }) => `${repo} ${name}:${version}`),
    packs: definition.packs.map(({ name, version }) => `${name}:${version}`),
    rawFiles: definition.rawFiles.map(({ path }) => path),
  };
  for (const [key, refs] of Object.entries(lists)) {
    const twice = refs.find((ref, at) => refs.indexOf(ref) !== at);
    if (twice !== undefined) throw spec.at(key).problem(`has "${twice}" twice`);
  }
}

function refuse(error: UserError): never {
  throw error;
}
