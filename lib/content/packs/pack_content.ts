import { UserError } from "../../errors.ts";
import type { Value } from "../../yaml/pointer.ts";
import { normalizedImage } from "./find_images.ts";
import type { MacroScope, PackValues } from "./macros.ts";

/** What a pack says it needs: `pack.content` of its values. */
export interface PackContent {
  /** Normalised. */
  images: string[];
  charts: { repo: string; name: string; version: string }[];
}

/**
 * Reads `pack.content` with its macros put in. A reference whose macros stand for nothing is left
 * out: the scope has noted them.
 * @throws {UserError} `validation` for an entry that is none, with the pack and the line.
 */
export function readPackContent(values: PackValues, scope: MacroScope): PackContent {
  const result: PackContent = { images: [], charts: [] };
  const textOf = (value: Value | undefined) => {
    if (typeof value !== "string") return "";
    const before = scope.unresolved.length;
    const text = scope.expand(value, values.source).trim();
    return scope.unresolved.length > before || isUnresolved(text) ? null : text;
  };
  for (const document of values.documents) {
    const content = fieldOf(fieldOf(document, "pack"), "content");
    for (const item of listOf(fieldOf(content, "images"), "images", values)) {
      const written = typeof item === "string" ? item : fieldOf(item, "image");
      const text = textOf(written);
      if (text === null) continue;
      if (text === "") throw unfit(values, "an entry of images has no image", null);
      const image = normalizedImage(text);
      if (image === null) throw unfit(values, `"${text}" is no image reference`, written);
      result.images.push(image);
    }
    for (const item of listOf(fieldOf(content, "charts"), "charts", values)) {
      const [repo, name, version] = ["repo", "name", "version"]
        .map((key) => textOf(fieldOf(item, key)));
      if (repo === null || name === null || version === null) continue;
      if (!repo || !name || !version) {
        throw unfit(values, "an entry of charts needs repo, name and version", null);
      }
      if (!/^(https?|oci):\/\/[^/]/.test(repo)) {
        throw unfit(values, `"${repo}" is no address of a chart repository`, fieldOf(item, "repo"));
      }
      result.charts.push({ repo, name, version });
    }
  }
  return { images: [...new Set(result.images)], charts: result.charts };
}

/** Expanded before by another entry: it is noted once only. */
function isUnresolved(text: string): boolean {
  return /\{\{-?\s*[^{}]*\.spectro\./.test(text);
}

function fieldOf(value: Value | undefined, key: string): Value | undefined {
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function listOf(value: Value | undefined, key: string, values: PackValues): Value[] {
  if (value === undefined || value === "" || value === "null" || value === "~") return [];
  if (Array.isArray(value)) return value;
  throw unfit(values, `${key} is no list`, null);
}

/** @param written The text that is wrong, to find its line. */
function unfit(
  { pack, source }: PackValues,
  reason: string,
  written: Value | undefined | null,
): UserError {
  const at = typeof written === "string" ? source.text.indexOf(written) : -1;
  const line = at === -1 ? "" : ` at line ${source.text.slice(0, at).split("\n").length}`;
  return new UserError(
    "validation",
    `Cannot use pack.content of pack "${pack}"${line}: ${reason}`,
    {
      hint: "Correct the values of the pack",
    },
  );
}
