import { UserError } from "../errors.ts";
import { Secret } from "../secrets/secret.ts";

/**
 * An API key from what was given for one. It travels in a header, and what no header can carry would
 * fail like a broken network.
 * @param source Flag, variable or field it came from, for messages.
 * @throws {UserError} `validation`
 */
export function parseApiKey(text: string, source: string): Secret {
  const problem = problemOf(text);
  if (problem === null) return new Secret(text);
  if (problem === EMPTY) throw new UserError("validation", `${source} is empty`);
  throw new UserError(
    "validation",
    `Cannot take what ${source} holds for an API key: ${problem}`,
    { hint: "Check how it was copied; an API key is one line of letters, digits and signs" },
  );
}

/** True, or why a text is no API key; for prompts. */
export function validateApiKey(text: string): true | string {
  const problem = problemOf(text);
  return problem === null ? true : `Not an API key: ${problem}`;
}

const EMPTY = "it is empty";

/** RFC 9110 5.5, without what it calls obsolete. */
function problemOf(text: string): string | null {
  if (text.trim() === "") return EMPTY;
  if (/[\r\n]/.test(text)) return "it has more than one line";
  return /^[\x20-\x7e]*$/.test(text) ? null : "it has a character that is not printable ASCII";
}
