import { parseApiKey } from "../../api/api_key.ts";
import { UserError } from "../../errors.ts";
import type { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";

/** The flags of login. */
export interface LoginOptions {
  apiKey?: string | undefined;
  apiKeyFile?: string | undefined;
  consoleUrl?: string | undefined;
  org?: string | undefined;
  project?: string | undefined;
  /** Taken instead of asking; of the older name of the command. */
  defaultProject?: string | undefined;
  defaultConsoleUrl?: string | undefined;
  clusterGroupName?: string | undefined;
  clusterGroupScope?: string | undefined;
  insecure: boolean;
  caFile?: string | undefined;
  ubuntuProToken?: string | undefined;
  acknowledgeBanner: boolean;
}

/** A value, and the flag or variable it came from. */
export interface Given {
  text: string;
  source: string;
}

/** What login was told, before anything is asked. */
export interface LoginInputs {
  apiKey: Secret | null;
  consoleUrl: Given | null;
  org: string | null;
  project: string | null;
  clusterGroup: { name: string; scope: string } | null;
  insecure: boolean;
  caFile: Given | null;
  ubuntuProToken: string | null;
  acknowledgeBanner: boolean;
}

/**
 * Checks the flags against each other and adds what the environment says.
 * @throws {UserError} `usage`, with all that is missing at once when nobody can be asked.
 */
export async function resolveInputs(
  options: LoginOptions,
  context: CommandContext,
): Promise<LoginInputs> {
  refuseConflicts(options);
  const { env } = context.runtime;
  const given = (flag: string, value: string | undefined, variable: string): Given | null => {
    if (value !== undefined) return { text: value, source: flag };
    const text = env.get(variable);
    return text === undefined ? null : { text, source: variable };
  };
  const { clusterGroupName, clusterGroupScope } = options;
  const inputs: LoginInputs = {
    apiKey: await apiKeyOf(options, context),
    consoleUrl: given("--console-url", options.consoleUrl, "PALETTE_CONSOLE_URL") ??
      (options.defaultConsoleUrl === undefined
        ? null
        : { text: options.defaultConsoleUrl, source: "the default address" }),
    org: given("--org", options.org, "PALETTE_ORG")?.text ?? null,
    project: given("--project", options.project, "PALETTE_PROJECT")?.text ??
      options.defaultProject ?? null,
    clusterGroup: clusterGroupName === undefined || clusterGroupScope === undefined
      ? null
      : { name: clusterGroupName, scope: clusterGroupScope },
    insecure: options.insecure,
    caFile: options.insecure ? null : given("--ca-file", options.caFile, "PALETTE_CA_FILE"),
    ubuntuProToken: options.ubuntuProToken ?? null,
    acknowledgeBanner: options.acknowledgeBanner,
  };
  if (inputs.ubuntuProToken !== null) context.redactor.add(inputs.ubuntuProToken);
  if (context.prompter === null) await refuseMissing(inputs, context);
  return inputs;
}

function refuseConflicts(options: LoginOptions): void {
  const usage = (message: string, hint?: string) =>
    new UserError("usage", message, hint === undefined ? {} : { hint });
  if (options.apiKey !== undefined && options.apiKeyFile !== undefined) {
    throw usage("--api-key and --api-key-file cannot be used together");
  }
  if (options.insecure && options.caFile !== undefined) {
    throw usage("--insecure and --ca-file cannot be used together", "Use --ca-file alone");
  }
  if ((options.clusterGroupName === undefined) !== (options.clusterGroupScope === undefined)) {
    throw usage("--cluster-group-name and --cluster-group-scope need each other");
  }
}

async function apiKeyOf(
  { apiKey, apiKeyFile }: LoginOptions,
  context: CommandContext,
): Promise<Secret | null> {
  const parsed = (text: string, source: string) => {
    context.redactor.add(text);
    return parseApiKey(text, source);
  };
  if (apiKey !== undefined) {
    context.printer.warn(
      "other users of this machine can see --api-key; use --api-key-file or PALETTE_API_KEY",
    );
    return parsed(apiKey, "--api-key");
  }
  if (apiKeyFile === undefined) {
    const text = context.runtime.env.get("PALETTE_API_KEY");
    return text === undefined ? null : parsed(text, "PALETTE_API_KEY");
  }
  const text = await (await context.secretInput()).fromFile(apiKeyFile, "--api-key-file");
  return parsed(text, "--api-key-file");
}

async function refuseMissing(inputs: LoginInputs, context: CommandContext): Promise<void> {
  const missing: [string, string][] = [];
  if (inputs.apiKey === null) missing.push(["--api-key", "PALETTE_API_KEY"]);
  const { source } = await context.keyring();
  if (await source.given() === null) {
    missing.push(["--encryption-passphrase", "PALETTE_ENCRYPTION_PASSWORD"]);
  }
  const isPassphraseAlone = missing.length === 1 && inputs.apiKey !== null;
  if (missing.length === 0) return;
  throw new UserError(
    isPassphraseAlone ? "passphrase-missing" : "usage",
    `${missing.map(([flag]) => flag).join(" and ")} ${
      missing.length === 1 ? "is" : "are"
    } required when not running interactively`,
    { hint: `Set ${missing.map(([, variable]) => variable).join(" and ")}` },
  );
}
