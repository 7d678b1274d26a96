import { unicodeWidth } from "@std/cli/unicode-width";
import { sanitizeLine } from "./sanitize.ts";

const GUTTER = "  ";

/**
 * A header and a line a row, columns separated by two spaces or more. No cell is empty (`-`), so
 * that scripts can count columns; wide characters are aligned as terminals show them.
 */
export function formatTable(columns: readonly string[], rows: readonly string[][]): string {
  const lines = [columns, ...rows].map((cells) => cells.map((cell) => sanitizeLine(cell) || "-"));
  const widths = columns.map((_, at) =>
    lines.reduce((widest, cells) => Math.max(widest, unicodeWidth(cells[at] ?? "")), 0)
  );
  return lines.map((cells) =>
    cells.map((cell, at) =>
      at === cells.length - 1 ? cell : cell + " ".repeat((widths[at] ?? 0) - unicodeWidth(cell))
    ).join(GUTTER) + "\n"
  ).join("");
}

/** Names and values of one thing, a line each. */
export function formatFields(fields: readonly [string, string][]): string {
  const width = fields.reduce((widest, [name]) => Math.max(widest, name.length + 1), 0);
  return fields.map(([name, value]) =>
    `${`${name}:`.padEnd(width)}${GUTTER}${sanitizeLine(value) || "-"}\n`
  ).join("");
}
