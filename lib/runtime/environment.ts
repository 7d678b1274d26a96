/** Environment variables; an empty one counts as not set. */
export interface Environment {
  get(name: string): string | undefined;
  /** Everything that is set, for child processes. */
  all(): Record<string, string>;
}

/** Variables whose values are secrets; child processes do not inherit them. */
const SECRET_VARIABLES = [
  /^PALETTE_ENCRYPTION_PASSWORD/,
  /^PALETTE_NEW_ENCRYPTION_PASSWORD/,
  /^PALETTE_API_KEY$/,
  /^PALETTE_SIGNING_KEY_PASSPHRASE$/,
  /^PALETTE_UPLOAD_TOKEN$/,
  /^AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN)$/,
  /^AZURE_CLIENT_SECRET$/,
  /^COSIGN_PASSWORD$/,
];

/** The environment of a child process: all but the variables that hold secrets. */
export function childEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env.all()).filter(([name]) => !isSecret(name)));
}

/** What the variables that hold secrets say, for the redactor; the path of a file is none. */
export function secretValues(env: Environment): string[] {
  return Object.entries(env.all())
    .filter(([name]) => isSecret(name) && !name.endsWith("_FILE")).map(([, value]) => value);
}

/** Names of the variables that are set and that child processes do not get, sorted. */
export function withheldVariables(env: Environment): string[] {
  return Object.keys(env.all()).filter(isSecret).sort();
}

function isSecret(name: string): boolean {
  return SECRET_VARIABLES.some((pattern) => pattern.test(name));
}

/** The variables of this process. */
export function systemEnvironment(): Environment {
  return {
    get: (name) => Deno.env.get(name) || undefined,
    all: () => Deno.env.toObject(),
  };
}

/** Variables from a plain object. */
export function environmentOf(variables: Record<string, string>): Environment {
  return { get: (name) => variables[name] || undefined, all: () => ({ ...variables }) };
}
