import { parse, parseAll } from "@std/yaml";
import { reasonOf, UserError } from "../errors.ts";
import type { Value } from "./pointer.ts";

/**
 * Reads YAML of others that holds no secrets: several documents, anchors and merge keys are taken,
 * and every scalar is a string, so that versions like `1.10` survive. Empty documents are left out.
 *
 * @param what Names it in errors: `values of pack "x"`.
 * @throws {UserError} `validation`, with line and column.
 */
export function readYamlDocuments(text: string, what: string): Value[] {
  const parsed = guarded(what, () => parseAll(withoutBom(text), { schema: "failsafe" }));
  const known = new Map<object, Value>();
  return (Array.isArray(parsed) ? parsed : [parsed])
    .filter((document) => document !== null && document !== undefined)
    .map((document) => merged(document, known));
}

/**
 * The same file with its scalars as the core schema takes them (YAML 1.2.2, 10.3): what a key that
 * nobody reads is written back with.
 * @throws {UserError} `validation`
 */
export function readTypedYaml(text: string, what: string): unknown {
  return guarded(what, () => parse(withoutBom(text), { schema: "core" }));
}

function guarded<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const [first = ""] = reasonOf(error).split("\n");
    const [, reason = first, line, column] = /^(.*?) at line (\d+), column (\d+)/.exec(first) ?? [];
    const place = line === undefined ? "" : `, at line ${line}, column ${column}`;
    throw new UserError("validation", `Cannot read ${what}: ${reason.replace(/:$/, "")}${place}`, {
      hint: "Correct the YAML, then run the command again",
      cause: error,
    });
  }
}

function withoutBom(text: string): string {
  return text.replace(/^\ufeff/, "");
}

/** A node that aliases share stays one, so that a few of them cannot become millions. */
function merged(value: unknown, known: Map<object, Value>): Value {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  const seen = known.get(value);
  if (seen !== undefined) return seen;
  if (Array.isArray(value)) {
    const list: Value[] = [];
    known.set(value, list);
    for (const item of value) list.push(merged(item, known));
    return list;
  }
  const mapping: { [key: string]: Value } = Object.create(null);
  known.set(value, mapping);
  const entries = Object.entries(value);
  for (const [key, item] of entries) if (key === "<<") mergeInto(mapping, merged(item, known));
  for (const [key, item] of entries) if (key !== "<<") mapping[key] = merged(item, known);
  return mapping;
}

/** Merge keys (YAML 1.1, tag merge): of several mappings the first has precedence. */
function mergeInto(target: { [key: string]: Value }, value: Value): void {
  if (typeof value === "string") return;
  for (const source of Array.isArray(value) ? value : [value]) {
    if (typeof source === "string" || Array.isArray(source)) continue;
    for (const [key, item] of Object.entries(source)) if (!(key in target)) target[key] = item;
  }
}
