import { sanitizeLine } from "./sanitize.ts";

const RULE = "-".repeat(29);

/** The block that ends a transfer of content; scripts know its shape. */
export function formatSummary(title: string, lines: readonly string[]): string {
  return [RULE, `${title} Summary`, RULE, ...lines.map(sanitizeLine), ""].join("\n");
}
