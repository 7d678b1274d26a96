/** What is written: plain data. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/**
 * Writes block YAML that is the same to the byte on every machine and with every version of a
 * library: for files whose digest matters. Keys keep their order; strings are double-quoted unless
 * no reader could take them for anything else.
 */
export function writeYaml(root: { [key: string]: Plain }): string {
  return linesOf(root, "").map((line) => `${line}\n`).join("");
}

function linesOf(value: Plain, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      if (!hasLines(item)) return [`${indent}- ${scalarOf(item)}`];
      const [first = "", ...rest] = linesOf(item, `${indent}  `);
      return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
    });
  }
  return Object.entries(value as { [key: string]: Plain }).flatMap(([key, item]) =>
    hasLines(item)
      ? [`${indent}${textOf(key)}:`, ...linesOf(item, `${indent}  `)]
      : [`${indent}${textOf(key)}: ${scalarOf(item)}`]
  );
}

function hasLines(value: Plain): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function scalarOf(value: Plain): string {
  if (typeof value === "string") return textOf(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[]" : "{}";
  return String(value);
}

function textOf(text: string): string {
  return isPlain(text) ? text : JSON.stringify(text).replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A string in every schema and place (YAML 1.2.2, 10.3; YAML 1.1 has more words for booleans). */
function isPlain(text: string): boolean {
  return /^[A-Za-z_][\w./@:+-]*$/.test(text) && !text.endsWith(":") &&
    !/^(null|true|false|yes|no|on|off|y|n)$/i.test(text);
}
