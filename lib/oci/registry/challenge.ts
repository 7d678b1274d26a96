/** What an answer with status 401 asks for. */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  scheme: string;
  /** Names in lower case. */
  parameters: Record<string, string>;
}

const SCHEME = /[\s,]*([!#$%&'*+.^_`|~\w-]+)(?=\s|,|$)/y;
const PARAMETER = /[\s,]*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y;
const TOKEN68 = /[ \t]+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/** Reads `WWW-Authenticate` (RFC 9110, 11.6.1); what is no challenge ends it. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    const scheme = take(SCHEME);
    if (scheme === null) return challenges;
    const challenge: Challenge = { scheme: (scheme[1] ?? "").toLowerCase(), parameters: {} };
    challenges.push(challenge);
    let hasParameters = false;
    for (let match = take(PARAMETER); match !== null; match = take(PARAMETER)) {
      const [, name = "", quoted, plain = ""] = match;
      const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1");
      challenge.parameters[name.toLowerCase()] ??= value;
      hasParameters = true;
    }
    if (!hasParameters) take(TOKEN68);
  }
}
