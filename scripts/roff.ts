/** Text for roff, the language of manual pages: printed as it is, and copied out of a page as it is. */

/**
 * Characters that roff gives a meaning, or prints as others: a bare `-` may become a hyphen that no
 * shell takes, `'` a closing quote.
 */
const ESCAPES: Record<string, string> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
};

/** Text within a line, or as part of an argument that holds no spaces. */
export function escapeText(text: string): string {
  return text.replace(/[\\\-'`^~"]|[^\x20-\x7e]/gu, (char) => {
    const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return ESCAPES[char] ?? `\\[u${code}]`;
  });
}

/** A whole line: one that starts with `.` would be taken for a request. */
export function escapeLine(text: string): string {
  const escaped = escapeText(text);
  return /^[.\s]/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** A whole line in which `code` is bold. */
export function inline(text: string): string {
  const line = text.split("`")
    .map((part, at) => at % 2 === 0 ? escapeText(part) : `\\fB${escapeText(part)}\\fR`)
    .join("");
  return /^[.\s]/.test(line) ? `\\&${line}` : line;
}

/** An argument of a request. */
export function quoted(text: string): string {
  return `"${escapeText(text)}"`;
}
