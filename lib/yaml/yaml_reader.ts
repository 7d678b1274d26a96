import { parse } from "@std/yaml";
import { reasonOf } from "../errors.ts";
import type { Value } from "./pointer.ts";
import { yamlError } from "./yaml_error.ts";

/**
 * Reads YAML (or JSON) with every scalar a string, converted later by the type of its field: ids of
 * digits and dates survive.
 *
 * What could make two readers see two things is refused: anchors, aliases, tags, merge keys,
 * duplicate keys and several documents.
 *
 * @param path Names the file in errors.
 * @throws {UserError} `validation`, with line and column.
 */
export async function readYaml(text: string, path: string): Promise<Value> {
  // Costs nothing for an ordinary file; the exact check is loaded when one of these shows up.
  if (SUSPICIOUS.test(text)) {
    const { refuseIndirection } = await import("./yaml_document.ts");
    refuseIndirection(text, path);
  }
  let parsed: unknown;
  try {
    parsed = parse(text, { schema: "failsafe" });
  } catch (error) {
    throw yamlError(path, briefReason(error), error);
  }
  const root = normalize(parsed ?? {});
  if (typeof root === "string" || Array.isArray(root)) {
    throw yamlError(path, "it is not a mapping at line 1, column 1");
  }
  return root;
}

/**
 * Where indentation has a tab, which readers take differently, and where anchors, aliases, tags, merge keys
 * and documents can begin (YAML 1.2.2, 6.1, 6.8, 6.9, 7.1).
 */
const SUSPICIOUS = /(?:^|[\s[{,:-])[&*!][^\s]|<<|^(?:---|\.\.\.)(?:\s|$)|^%|^ *\t/m;

/** An empty value counts as the empty string. */
function normalize(value: unknown): Value {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(normalize);
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normalize(item)]));
  }
  return String(value);
}

function briefReason(error: unknown): string {
  const [first = ""] = reasonOf(error).split("\n");
  const match = /^(.*?) at line (\d+), column (\d+)/.exec(first);
  if (match === null) return first;
  const reason = match[1]?.replace(/^Cannot [^:]+: /, "") ?? "";
  return `${reason} at line ${match[2]}, column ${match[3]}`;
}
