import { UserError } from "../../errors.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import type { Value } from "../../yaml/pointer.ts";
import { readYamlDocuments } from "../../yaml/yaml_documents.ts";

const CONTAINER_LISTS = ["containers", "initContainers", "ephemeralContainers"];

/**
 * Images that the containers of Kubernetes manifests run, normalised and sorted. Where the text is a
 * template and no YAML, its plain `image:` lines.
 */
export function imagesOfManifests(text: string): string[] {
  return imagesOf(text, (mapping) =>
    CONTAINER_LISTS.flatMap((key) => {
      const list = mapping[key];
      return Array.isArray(list) ? list.map((item) => textAt(item, "image")) : [];
    }));
}

/** The same for manifests that name images in fields of their own, too: any `image:` with a path. */
export function imagesOfService(text: string): string[] {
  return imagesOf(
    text,
    (mapping) => [textAt(mapping, "image")].filter((image) => image.includes("/")),
  );
}

/** Plain `image:` lines of a template: those that nothing is put into. */
export function imagesOfTemplate(text: string): string[] {
  const lines = text.matchAll(
    /^[ \t]*(?:-[ \t]+)?image:[ \t]*(["']?)([^\s"'{}#]+)\1[ \t]*(?:#.*)?$/gm,
  );
  return normalized([...lines].map((match) => match[2] ?? ""));
}

/**
 * Images that the values of a Helm chart name: `image: NAME`, or `repository`, `tag` and `registry`
 * of one mapping.
 * @param appVersion Of the chart: what charts take where no tag is given.
 */
export function imagesOfChartValues(text: string, appVersion: string): string[] {
  return imagesOf(text, (mapping) => {
    const [image, repository] = [textAt(mapping, "image"), textAt(mapping, "repository")];
    const tag = textAt(mapping, "tag") || appVersion;
    if (repository === "" || tag === "") return [image];
    const registry = textAt(mapping, "registry");
    return [image, `${registry === "" ? "" : `${registry}/`}${repository}:${tag}`];
  });
}

function imagesOf(text: string, read: (mapping: { [key: string]: Value }) => string[]): string[] {
  let documents: Value[];
  try {
    documents = readYamlDocuments(text, "manifest");
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return imagesOfTemplate(text);
  }
  const found: string[] = [];
  const seen = new Set<Value>();
  const open = [...documents];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === "string" || seen.has(value)) continue;
    seen.add(value);
    if (!Array.isArray(value)) found.push(...read(value));
    open.push(...Object.values(value));
  }
  return normalized(found);
}

function textAt(value: Value | undefined, key: string): string {
  if (typeof value !== "object" || Array.isArray(value)) return "";
  const text = value[key];
  return typeof text === "string" ? text.trim() : "";
}

/** Those that are references; anything else may stand under the same key. */
function normalized(texts: readonly string[]): string[] {
  const images = texts.map(normalizedImage).filter((image) => image !== null);
  return [...new Set(images)].sort();
}

/** The full form of a reference; null when it is none. */
export function normalizedImage(text: string): string | null {
  try {
    return formatReference(parseReference(text));
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}
