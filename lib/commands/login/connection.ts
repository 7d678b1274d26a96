import { ApiError } from "../../api/api_error.ts";
import { validateApiKey } from "../../api/api_key.ts";
import type { PaletteClient } from "../../api/client.ts";
import { DEFAULT_CONSOLE_URL, parseConsoleUrl, validateConsoleUrl } from "../../api/console_url.ts";
import { ping } from "../../api/system.ts";
import { getUserInfo, type UserInfo } from "../../api/users.ts";
import { UserError } from "../../errors.ts";
import { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";
import type { Given, LoginInputs } from "./options.ts";

/** Where login goes, and how its certificate is checked. */
export interface Address {
  endpoint: URL;
  insecure: boolean;
  /** From the root of the file system, and what named it. */
  caFile: { path: string; source: string } | null;
}

/** A key that Palette accepted. */
export interface Connection {
  address: Address;
  apiKey: Secret;
  palette: PaletteClient;
  info: UserInfo;
}

const ATTEMPTS = 3;

/**
 * Settles address, trust and key, and proves the key.
 * @throws {UserError} `network`, `tls`, `api`, `auth-invalid`
 */
export async function connect(inputs: LoginInputs, context: CommandContext): Promise<Connection> {
  const address = await reach(await askAddress(inputs, context), context);
  const prompter = inputs.apiKey === null ? context.prompter : null;
  for (let attempt = 1;; attempt++) {
    const apiKey = inputs.apiKey ?? await askApiKey(context);
    const palette = await clientOf(address, apiKey, context);
    try {
      return { address, apiKey, palette, info: await getUserInfo(palette) };
    } catch (error) {
      const refused = refusedKey(error, apiKey);
      if (refused === null) throw error;
      if (prompter === null || attempt === ATTEMPTS) throw refused;
      context.printer.show(`${refused.message}; try again`);
    }
  }
}

async function askApiKey({ prompter, redactor }: CommandContext): Promise<Secret> {
  const text = await prompter?.secret({
    label: "Spectro Cloud API Key",
    validate: validateApiKey,
  }) ?? "";
  redactor.add(text);
  return new Secret(text);
}

/** An expired key is an invalid one to somebody who logs in. */
function refusedKey(error: unknown, key: Secret): UserError | null {
  if (!(error instanceof ApiError) || error.status !== 401) return null;
  const looksOdd = /\s/.test(key.reveal())
    ? "The key has white space in it; check how it was copied"
    : null;
  return new UserError("auth-invalid", error.message, {
    hint: looksOdd ?? "Create a key in the Palette console under User Menu > My API Keys",
    cause: error,
  });
}

async function askAddress(inputs: LoginInputs, context: CommandContext): Promise<Address> {
  const { prompter } = context;
  let { insecure } = inputs;
  const given = inputs.consoleUrl ??
    (prompter === null ? { text: DEFAULT_CONSOLE_URL, source: "the default address" } : null);
  let endpoint: URL;
  if (given !== null) {
    endpoint = parseConsoleUrl(given.text, insecure, given.source);
  } else {
    const answer = await prompter?.input({
      label: "Spectro Cloud Console",
      suggestion: DEFAULT_CONSOLE_URL,
      // Plain http is refused below, once the next question is answered.
      validate: (text) => validateConsoleUrl(text, true),
    }) ?? "";
    if (!insecure && inputs.caFile === null) {
      insecure = await prompter?.confirm({
        label: "Allow Insecure Connection (Bypass x509 Verification)",
        default: false,
      }) ?? false;
    }
    endpoint = parseConsoleUrl(answer, insecure, "the address");
  }
  return { endpoint, insecure, caFile: caFileOf(inputs.caFile, context) };
}

function caFileOf(given: Given | null, { runtime }: CommandContext): Address["caFile"] {
  if (given === null) return null;
  return { path: runtime.files.absolute(given.text), source: given.source };
}

/** Finds a Palette at the address; somebody at a terminal can name a CA when TLS fails. */
async function reach(address: Address, context: CommandContext): Promise<Address> {
  try {
    const probe = await clientOf(address, new Secret(""), context);
    await ping(probe);
    return address;
  } catch (error) {
    if (error instanceof ApiError && isNoPalette(error)) {
      throw new ApiError(
        "api",
        `${address.endpoint.origin} did not answer like a Palette API: status ${error.status}`,
        { hint: "Check the console address", cause: error },
      );
    }
    const { prompter, printer } = context;
    const isTls = error instanceof UserError && error.code === "tls";
    if (!isTls || prompter === null || address.caFile !== null) throw error;
    printer.show(error.message);
    const caFile = await prompter.input({ label: "CA certificate file (empty to stop)" });
    if (caFile === "") throw error;
    const answer = caFileOf({ text: caFile, source: "the answer" }, context);
    return await reach({ ...address, caFile: answer }, context);
  }
}

function isNoPalette({ status }: ApiError): boolean {
  return status !== null && status >= 400 && status < 500 && status !== 429;
}

async function clientOf(
  address: Address,
  apiKey: Secret,
  context: CommandContext,
): Promise<PaletteClient> {
  return await context.clientOf({ ...address, apiKey: () => Promise.resolve(apiKey) });
}
