/**
 * The one place that makes text from elsewhere (a server, a file) safe to show on a terminal.
 */

/** Control characters (C0, DEL, C1), line separators, and marks that reorder what is shown. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text for one line: white space becomes a space, what a terminal would obey becomes visible. */
export function sanitizeLine(text: string): string {
  return text.replace(/[\t\n\v\f\r]+/g, " ").replace(UNSAFE, visible);
}

/** Text of several lines: line ends and tabs stay. */
export function sanitizeText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(
    UNSAFE,
    (character) => character === "\n" || character === "\t" ? character : visible(character),
  );
}

/** `^[` for an escape character, as terminals echo it; `\u009b` for the others. */
function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
