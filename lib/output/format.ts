/** Shapes a result can be printed in. */
export const OUTPUT_FORMATS = ["table", "json", "yaml"] as const;

export type OutputFormat = typeof OUTPUT_FORMATS[number];

/** A value that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A list as a document: every list of the command line has this shape. */
export function listDocument(items: Json[]): Json {
  return { items, count: items.length };
}

/** One JSON document with a final newline; C1 controls escaped, since terminals obey them. */
export function formatJson(document: Json): string {
  const text = JSON.stringify(document, null, 2).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}

/** One YAML document; the library is loaded when it is asked for. */
export async function formatYaml(document: Json): Promise<string> {
  const { stringify } = await import("@std/yaml");
  return stringify(document, { lineWidth: -1 });
}
